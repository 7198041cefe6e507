//! `/api/v1/roles`

use axum::{Json, extract::State, http::StatusCode};
use hikyaku_control::{
    ControlError, TenantRef,
    roles::{self, NewRole, Role, RoleChange},
};
use hikyaku_db::Lane;
use hikyaku_types::{Permission, RoleId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Body, PathOf, QueryOf};
use crate::{
    caller::Caller,
    etag::{IfMatch, Tagged},
    page::Page,
    problem::Problem,
    services::Services,
};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default()
        .routes(routes!(list, create))
        .routes(routes!(show, change, delete))
}

/// A role in answers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Role)]
pub(super) struct RoleView {
    /// The word of a built-in role, or an id.
    role: String,
    name: String,
    /// The Japanese name of a built-in role.
    #[serde(skip_serializing_if = "Option::is_none")]
    name_ja: Option<String>,
    built_in: bool,
    /// Whether it is for the operator's own people.
    platform: bool,
    /// The tenant that defined it.
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<String>,
    note: String,
    permissions: Vec<String>,
    /// How many can have it in one tenant or domain.
    #[serde(skip_serializing_if = "Option::is_none")]
    most: Option<u32>,
}

impl From<Role> for RoleView {
    fn from(role: Role) -> Self {
        Self {
            role: role.role,
            name: role.name,
            name_ja: role.name_ja,
            built_in: role.built_in,
            platform: role.platform,
            tenant: role.tenant.map(|tenant| tenant.to_string()),
            note: role.note,
            permissions: words(&role.permissions),
            most: role.most,
        }
    }
}

/// Permissions as words.
pub(super) fn words(permissions: &[Permission]) -> Vec<String> {
    let words = permissions.iter().map(|one| one.word().to_owned());
    words.collect()
}

/// Words as permissions.
pub(super) fn permissions(words: &[String]) -> Result<Vec<Permission>, Problem> {
    let parsed = words.iter().map(|word| word.parse());
    parsed
        .collect::<Result<_, _>>()
        .map_err(|error| Problem::bad_field("permissions", error))
}

/// Of whom.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct RoleQuery {
    /// A tenant's id or name; without it the own tenant's, or the operator's own.
    #[param(value_type = Option<String>)]
    tenant: Option<TenantRef>,
}

/// Lists the roles that can be given: first the built-in ones, then the others by name. There are
/// at most some hundred, so they are one page.
#[utoipa::path(
    get, path = "/api/v1/roles", tag = "roles", operation_id = "role_list",
    params(RoleQuery),
    responses(
        (status = 200, description = "All of them", body = Page<RoleView>),
        (status = 404, description = "`no_such_tenant`"),
    ),
)]
pub(super) async fn list(
    State(services): State<Services>,
    Caller(actor): Caller,
    QueryOf(query): QueryOf<RoleQuery>,
) -> Result<Json<Page<RoleView>>, Problem> {
    let found = services.db.read(move |tx| {
        let wanted = Permission::RolesRead;
        let tenant = roles::whose(tx, &actor, query.tenant.as_ref(), wanted)?;
        roles::list(tx, &actor, tenant)
    });
    let items = found.await?.into_iter().map(RoleView::from).collect();
    Ok(Json(Page { items, next: None }))
}

/// A role to define.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RoleCreate)]
pub(super) struct Create {
    /// For which tenant; without it for the own one, or for the operator's own people.
    #[schema(value_type = Option<String>)]
    tenant: Option<TenantRef>,
    name: String,
    #[serde(default)]
    note: String,
    permissions: Vec<String>,
}

