//! `/api/v1/grants`: who has which role, and where.

use axum::{Json, extract::State, http::StatusCode};
use hikyaku_control::{
    AccountRef, ControlError, DomainRef, TenantRef, Within,
    grants::{self, Grant, GrantQuery, NewGrant, Warning},
    roles,
};
use hikyaku_db::Lane;
use hikyaku_types::{GrantId, Permission};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Body, PathOf, QueryOf};
use crate::{
    caller::Caller,
    page::{Cursor, Limit, ListName, Page},
    problem::Problem,
    services::Services,
    timestamps,
};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default()
        .routes(routes!(list, give))
        .routes(routes!(show, take))
}

/// Where something holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Scope {
    /// Everywhere.
    Platform,
    /// In one tenant.
    Tenant,
    /// In one domain.
    Domain,
}

impl From<Within> for Scope {
    fn from(within: Within) -> Self {
        match within {
            Within::Platform => Self::Platform,
            Within::Tenant(_) => Self::Tenant,
            Within::Domain(..) => Self::Domain,
        }
    }
}

/// A grant in answers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Grant)]
pub(super) struct GrantView {
    id: String,
    account: String,
    address: String,
    role: String,
    role_name: String,
    scope: Scope,
    /// The tenant of the account.
    tenant: String,
    /// The domain it is limited to.
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    note: String,
    granted_by: String,
    created_at: String,
}

impl From<Grant> for GrantView {
    fn from(grant: Grant) -> Self {
        Self {
            id: grant.id.to_string(),
            account: grant.account.account.to_string(),
            address: grant.address,
            role: grant.role,
            role_name: grant.role_name,
            scope: grant.within.into(),
            tenant: grant.account.tenant.to_string(),
            domain: grant.domain,
            expires_at: grant.expires_at.map(timestamps::show),
            note: grant.note,
            granted_by: grant.granted_by,
            created_at: timestamps::show(grant.created_at),
        }
    }
}

/// Which grants.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct GrantsQuery {
    /// A tenant's id or name; without it the own tenant's, or those on the whole platform.
    #[param(value_type = Option<String>)]
    tenant: Option<TenantRef>,
    /// Only of this account, by id or address.
    #[param(value_type = Option<String>)]
    account: Option<AccountRef>,
    /// Only of this role, by word or id.
    role: Option<String>,
    /// Where the page begins: `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 500)]
    limit: Limit,
}

/// Lists grants, in the order in which they were given. A page may show fewer than asked for and
/// still have a next one.
#[utoipa::path(
    get, path = "/api/v1/grants", tag = "roles", operation_id = "grant_list",
    params(GrantsQuery),
    responses(
        (status = 200, description = "A page", body = Page<GrantView>),
        (status = 400, description = "`bad_cursor`"),
        (status = 404, description = "`no_such_tenant`, `no_such_account`"),
    ),
)]
pub(super) async fn list(
    State(services): State<Services>,
    Caller(actor): Caller,
    QueryOf(query): QueryOf<GrantsQuery>,
) -> Result<Json<Page<GrantView>>, Problem> {
    let filters = (
        query.tenant.as_ref().map(ToString::to_string),
        query.account.as_ref().map(ToString::to_string),
        query.role.clone(),
    );
    let list = ListName::of("grants", &filters);
    let after: Option<GrantId> = list.open(query.cursor.as_ref())?;
    let found = services.db.read(move |tx| {
        let wanted = Permission::RolesRead;
        let mut tenant = roles::whose(tx, &actor, query.tenant.as_ref(), wanted)?;
        let account = match &query.account {
            Some(account) => {
                let found = account.find(tx, &actor, Permission::AccountsRead)?.scope;
                tenant = Some(found.tenant);
                Some(found.account)
            }
            None => None,
        };
        let query = GrantQuery {
            tenant,
            account,
            role: query.role.clone(),
            after,
            limit: query.limit.items(),
        };
        grants::list(tx, &actor, &query)
    });
    let found = found.await?;
    Ok(Json(Page {
        items: found.items.into_iter().map(GrantView::from).collect(),
        next: found.next.map(|last| list.seal(&last)),
    }))
}

/// A role to give.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = GrantCreate)]
pub(super) struct Give {
    /// An account, by id or address.
    #[schema(value_type = String)]
    account: AccountRef,
    /// The word of a built-in role, or the id of another.
    role: String,
    scope: Scope,
    /// The domain, by id or name, when that is the scope.
    #[schema(value_type = Option<String>)]
    domain: Option<DomainRef>,
    /// Until when; without it for ever.
    expires_at: Option<String>,
    #[serde(default)]
    note: String,
}

