//! Templates of notices.

use axum::{
    Json,
    extract::{FromRequestParts, State},
    http::{StatusCode, request::Parts},
};
use hikyaku_control::notices::{self, TemplateKey};
use hikyaku_db::Lane;
use hikyaku_directory::Language;
use hikyaku_notices::{
    Event, Rendered,
    template::{Draft, Template},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::Owner;
use crate::{
    caller::Caller,
    etag::{IfMatch, Tagged},
    problem::Problem,
    route::{Body, PathOf, QueryOf},
    services::Services,
    timestamps,
};

/// A template.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NoticeTemplate)]
pub(super) struct TemplateView {
    event: &'static str,
    language: &'static str,
    /// `tenant`, `platform` or `program`.
    owner: &'static str,
    subject: String,
    body: String,
    /// When it was set; null for the program's own.
    updated_at: Option<String>,
    /// The names of its own variables with samples. `product`, `tenant`, `sender`, `address` and
    /// `date` are always there.
    variables: Map<String, Value>,
}

impl From<Template> for TemplateView {
    fn from(template: Template) -> Self {
        Self {
            event: template.event.word(),
            language: template.language.tag(),
            owner: template.owner.word(),
            subject: template.draft.subject,
            body: template.draft.body,
            updated_at: template.updated_at.map(timestamps::show),
            variables: template.event.sample(),
        }
    }
}

/// All templates.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NoticeTemplates)]
pub(super) struct Templates {
    items: Vec<TemplateView>,
}

/// A text to set or to try.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NoticeText)]
pub(super) struct Text {
    subject: String,
    body: String,
}

impl From<Text> for Draft {
    fn from(text: Text) -> Self {
        Self {
            subject: text.subject,
            body: text.body,
        }
    }
}

/// A text as its reader gets it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NoticePreview)]
pub(super) struct Preview {
    subject: String,
    body: String,
}

impl From<Rendered> for Preview {
    fn from(rendered: Rendered) -> Self {
        Self {
            subject: rendered.subject,
            body: rendered.body,
        }
    }
}

/// Where a test went.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NoticeTest)]
pub(super) struct Test {
    /// The address.
    sent_to: String,
}

/// Which text, and whose.
#[derive(Debug)]
pub(super) struct Place {
    path: (String, String),
    owner: Owner,
}

impl<S: Send + Sync> FromRequestParts<S> for Place {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let PathOf(path) = PathOf::from_request_parts(parts, state).await?;
        let QueryOf(owner) = QueryOf::from_request_parts(parts, state).await?;
        Ok(Self { path, owner })
    }
}

fn key((event, language): (String, String)) -> Result<TemplateKey, Problem> {
    let unknown = |detail: String| Problem::new(StatusCode::NOT_FOUND, "no_such_notice", detail);
    let event: Event = event.parse().map_err(|error| unknown(format!("{error}")))?;
    let language: Language = language
        .parse()
        .map_err(|error| unknown(format!("{error}")))?;
    Ok(TemplateKey { event, language })
}

/// Lists the texts in force, of every event in both languages.
#[utoipa::path(
    get, path = "/api/v1/notices/templates", tag = "notices",
    operation_id = "notice_template_list", params(Owner),
    responses((status = 200, description = "All", body = Templates)),
)]
pub(super) async fn list(
    State(services): State<Services>,
    Caller(actor): Caller,
    QueryOf(owner): QueryOf<Owner>,
) -> Result<Json<Templates>, Problem> {
    let found = services
        .db
        .read(move |tx| notices::list_templates(tx, &actor, owner.whose(&actor)?))
        .await?;
    let items = found.into_iter().map(TemplateView::from).collect();
    Ok(Json(Templates { items }))
}

/// Shows the text in force.
#[utoipa::path(
    get, path = "/api/v1/notices/templates/{event}/{language}", tag = "notices",
    operation_id = "notice_template_show",
    params(("event" = String, Path), ("language" = String, Path, description = "`ja`, `en`"), Owner),
    responses(
        (status = 200, description = "The text", body = TemplateView),
        (status = 404, description = "`no_such_notice`"),
    ),
)]
pub(super) async fn show(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(path): PathOf<(String, String)>,
    QueryOf(owner): QueryOf<Owner>,
) -> Result<Tagged<TemplateView>, Problem> {
    let key = key(path)?;
    let found = services
        .db
        .read(move |tx| notices::load_template(tx, &actor, owner.whose(&actor)?, key))
        .await?;
    Ok(Tagged::whole(TemplateView::from(found)))
}

