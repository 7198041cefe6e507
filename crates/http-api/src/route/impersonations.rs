//! `/api/v1/impersonations`: acting as somebody else.

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header::SET_COOKIE},
    response::{IntoResponse as _, Response},
};
use hikyaku_control::{
    AccountRef, ContentAccess, ControlError, TenantRef,
    api_keys::Token,
    impersonation::{self, Begin, Consent, Impersonation, ImpersonationPage, LASTS},
    roles,
};
use hikyaku_db::Lane;
use hikyaku_types::{ImpersonationId, Permission};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Body, PathOf, QueryOf};
use crate::{
    caller::Caller,
    cookies,
    idempotency::OnceOnly,
    page::{Cursor, Limit, ListName, Page},
    problem::Problem,
    services::Services,
    timestamps,
};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default()
        .routes(routes!(list, begin))
        .routes(routes!(end))
        .routes(routes!(consent, set_consent))
}

/// Whether mail may be read.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ContentAccess)]
pub(super) enum ContentWord {
    /// Settings only.
    #[default]
    Closed,
    /// Mail too.
    Open,
}

/// An impersonation in answers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Impersonation)]
pub(super) struct ImpersonationView {
    id: String,
    tenant: String,
    account: String,
    address: String,
    by: String,
    reason: String,
    content: ContentWord,
    started_at: String,
    expires_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<String>,
}

impl From<Impersonation> for ImpersonationView {
    fn from(one: Impersonation) -> Self {
        Self {
            id: one.id.to_string(),
            tenant: one.account.tenant.to_string(),
            account: one.account.account.to_string(),
            address: one.address,
            by: one.by_name,
            reason: one.reason,
            content: match one.content {
                ContentAccess::Closed => ContentWord::Closed,
                ContentAccess::Open => ContentWord::Open,
            },
            started_at: timestamps::show(one.started_at),
            expires_at: timestamps::show(one.expires_at),
            ended_at: one.ended_at.map(timestamps::show),
        }
    }
}

/// Which impersonations.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ImpersonationQuery {
    /// A tenant's id or name; without it the own tenant's, or all of them.
    #[param(value_type = Option<String>)]
    tenant: Option<TenantRef>,
    /// Where the page begins: `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 500)]
    limit: Limit,
}

/// Lists who acted as whom, newest first.
#[utoipa::path(
    get, path = "/api/v1/impersonations", tag = "impersonation",
    operation_id = "impersonation_list",
    params(ImpersonationQuery),
    responses(
        (status = 200, description = "A page", body = Page<ImpersonationView>),
        (status = 400, description = "`bad_cursor`"),
        (status = 404, description = "`no_such_tenant`"),
    ),
)]
pub(super) async fn list(
    State(services): State<Services>,
    Caller(actor): Caller,
    QueryOf(query): QueryOf<ImpersonationQuery>,
) -> Result<Json<Page<ImpersonationView>>, Problem> {
    let filter = query.tenant.as_ref().map(ToString::to_string);
    let list = ListName::of("impersonations", &filter);
    let before: Option<ImpersonationId> = list.open(query.cursor.as_ref())?;
    let limit = query.limit.and_one();
    let found = services.db.read(move |tx| {
        let wanted = Permission::LogRead;
        let tenant = roles::whose(tx, &actor, query.tenant.as_ref(), wanted)?;
        impersonation::list(tx, &actor, tenant, ImpersonationPage { before, limit })
    });
    let page = Page::cut(found.await?, query.limit, |last| list.seal(&last.id));
    Ok(Json(page.map(ImpersonationView::from)))
}

/// Whom to act as.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ImpersonationBegin)]
pub(super) struct Wanted {
    /// An account, by id or address.
    #[schema(value_type = String)]
    account: AccountRef,
    /// Why. The person and the tenant's administrators read it.
    reason: String,
    /// Reading mail needs a permission of its own and the tenant's consent.
    #[serde(default)]
    content: ContentWord,
}

/// Begins to act as somebody, for 60 minutes at most. The answer sets a cookie beside the own
/// session's; while the browser sends it, every request is made as that person.
#[utoipa::path(
    post, path = "/api/v1/impersonations", tag = "impersonation",
    operation_id = "impersonation_begin",
    request_body = Wanted,
    responses(
        (status = 201, description = "It has begun", body = ImpersonationView),
        (status = 404, description = "`no_such_account`"),
        (status = 409, description = "`impersonating`, `persons_only`, `account_not_active`, \
            `no_consent`"),
    ),
)]
pub(super) async fn begin(
    State(services): State<Services>,
    Caller(actor): Caller,
    Body(wanted): Body<Wanted>,
) -> Result<OnceOnly<Response>, Problem> {
    let token = Token::generate();
    let kept = token.clone();
    let begun = services.db.write(Lane::Background, move |tx| {
        let seen = Permission::AccountsRead;
        let account = wanted.account.find(tx, &actor, seen)?;
        let begin = Begin {
            reason: wanted.reason.clone(),
            content: match wanted.content {
                ContentWord::Closed => ContentAccess::Closed,
                ContentWord::Open => ContentAccess::Open,
            },
        };
        impersonation::begin(tx, &actor, &account, &begin, &token)
    });
    let view = ImpersonationView::from(begun.await?);
    let mut response = (StatusCode::CREATED, Json(view)).into_response();
    if let Some(cookie) = cookies::set(cookies::IMPERSONATION, kept.secret(), Some(LASTS)) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(OnceOnly(response))
}

