//! `/api/v1/announcements`: what the operator tells tenants, and administrators their users.

use axum::{
    Json,
    extract::{FromRequestParts, State},
    http::{StatusCode, request::Parts},
};
use hikyaku_control::notices;
use hikyaku_db::Lane;
use hikyaku_notices::announcements::{Announcement, Audience, Bilingual, Draft, Kind};
use hikyaku_types::{AnnouncementId, TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Body, PathOf, QueryOf, notices::whose};
use crate::{
    caller::Caller,
    etag::{IfMatch, Tagged},
    page::{Cursor, Limit, ListName, Page},
    problem::Problem,
    services::Services,
    timestamps,
};

/// The routes of announcements.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default()
        .routes(routes!(list, create))
        .routes(routes!(show, change, delete))
        .routes(routes!(mine))
}

/// A text in both languages.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BilingualText)]
struct Text {
    ja: String,
    /// Empty: the Japanese one for all.
    #[serde(default)]
    en: String,
}

impl From<Bilingual> for Text {
    fn from(text: Bilingual) -> Self {
        Self {
            ja: text.ja,
            en: text.en,
        }
    }
}

impl From<Text> for Bilingual {
    fn from(text: Text) -> Self {
        Self {
            ja: text.ja,
            en: text.en,
        }
    }
}

/// Whom it is for.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AnnouncementAudience)]
enum AudienceWord {
    Administrators,
    Users,
}

/// How it is shown.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AnnouncementKind)]
enum KindWord {
    #[default]
    Info,
    Important,
    Maintenance,
}

/// What an announcement says.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AnnouncementText)]
struct Content {
    audience: AudienceWord,
    #[serde(default)]
    kind: KindWord,
    title: Text,
    body: Text,
    /// RFC 3339; left out: from now on.
    #[serde(default)]
    starts_at: Option<String>,
    /// RFC 3339; null: until it is taken down.
    #[serde(default)]
    ends_at: Option<String>,
}

impl Content {
    fn draft(self, now: Timestamp) -> Result<Draft, Problem> {
        let starts_at = match &self.starts_at {
            Some(text) => {
                timestamps::parse(text).map_err(|detail| Problem::bad_field("starts_at", detail))?
            }
            None => now,
        };
        let ends_at = self.ends_at.as_deref().map(timestamps::parse).transpose();
        Ok(Draft {
            audience: match self.audience {
                AudienceWord::Administrators => Audience::Administrators,
                AudienceWord::Users => Audience::Users,
            },
            kind: match self.kind {
                KindWord::Info => Kind::Info,
                KindWord::Important => Kind::Important,
                KindWord::Maintenance => Kind::Maintenance,
            },
            title: self.title.into(),
            body: self.body.into(),
            starts_at,
            ends_at: ends_at.map_err(|detail| Problem::bad_field("ends_at", detail))?,
        })
    }
}

/// An announcement.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Announcement)]
struct View {
    #[schema(value_type = String)]
    id: AnnouncementId,
    /// Whose it is; null: the platform's.
    #[schema(value_type = Option<String>)]
    tenant: Option<TenantId>,
    #[schema(value_type = AudienceWord)]
    audience: &'static str,
    #[schema(value_type = KindWord)]
    kind: &'static str,
    title: Text,
    body: Text,
    starts_at: String,
    ends_at: Option<String>,
    created_by: String,
    created_at: String,
    updated_at: String,
}

impl From<Announcement> for View {
    fn from(announcement: Announcement) -> Self {
        let draft = announcement.draft;
        Self {
            id: announcement.id,
            tenant: announcement.tenant.map(|scope| scope.tenant),
            audience: draft.audience.word(),
            kind: draft.kind.word(),
            title: draft.title.into(),
            body: draft.body.into(),
            starts_at: timestamps::show(draft.starts_at),
            ends_at: draft.ends_at.map(timestamps::show),
            created_by: announcement.created_by,
            created_at: timestamps::show(announcement.created_at),
            updated_at: timestamps::show(announcement.updated_at),
        }
    }
}

/// Which announcements.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Query {
    /// The tenant; left out: the caller's own, or the platform for whoever manages its notices.
    #[param(value_type = Option<String>)]
    tenant: Option<TenantId>,
    /// Where the page begins: `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 500)]
    limit: Limit,
}

/// Whose announcement.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Owner {
    /// The tenant; left out: the caller's own, or the platform for whoever manages its notices.
    #[param(value_type = Option<String>)]
    tenant: Option<TenantId>,
}

/// Which announcement, and whose.
#[derive(Debug)]
struct Place {
    id: AnnouncementId,
    owner: Owner,
}

impl<S: Send + Sync> FromRequestParts<S> for Place {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let PathOf(id) = PathOf::from_request_parts(parts, state).await?;
        let QueryOf(owner) = QueryOf::from_request_parts(parts, state).await?;
        Ok(Self { id, owner })
    }
}

