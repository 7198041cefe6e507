//! `/api/v1/api-keys`

use axum::{Json, extract::State, http::StatusCode};
use hikyaku_control::{
    ControlError, DomainRef, TenantRef, Within,
    api_keys::{self, ApiKey, KeyChange, KeyPage, NewKey, Token},
    roles,
};
use hikyaku_db::Lane;
use hikyaku_net::Network;
use hikyaku_types::{ApiKeyId, Permission, Timestamp};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Body, PathOf, QueryOf,
    grants::Scope,
    roles::{permissions, words},
};
use crate::{
    caller::Caller,
    etag::{IfMatch, Tagged},
    idempotency::OnceOnly,
    page::{Cursor, Limit, ListName, Page},
    problem::Problem,
    services::Services,
    timestamps,
};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default()
        .routes(routes!(list, create))
        .routes(routes!(show, change, revoke))
}

/// A key in answers, without its token.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub(super) struct ApiKeyView {
    id: String,
    label: String,
    /// How the token begins.
    shown: String,
    scope: Scope,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<String>,
    permissions: Vec<String>,
    /// From where it may be used; empty: from anywhere.
    networks: Vec<String>,
    made_by: String,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
}

/// A key with when it was used.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiKeyWithUse)]
pub(super) struct WithUse {
    #[serde(flatten)]
    key: ApiKeyView,
    /// Within ten minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    used_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    used_from: Option<String>,
}

impl From<&ApiKey> for ApiKeyView {
    fn from(key: &ApiKey) -> Self {
        let tenant = match key.within {
            Within::Platform => None,
            Within::Tenant(tenant) | Within::Domain(tenant, _) => Some(tenant.to_string()),
        };
        Self {
            id: key.id.to_string(),
            label: key.label.clone(),
            shown: key.shown.clone(),
            scope: key.within.into(),
            tenant,
            domain: key.domain.clone(),
            permissions: words(&key.permissions),
            networks: key.networks.iter().map(ToString::to_string).collect(),
            made_by: key.made_by.clone(),
            created_at: timestamps::show(key.created_at),
            expires_at: key.expires_at.map(timestamps::show),
        }
    }
}

impl From<ApiKey> for WithUse {
    fn from(key: ApiKey) -> Self {
        Self {
            key: ApiKeyView::from(&key),
            used_at: key.used_at.map(timestamps::show),
            used_from: key.used_from,
        }
    }
}

/// Which keys.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct KeysQuery {
    /// A tenant's id or name; without it the own tenant's, or those of the operator.
    #[param(value_type = Option<String>)]
    tenant: Option<TenantRef>,
    /// Where the page begins: `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 500)]
    limit: Limit,
}

/// Lists keys, in the order in which they were made. A page may show fewer than asked for and still
/// have a next one.
#[utoipa::path(
    get, path = "/api/v1/api-keys", tag = "api-keys", operation_id = "api_key_list",
    params(KeysQuery),
    responses(
        (status = 200, description = "A page", body = Page<WithUse>),
        (status = 400, description = "`bad_cursor`"),
        (status = 404, description = "`no_such_tenant`"),
    ),
)]
pub(super) async fn list(
    State(services): State<Services>,
    Caller(actor): Caller,
    QueryOf(query): QueryOf<KeysQuery>,
) -> Result<Json<Page<WithUse>>, Problem> {
    let list = ListName::of("api_keys", &query.tenant.as_ref().map(ToString::to_string));
    let after: Option<ApiKeyId> = list.open(query.cursor.as_ref())?;
    let found = services.db.read(move |tx| {
        let wanted = Permission::RolesRead;
        let tenant = roles::whose(tx, &actor, query.tenant.as_ref(), wanted)?;
        let limit = query.limit.items();
        api_keys::list(tx, &actor, tenant, KeyPage { after, limit })
    });
    let found = found.await?;
    Ok(Json(Page {
        items: found.items.into_iter().map(WithUse::from).collect(),
        next: found.next.map(|last| list.seal(&last)),
    }))
}

/// A key to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApiKeyCreate)]
pub(super) struct Create {
    label: String,
    scope: Scope,
    /// The tenant, by id or name; without it the own one.
    #[schema(value_type = Option<String>)]
    tenant: Option<TenantRef>,
    /// The domain, by id or name, when that is the scope.
    #[schema(value_type = Option<String>)]
    domain: Option<DomainRef>,
    permissions: Vec<String>,
    /// From where it may be used (`192.0.2.0/24`); empty: from anywhere.
    #[serde(default)]
    networks: Vec<String>,
    /// Until when; without it until it is revoked.
    expires_at: Option<String>,
}

/// A new key with its token.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NewApiKey)]
pub(super) struct Made {
    key: ApiKeyView,
    /// What the program sends as `Authorization: Bearer …`. It is shown this once.
    token: String,
}