/// A grant that was made.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct GivenGrant {
    grant: GrantView,
    /// `few_administrators`: the tenant should have two company administrators at least.
    warnings: Vec<String>,
}

fn warning_words(warnings: &[Warning]) -> Vec<String> {
    let words = warnings.iter().map(|warning| match warning {
        Warning::FewAdministrators => "few_administrators",
        _ => "other",
    });
    words.map(str::to_owned).collect()
}

/// Gives a role, or changes end and note of one that the account has there. Nobody gives what they
/// do not have.
#[utoipa::path(
    post, path = "/api/v1/grants", tag = "roles", operation_id = "grant_give",
    request_body = Give,
    responses(
        (status = 201, description = "The grant", body = GivenGrant),
        (status = 404, description = "`no_such_account`, `no_such_domain`, `no_such_role`"),
        (status = 409, description = "`role_limit`, `last_administrator`"),
    ),
)]
pub(super) async fn give(
    State(services): State<Services>,
    Caller(actor): Caller,
    Body(give): Body<Give>,
) -> Result<(StatusCode, Json<GivenGrant>), Problem> {
    let expires_at = match &give.expires_at {
        Some(text) => {
            let end = timestamps::parse(text);
            Some(end.map_err(|error| Problem::bad_field("expires_at", error))?)
        }
        None => None,
    };
    let given = services.db.write(Lane::Background, move |tx| {
        let account = give
            .account
            .find(tx, &actor, Permission::AccountsRead)?
            .scope;
        let within = match (give.scope, &give.domain) {
            (Scope::Platform, None) => Within::Platform,
            (Scope::Tenant, None) => Within::Tenant(account.tenant),
            (Scope::Domain, Some(domain)) => {
                let found = domain.find(tx, &actor, Permission::DomainsRead)?;
                Within::Domain(found.tenant.tenant, found.id)
            }
            (Scope::Domain, None) => {
                return Err(ControlError::invalid("domain", "name the domain"));
            }
            (_, Some(_)) => {
                let detail = "a domain is named when the scope is \"domain\" only";
                return Err(ControlError::invalid("domain", detail));
            }
        };
        let new = NewGrant {
            account,
            role: give.role.clone(),
            within,
            expires_at,
            note: give.note.clone(),
        };
        grants::give(tx, &actor, &new)
    });
    let given = given.await?;
    let answer = GivenGrant {
        warnings: warning_words(&given.warnings),
        grant: given.grant.into(),
    };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// Shows a grant.
#[utoipa::path(
    get, path = "/api/v1/grants/{grant}", tag = "roles", operation_id = "grant_show",
    params(("grant" = String, Path, description = "Its id")),
    responses(
        (status = 200, description = "The grant", body = GrantView),
        (status = 404, description = "`no_such_grant`"),
    ),
)]
pub(super) async fn show(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(grant): PathOf<String>,
) -> Result<Json<GrantView>, Problem> {
    let id = parse(&grant)?;
    let found = services
        .db
        .read(move |tx| grants::show(tx, &actor, id))
        .await?;
    Ok(Json(found.into()))
}

/// What is worth knowing after a role was taken.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TakenGrant {
    /// `few_administrators`: the tenant should have two company administrators at least.
    warnings: Vec<String>,
}

/// Takes a role back. The last company administrator of a tenant keeps it.
#[utoipa::path(
    delete, path = "/api/v1/grants/{grant}", tag = "roles", operation_id = "grant_take",
    params(("grant" = String, Path, description = "Its id")),
    responses(
        (status = 200, description = "It is gone", body = TakenGrant),
        (status = 404, description = "`no_such_grant`"),
        (status = 409, description = "`last_administrator`"),
    ),
)]
pub(super) async fn take(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(grant): PathOf<String>,
) -> Result<Json<TakenGrant>, Problem> {
    let id = parse(&grant)?;
    let taken = services
        .db
        .write(Lane::Background, move |tx| grants::take(tx, &actor, id));
    let warnings = warning_words(&taken.await?);
    Ok(Json(TakenGrant { warnings }))
}

/// A text that is no id is one that nobody has.
fn parse(text: &str) -> Result<GrantId, Problem> {
    let unknown = ControlError::NotFound { kind: "grant" };
    text.parse().map_err(|_| unknown.into())
}