/// Lists announcements, the newest first, also those that are over.
#[utoipa::path(
    get, path = "/api/v1/announcements", tag = "notices", operation_id = "announcement_list",
    params(Query),
    responses((status = 200, description = "A page", body = Page<View>)),
)]
async fn list(
    State(services): State<Services>,
    Caller(actor): Caller,
    QueryOf(query): QueryOf<Query>,
) -> Result<Json<Page<View>>, Problem> {
    let name = ListName::of("announcements", &query.tenant);
    let after: Option<(i64, AnnouncementId)> = name.open(query.cursor.as_ref())?;
    let after = after.map(|(at, id)| (Timestamp(at), id));
    let found = services
        .db
        .read(move |tx| {
            let whose = whose(query.tenant, &actor)?;
            let page = (after, query.limit.and_one());
            notices::list_announcements(tx, &actor, whose, page)
        })
        .await?;
    let page = Page::cut(found, query.limit, |last| {
        name.seal(&(last.draft.starts_at.millis(), last.id))
    });
    Ok(Json(page.map(View::from)))
}

/// Publishes an announcement.
#[utoipa::path(
    post, path = "/api/v1/announcements", tag = "notices", operation_id = "announcement_create",
    params(Owner), request_body = Content,
    responses((status = 201, description = "The announcement", body = View)),
)]
async fn create(
    State(services): State<Services>,
    Caller(actor): Caller,
    QueryOf(owner): QueryOf<Owner>,
    Body(content): Body<Content>,
) -> Result<(StatusCode, Json<View>), Problem> {
    let draft = content.draft(services.db.now())?;
    let made = services
        .db
        .write(Lane::Background, move |tx| {
            let whose = whose(owner.tenant, &actor)?;
            notices::create_announcement(tx, &actor, whose, &draft)
        })
        .await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Shows an announcement.
#[utoipa::path(
    get, path = "/api/v1/announcements/{announcement}", tag = "notices",
    operation_id = "announcement_show", params(("announcement" = String, Path), Owner),
    responses(
        (status = 200, description = "The announcement", body = View),
        (status = 404, description = "`no_such_announcement`"),
    ),
)]
async fn show(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(id): PathOf<AnnouncementId>,
    QueryOf(owner): QueryOf<Owner>,
) -> Result<Tagged<View>, Problem> {
    let found = services
        .db
        .read(move |tx| {
            let whose = whose(owner.tenant, &actor)?;
            notices::load_announcement(tx, &actor, whose, id)
        })
        .await?;
    Ok(Tagged::whole(View::from(found)))
}

/// Replaces what an announcement says.
#[utoipa::path(
    put, path = "/api/v1/announcements/{announcement}", tag = "notices",
    operation_id = "announcement_change", params(("announcement" = String, Path), Owner),
    request_body = Content,
    responses(
        (status = 200, description = "The announcement", body = View),
        (status = 404, description = "`no_such_announcement`"),
        (status = 412, description = ""),
    ),
)]
async fn change(
    State(services): State<Services>,
    Caller(actor): Caller,
    place: Place,
    if_match: IfMatch,
    Body(content): Body<Content>,
) -> Result<Tagged<View>, Problem> {
    let draft = content.draft(services.db.now())?;
    let (id, tenant) = (place.id, place.owner.tenant);
    let made = services
        .db
        .write(Lane::Background, move |tx| {
            let whose = whose(tenant, &actor)?;
            let now = notices::load_announcement(tx, &actor, whose, id)?;
            if_match.check(&View::from(now))?;
            notices::update_announcement(tx, &actor, whose, (id, &draft))
        })
        .await?;
    Ok(Tagged::whole(View::from(made)))
}

/// Takes an announcement down.
#[utoipa::path(
    delete, path = "/api/v1/announcements/{announcement}", tag = "notices",
    operation_id = "announcement_delete", params(("announcement" = String, Path), Owner),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "`no_such_announcement`"),
    ),
)]
async fn delete(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(id): PathOf<AnnouncementId>,
    QueryOf(owner): QueryOf<Owner>,
) -> Result<StatusCode, Problem> {
    services
        .db
        .write(Lane::Background, move |tx| {
            let whose = whose(owner.tenant, &actor)?;
            notices::delete_announcement(tx, &actor, whose, id)
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The announcements that the caller's own pages show now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ShownAnnouncements)]
struct Shown {
    items: Vec<View>,
}

/// Lists the announcements that the caller's own pages show now, the newest first.
#[utoipa::path(
    get, path = "/api/v1/me/announcements", tag = "me", operation_id = "my_announcements",
    responses((status = 200, description = "All of them", body = Shown)),
)]
async fn mine(
    State(services): State<Services>,
    Caller(actor): Caller,
) -> Result<Json<Shown>, Problem> {
    let found = services
        .db
        .read(move |tx| notices::shown_announcements(tx, &actor))
        .await?;
    let items = found.into_iter().map(View::from).collect();
    Ok(Json(Shown { items }))
}