/// Makes a key. Nobody makes one that allows more than they may do themselves, or anything about
/// roles and keys.
#[utoipa::path(
    post, path = "/api/v1/api-keys", tag = "api-keys", operation_id = "api_key_create",
    request_body = Create,
    responses(
        (status = 201, description = "The key and its token", body = Made),
        (status = 404, description = "`no_such_tenant`, `no_such_domain`"),
        (status = 409, description = "`too_many_keys`"),
    ),
)]
pub(super) async fn create(
    State(services): State<Services>,
    Caller(actor): Caller,
    Body(create): Body<Create>,
) -> Result<OnceOnly<(StatusCode, Json<Made>)>, Problem> {
    let permissions = permissions(&create.permissions)?;
    let networks = networks(&create.networks)?;
    let expires_at = end(create.expires_at.as_deref())?;
    let token = Token::generate();
    let kept = token.clone();
    let made = services.db.write(Lane::Background, move |tx| {
        let within = match (create.scope, &create.domain) {
            (Scope::Platform, None) if create.tenant.is_none() => Within::Platform,
            (Scope::Tenant, None) => {
                let wanted = Permission::ApiKeysWrite;
                match (&create.tenant, actor.home()) {
                    (Some(named), _) => {
                        Within::Tenant(named.find(tx, &actor, wanted)?.scope.tenant)
                    }
                    (None, Some(home)) => Within::Tenant(home),
                    (None, None) => {
                        return Err(ControlError::invalid("tenant", "name the tenant"));
                    }
                }
            }
            (Scope::Domain, Some(domain)) if create.tenant.is_none() => {
                let found = domain.find(tx, &actor, Permission::ApiKeysWrite)?;
                Within::Domain(found.tenant.tenant, found.id)
            }
            _ => {
                let detail =
                    "a tenant is named with the scope \"tenant\", a domain with \"domain\"";
                return Err(ControlError::invalid("scope", detail));
            }
        };
        let new = NewKey {
            label: create.label.clone(),
            within,
            permissions: permissions.clone(),
            networks: networks.clone(),
            expires_at,
        };
        api_keys::create(tx, &actor, &new, &token)
    });
    let answer = Made {
        key: ApiKeyView::from(&made.await?),
        token: kept.secret().expose().to_owned(),
    };
    Ok(OnceOnly((StatusCode::CREATED, Json(answer))))
}

/// Shows a key.
#[utoipa::path(
    get, path = "/api/v1/api-keys/{key}", tag = "api-keys", operation_id = "api_key_show",
    params(("key" = String, Path, description = "Its id")),
    responses(
        (status = 200, description = "The key", body = WithUse),
        (status = 404, description = "`no_such_api_key`"),
    ),
)]
pub(super) async fn show(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(key): PathOf<String>,
) -> Result<Tagged<WithUse>, Problem> {
    let id = parse(&key)?;
    let found = services
        .db
        .read(move |tx| api_keys::show(tx, &actor, id))
        .await?;
    let representation = ApiKeyView::from(&found);
    Ok(Tagged::new(found.into(), &representation))
}

/// What to change of a key; what is not named stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApiKeyChange)]
#[expect(
    clippy::option_option,
    reason = "not given, given as null, and given are three things"
)]
pub(super) struct Change {
    label: Option<String>,
    networks: Option<Vec<String>>,
    /// `null`: until it is revoked.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    expires_at: Option<Option<String>>,
}

/// Tells `null` from what is not there.
#[expect(
    clippy::option_option,
    reason = "not given, given as null, and given are three things"
)]
fn given<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// Changes label, networks or end of a key. What it allows stays.
#[utoipa::path(
    patch, path = "/api/v1/api-keys/{key}", tag = "api-keys", operation_id = "api_key_change",
    params(("key" = String, Path, description = "Its id")),
    request_body = Change,
    responses(
        (status = 200, description = "The key", body = WithUse),
        (status = 404, description = "`no_such_api_key`"),
        (status = 412, description = ""),
    ),
)]
pub(super) async fn change(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(key): PathOf<String>,
    if_match: IfMatch,
    Body(change): Body<Change>,
) -> Result<Tagged<WithUse>, Problem> {
    let id = parse(&key)?;
    let wanted = KeyChange {
        label: change.label,
        networks: match &change.networks {
            Some(texts) => Some(networks(texts)?),
            None => None,
        },
        expires_at: match &change.expires_at {
            Some(text) => Some(end(text.as_deref())?),
            None => None,
        },
    };
    let changed = services.db.write(Lane::Background, move |tx| {
        let before = api_keys::hold(tx, &actor, id)?;
        if_match.check(&ApiKeyView::from(&before))?;
        api_keys::change(tx, &actor, id, &wanted)
    });
    let changed = changed.await?;
    let representation = ApiKeyView::from(&changed);
    Ok(Tagged::new(changed.into(), &representation))
}

/// Revokes a key: its next request is refused.
#[utoipa::path(
    delete, path = "/api/v1/api-keys/{key}", tag = "api-keys", operation_id = "api_key_revoke",
    params(("key" = String, Path, description = "Its id")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "`no_such_api_key`"),
    ),
)]
pub(super) async fn revoke(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(key): PathOf<String>,
) -> Result<StatusCode, Problem> {
    let id = parse(&key)?;
    let revoked = services
        .db
        .write(Lane::Background, move |tx| api_keys::revoke(tx, &actor, id));
    revoked.await?;
    Ok(StatusCode::NO_CONTENT)
}

fn networks(texts: &[String]) -> Result<Vec<Network>, Problem> {
    let parsed = texts.iter().map(|text| text.parse());
    parsed
        .collect::<Result<_, _>>()
        .map_err(|error| Problem::bad_field("networks", error))
}

fn end(text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    let parsed = text.map(timestamps::parse).transpose();
    parsed.map_err(|error| Problem::bad_field("expires_at", error))
}

/// A text that is no id is one that nobody has.
fn parse(text: &str) -> Result<ApiKeyId, Problem> {
    let unknown = ControlError::NotFound { kind: "api_key" };
    text.parse().map_err(|_| unknown.into())
}
