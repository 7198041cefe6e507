//! `/api/v1/templates`: what new accounts begin with (AD-04).

use std::collections::BTreeMap;

use axum::{Json, extract::State, http::StatusCode};
use hikyaku_control::{TenantRef, templates};
use hikyaku_db::Lane;
use hikyaku_directory::templates::{Template as Found, TemplateSettings};
use hikyaku_types::{ByteSize, TemplateId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Body, PathOf, QueryOf};
use crate::{
    caller::Caller,
    etag::{IfMatch, Tagged},
    page::Page,
    problem::Problem,
    schema,
    services::Services,
};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default()
        .routes(routes!(list, create))
        .routes(routes!(show, change, delete))
}

/// A template.
#[derive(Debug, Serialize, ToSchema)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the switches of the account form, by name"
)]
pub(super) struct Template {
    /// Null for `standard` while nobody has changed it.
    #[schema(value_type = Option<String>)]
    id: Option<TemplateId>,
    name: String,
    built_in: bool,
    department: String,
    title: String,
    organisation: String,
    attributes: BTreeMap<String, String>,
    /// Null: the tenant's.
    language: Option<String>,
    /// Null: the tenant's.
    time_zone: Option<String>,
    quota_bytes: u64,
    quota_messages: u64,
    web: bool,
    imap: bool,
    pop: bool,
    smtp: bool,
    may_change_password: bool,
    may_edit_profile: bool,
    in_gal: bool,
    in_directory: bool,
}

impl From<Found> for Template {
    fn from(found: Found) -> Self {
        let settings = found.settings;
        Self {
            id: found.id,
            name: found.name,
            built_in: found.built_in,
            department: settings.department,
            title: settings.title,
            organisation: settings.organisation,
            attributes: settings.attributes,
            language: settings.language,
            time_zone: settings.time_zone,
            quota_bytes: settings.quota_bytes,
            quota_messages: settings.quota_messages,
            web: settings.web,
            imap: settings.imap,
            pop: settings.pop,
            smtp: settings.smtp,
            may_change_password: settings.may_change_password,
            may_edit_profile: settings.may_edit_profile,
            in_gal: settings.in_gal,
            in_directory: settings.in_directory,
        }
    }
}

/// What is said of a template; what is absent stays, or gets the default of the account form.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TemplateForm)]
pub(super) struct Form {
    /// Needed for a new one; the built-in one keeps its name.
    name: Option<String>,
    department: Option<String>,
    title: Option<String>,
    organisation: Option<String>,
    /// All of them.
    attributes: Option<BTreeMap<String, String>>,
    /// Empty: the tenant's.
    language: Option<String>,
    /// Empty: the tenant's.
    time_zone: Option<String>,
    #[schema(value_type = Option<schema::Size>)]
    quota_bytes: Option<ByteSize>,
    quota_messages: Option<u64>,
    web: Option<bool>,
    imap: Option<bool>,
    pop: Option<bool>,
    smtp: Option<bool>,
    may_change_password: Option<bool>,
    may_edit_profile: Option<bool>,
    in_gal: Option<bool>,
    in_directory: Option<bool>,
}

impl Form {
    fn over(&self, mut kept: TemplateSettings) -> TemplateSettings {
        for (given, kept) in [
            (&self.department, &mut kept.department),
            (&self.title, &mut kept.title),
            (&self.organisation, &mut kept.organisation),
        ] {
            if let Some(given) = given {
                kept.clone_from(given);
            }
        }
        if let Some(attributes) = &self.attributes {
            kept.attributes.clone_from(attributes);
        }
        for (given, kept) in [
            (&self.language, &mut kept.language),
            (&self.time_zone, &mut kept.time_zone),
        ] {
            if let Some(given) = given {
                *kept = Some(given.clone()).filter(|text| !text.is_empty());
            }
        }
        kept.quota_bytes = self.quota_bytes.map_or(kept.quota_bytes, ByteSize::bytes);
        kept.quota_messages = self.quota_messages.unwrap_or(kept.quota_messages);
        for (given, kept) in [
            (self.web, &mut kept.web),
            (self.imap, &mut kept.imap),
            (self.pop, &mut kept.pop),
            (self.smtp, &mut kept.smtp),
            (self.may_change_password, &mut kept.may_change_password),
            (self.may_edit_profile, &mut kept.may_edit_profile),
            (self.in_gal, &mut kept.in_gal),
            (self.in_directory, &mut kept.in_directory),
        ] {
            *kept = given.unwrap_or(*kept);
        }
        kept
    }
}

/// Whose templates.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Whose {
    /// The tenant, by id or name; one's own when nothing is said.
    #[param(value_type = Option<String>)]
    tenant: Option<TenantRef>,
}