/// Ends an impersonation before its time: the administrator, the person, or an administrator of the
/// tenant does.
#[utoipa::path(
    delete, path = "/api/v1/impersonations/{impersonation}", tag = "impersonation",
    operation_id = "impersonation_end",
    params(("impersonation" = String, Path, description = "Its id")),
    responses(
        (status = 204, description = "It is over"),
        (status = 404, description = "`no_such_impersonation`"),
    ),
)]
pub(super) async fn end(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(id): PathOf<String>,
) -> Result<Response, Problem> {
    let unknown = || ControlError::NotFound {
        kind: "impersonation",
    };
    let id: ImpersonationId = id.parse().map_err(|_| unknown())?;
    let current = actor.impersonator.as_ref().map(|own| own.impersonation);
    let ended = services.db.write(Lane::Background, move |tx| {
        impersonation::end(tx, &actor, id)
    });
    ended.await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    if current == Some(id)
        && let Some(cookie) = cookies::clear(cookies::IMPERSONATION)
    {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Whether the operator's people may read the tenant's mail while they act as somebody.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ContentConsent)]
pub(super) struct ConsentView {
    given: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    given_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    given_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
}

impl From<Option<Consent>> for ConsentView {
    fn from(consent: Option<Consent>) -> Self {
        let given = consent.is_some();
        let (given_by, given_at, expires_at) = match consent {
            Some(consent) => (
                Some(consent.given_by),
                Some(timestamps::show(consent.given_at)),
                consent.expires_at.map(timestamps::show),
            ),
            None => (None, None, None),
        };
        Self {
            given,
            given_by,
            given_at,
            expires_at,
        }
    }
}

/// Shows the tenant's consent to its mail being read; off is the default.
#[utoipa::path(
    get, path = "/api/v1/tenants/{tenant}/content-consent", tag = "impersonation",
    operation_id = "content_consent_show",
    params(("tenant" = String, Path, description = "Its id or name")),
    responses(
        (status = 200, description = "The consent", body = ConsentView),
        (status = 404, description = "`no_such_tenant`"),
    ),
)]
pub(super) async fn consent(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(tenant): PathOf<TenantRef>,
) -> Result<Json<ConsentView>, Problem> {
    let found = services.db.read(move |tx| {
        let tenant = tenant.find(tx, &actor, Permission::SecurityRead)?;
        impersonation::consent(tx, &actor, tenant.scope.tenant)
    });
    Ok(Json(found.await?.into()))
}

/// A consent to give or to take back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ContentConsentChange)]
pub(super) struct SetConsent {
    given: bool,
    /// Until when; without it until it is taken back.
    expires_at: Option<String>,
}

/// Gives or takes back the consent. Only the tenant's own administrators do, in person.
#[utoipa::path(
    put, path = "/api/v1/tenants/{tenant}/content-consent", tag = "impersonation",
    operation_id = "content_consent_set",
    params(("tenant" = String, Path, description = "Its id or name")),
    request_body = SetConsent,
    responses(
        (status = 200, description = "The consent", body = ConsentView),
        (status = 404, description = "`no_such_tenant`"),
        (status = 409, description = "`own_tenant_only`"),
    ),
)]
pub(super) async fn set_consent(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(tenant): PathOf<TenantRef>,
    Body(set): Body<SetConsent>,
) -> Result<Json<ConsentView>, Problem> {
    let end = set.expires_at.as_deref().map(timestamps::parse).transpose();
    let end = end.map_err(|error| Problem::bad_field("expires_at", error))?;
    let wanted = match (set.given, end) {
        (true, end) => Some(end),
        (false, None) => None,
        (false, Some(_)) => {
            let detail = "a consent that is taken back has no end";
            return Err(Problem::bad_field("expires_at", detail));
        }
    };
    let changed = services.db.write(Lane::Background, move |tx| {
        let tenant = tenant.find(tx, &actor, Permission::SecurityWrite)?;
        impersonation::set_consent(tx, &actor, tenant.scope.tenant, wanted)
    });
    Ok(Json(changed.await?.into()))
}