/// Sets a text. It is tried with sample values first.
#[utoipa::path(
    put, path = "/api/v1/notices/templates/{event}/{language}", tag = "notices",
    operation_id = "notice_template_set", request_body = Text,
    params(("event" = String, Path), ("language" = String, Path, description = "`ja`, `en`"), Owner),
    responses(
        (status = 200, description = "The text", body = TemplateView),
        (status = 404, description = "`no_such_notice`"),
        (status = 412, description = ""),
    ),
)]
pub(super) async fn set(
    State(services): State<Services>,
    Caller(actor): Caller,
    place: Place,
    if_match: IfMatch,
    Body(text): Body<Text>,
) -> Result<Tagged<TemplateView>, Problem> {
    let Place { path, owner } = place;
    let key = key(path)?;
    let draft = Draft::from(text);
    let made = services
        .db
        .write(Lane::Background, move |tx| {
            let whose = owner.whose(&actor)?;
            let now = notices::load_template(tx, &actor, whose, key)?;
            if_match.check(&TemplateView::from(now))?;
            notices::set_template(tx, &actor, whose, (key, &draft))
        })
        .await?;
    Ok(Tagged::whole(TemplateView::from(made)))
}

/// Takes the own text away; the one above it holds again, and is the answer.
#[utoipa::path(
    delete, path = "/api/v1/notices/templates/{event}/{language}", tag = "notices",
    operation_id = "notice_template_restore",
    params(("event" = String, Path), ("language" = String, Path, description = "`ja`, `en`"), Owner),
    responses(
        (status = 200, description = "The text in force now", body = TemplateView),
        (status = 404, description = "`no_such_notice`"),
    ),
)]
pub(super) async fn restore(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(path): PathOf<(String, String)>,
    QueryOf(owner): QueryOf<Owner>,
) -> Result<Tagged<TemplateView>, Problem> {
    let key = key(path)?;
    let now = services
        .db
        .write(Lane::Background, move |tx| {
            notices::restore_template(tx, &actor, owner.whose(&actor)?, key)
        })
        .await?;
    Ok(Tagged::whole(TemplateView::from(now)))
}

/// Shows what a text looks like with sample values, without storing it.
#[utoipa::path(
    post, path = "/api/v1/notices/templates/{event}/{language}/preview", tag = "notices",
    operation_id = "notice_template_preview", request_body = Text,
    params(("event" = String, Path), ("language" = String, Path, description = "`ja`, `en`"), Owner),
    responses(
        (status = 200, description = "As its reader gets it", body = Preview),
        (status = 404, description = "`no_such_notice`"),
    ),
)]
pub(super) async fn preview(
    State(services): State<Services>,
    Caller(actor): Caller,
    place: Place,
    Body(text): Body<Text>,
) -> Result<Json<Preview>, Problem> {
    let Place { path, owner } = place;
    let key = key(path)?;
    let draft = Draft::from(text);
    let made = services
        .db
        .read(move |tx| {
            let whose = owner.whose(&actor)?;
            notices::preview_template(tx, &actor, whose, (key, Some(&draft)))
        })
        .await?;
    Ok(Json(made.into()))
}

/// Sends the text in force with sample values to the caller's own mailbox.
#[utoipa::path(
    post, path = "/api/v1/notices/templates/{event}/{language}/test", tag = "notices",
    operation_id = "notice_template_test",
    params(("event" = String, Path), ("language" = String, Path, description = "`ja`, `en`"), Owner),
    responses(
        (status = 200, description = "It is on its way", body = Test),
        (status = 404, description = "`no_such_notice`"),
        (status = 409, description = "`no_mailbox`"),
    ),
)]
pub(super) async fn test(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(path): PathOf<(String, String)>,
    QueryOf(owner): QueryOf<Owner>,
) -> Result<Json<Test>, Problem> {
    let key = key(path)?;
    let address = services
        .db
        .write(Lane::Background, move |tx| {
            let whose = owner.whose(&actor)?;
            notices::send_test_notice(tx, &actor, whose, key)
        })
        .await?;
    Ok(Json(Test {
        sent_to: address.to_string(),
    }))
}