/// Defines a role. Nobody defines one that allows more than they may do themselves.
#[utoipa::path(
    post, path = "/api/v1/roles", tag = "roles", operation_id = "role_create",
    request_body = Create,
    responses(
        (status = 201, description = "The role", body = RoleView),
        (status = 404, description = "`no_such_tenant`"),
        (status = 409, description = "`role_exists`, `too_many_roles`"),
    ),
)]
pub(super) async fn create(
    State(services): State<Services>,
    Caller(actor): Caller,
    Body(create): Body<Create>,
) -> Result<(StatusCode, Json<RoleView>), Problem> {
    let permissions = permissions(&create.permissions)?;
    let made = services.db.write(Lane::Background, move |tx| {
        let wanted = Permission::RolesWrite;
        let new = NewRole {
            tenant: roles::whose(tx, &actor, create.tenant.as_ref(), wanted)?,
            name: create.name.clone(),
            note: create.note.clone(),
            permissions: permissions.clone(),
        };
        roles::create(tx, &actor, &new)
    });
    Ok((StatusCode::CREATED, Json(made.await?.into())))
}

/// Shows a role.
#[utoipa::path(
    get, path = "/api/v1/roles/{role}", tag = "roles", operation_id = "role_show",
    params(("role" = String, Path, description = "The word of a built-in role, or an id")),
    responses(
        (status = 200, description = "The role", body = RoleView),
        (status = 404, description = "`no_such_role`"),
    ),
)]
pub(super) async fn show(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(role): PathOf<String>,
) -> Result<Tagged<RoleView>, Problem> {
    let found = services
        .db
        .read(move |tx| roles::show(tx, &actor, &role))
        .await?;
    Ok(Tagged::whole(found.into()))
}

/// What to change of a role; what is not named stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RoleChange)]
pub(super) struct Change {
    name: Option<String>,
    note: Option<String>,
    /// All that it is to allow.
    permissions: Option<Vec<String>>,
}

/// Changes a role that somebody defined; in force with the next request of everybody who has it.
#[utoipa::path(
    patch, path = "/api/v1/roles/{role}", tag = "roles", operation_id = "role_change",
    params(("role" = String, Path, description = "An id")),
    request_body = Change,
    responses(
        (status = 200, description = "The role", body = RoleView),
        (status = 404, description = "`no_such_role`"),
        (status = 409, description = "`role_exists`, `role_built_in`"),
        (status = 412, description = ""),
    ),
)]
pub(super) async fn change(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(role): PathOf<String>,
    if_match: IfMatch,
    Body(change): Body<Change>,
) -> Result<Tagged<RoleView>, Problem> {
    let permissions = match &change.permissions {
        Some(words) => Some(permissions(words)?),
        None => None,
    };
    let wanted = RoleChange {
        name: change.name,
        note: change.note,
        permissions,
    };
    let changed = services.db.write(Lane::Background, move |tx| {
        let before = roles::show(tx, &actor, &role)?;
        let id = own_id(&before)?;
        roles::hold(tx, before.tenant)?;
        if_match.check(&RoleView::from(roles::show(tx, &actor, &role)?))?;
        roles::change(tx, &actor, id, &wanted)
    });
    Ok(Tagged::whole(changed.await?.into()))
}

/// Deletes a role that nobody has.
#[utoipa::path(
    delete, path = "/api/v1/roles/{role}", tag = "roles", operation_id = "role_delete",
    params(("role" = String, Path, description = "An id")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "`no_such_role`"),
        (status = 409, description = "`role_in_use`, `role_built_in`"),
    ),
)]
pub(super) async fn delete(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(role): PathOf<String>,
) -> Result<StatusCode, Problem> {
    let deleted = services.db.write(Lane::Background, move |tx| {
        let id = own_id(&roles::show(tx, &actor, &role)?)?;
        roles::delete(tx, &actor, id)
    });
    deleted.await?;
    Ok(StatusCode::NO_CONTENT)
}

fn own_id(role: &Role) -> Result<RoleId, ControlError> {
    role.role.parse().map_err(|_| {
        let detail = "a built-in role stays as it is: define one of your own instead";
        ControlError::conflict("role_built_in", detail)
    })
}