/// Lists the templates of a tenant, `standard` first.
#[utoipa::path(
    get, path = "/api/v1/templates", tag = "templates", operation_id = "template_list",
    params(Whose),
    responses(
        (status = 200, description = "All of them", body = Page<Template>),
        (status = 404, description = "`no_such_tenant`"),
    ),
)]
pub(super) async fn list(
    State(services): State<Services>,
    Caller(actor): Caller,
    QueryOf(whose): QueryOf<Whose>,
) -> Result<Json<Page<Template>>, Problem> {
    let found = services
        .db
        .read(move |tx| templates::list(tx, &actor, whose.tenant.as_ref()))
        .await?;
    Ok(Json(Page {
        items: found.into_iter().map(Into::into).collect(),
        next: None,
    }))
}

/// Creates a template.
#[utoipa::path(
    post, path = "/api/v1/templates", tag = "templates", operation_id = "template_create",
    params(Whose),
    request_body = Form,
    responses(
        (status = 201, description = "The template", body = Template),
        (status = 404, description = "`no_such_tenant`"),
        (status = 409, description = "`template_exists`"),
    ),
)]
pub(super) async fn create(
    State(services): State<Services>,
    Caller(actor): Caller,
    QueryOf(whose): QueryOf<Whose>,
    Body(form): Body<Form>,
) -> Result<(StatusCode, Json<Template>), Problem> {
    let Some(name) = form.name.clone() else {
        return Err(Problem::bad_field("name", "is missing"));
    };
    let settings = form.over(TemplateSettings::default());
    let made = services
        .db
        .write(Lane::Background, move |tx| {
            templates::create(tx, &actor, whose.tenant.as_ref(), (&name, &settings))
        })
        .await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Shows a template.
#[utoipa::path(
    get, path = "/api/v1/templates/{template}", tag = "templates", operation_id = "template_show",
    params(("template" = String, Path, description = "Its id or name"), Whose),
    responses(
        (status = 200, description = "The template", body = Template),
        (status = 404, description = "`no_such_template`, `no_such_tenant`"),
    ),
)]
pub(super) async fn show(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(template): PathOf<String>,
    QueryOf(whose): QueryOf<Whose>,
) -> Result<Tagged<Template>, Problem> {
    let found = services
        .db
        .read(move |tx| templates::show(tx, &actor, whose.tenant.as_ref(), &template))
        .await?;
    Ok(Tagged::whole(found.into()))
}

/// Changes a template.
///
/// Accounts that were made of it stay as they are.
#[utoipa::path(
    patch, path = "/api/v1/templates/{template}", tag = "templates",
    operation_id = "template_change",
    params(("template" = String, Path, description = "Its id or name"), Whose),
    request_body = Form,
    responses(
        (status = 200, description = "The template", body = Template),
        (status = 404, description = "`no_such_template`, `no_such_tenant`"),
        (status = 409, description = "`template_exists`, `template_built_in`"),
        (status = 412, description = ""),
    ),
)]
pub(super) async fn change(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(template): PathOf<String>,
    QueryOf(whose): QueryOf<Whose>,
    if_match: IfMatch,
    Body(form): Body<Form>,
) -> Result<Tagged<Template>, Problem> {
    let changed = services
        .db
        .write(Lane::Background, move |tx| {
            let which = (whose.tenant.as_ref(), template.as_str());
            templates::change(tx, &actor, which, |before| {
                if_match.check(&Template::from(before.clone()))?;
                Ok((form.name.clone(), form.over(before.settings.clone())))
            })
        })
        .await?;
    Ok(Tagged::whole(changed.into()))
}

/// What was deleted.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TemplateDeleted {
    deleted: String,
}

/// Deletes a template.
///
/// Accounts that were made of it stay as they are.
#[utoipa::path(
    delete, path = "/api/v1/templates/{template}", tag = "templates",
    operation_id = "template_delete",
    params(("template" = String, Path, description = "Its id or name"), Whose),
    responses(
        (status = 200, description = "It is gone", body = TemplateDeleted),
        (status = 404, description = "`no_such_template`, `no_such_tenant`"),
        (status = 409, description = "`template_built_in`"),
        (status = 412, description = ""),
    ),
)]
pub(super) async fn delete(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(template): PathOf<String>,
    QueryOf(whose): QueryOf<Whose>,
    if_match: IfMatch,
) -> Result<Json<TemplateDeleted>, Problem> {
    let gone = services
        .db
        .write(Lane::Background, move |tx| {
            let which = (whose.tenant.as_ref(), template.as_str());
            let stale = |seen: &Found| if_match.check(&Template::from(seen.clone()));
            templates::delete(tx, &actor, which, stale)
        })
        .await?;
    Ok(Json(TemplateDeleted { deleted: gone.name }))
}
