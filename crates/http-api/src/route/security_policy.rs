//! `/api/v1/tenants/{tenant}/security-policy` (AD-24)

use axum::extract::State;
use hikyaku_access::policy::SecurityPolicy;
use hikyaku_control::{TenantRef, security_policy};
use hikyaku_db::Lane;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Body, PathOf};
use crate::{
    caller::Caller,
    etag::{IfMatch, Tagged},
    problem::Problem,
    services::Services,
};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default().routes(routes!(show, change))
}

/// What a tenant decides about passwords, second factors and sign-in: `password`, `second_factor`,
/// `main_password`, `app_passwords`, `networks`, `lockout`, `sessions`, `reset`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SecurityPolicy, value_type = Object)]
#[serde(transparent)]
pub(super) struct PolicyView(SecurityPolicy);

/// The parts to change; `null` asks for the default.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = SecurityPolicyChange, value_type = Object)]
#[serde(transparent)]
pub(super) struct Change(Map<String, Value>);

/// Shows a tenant's security policy.
#[utoipa::path(
    get, path = "/api/v1/tenants/{tenant}/security-policy", tag = "security-policy",
    operation_id = "security_policy_show", params(("tenant" = String, Path)),
    responses(
        (status = 200, description = "The policy", body = PolicyView),
        (status = 404, description = "`no_such_tenant`"),
    ),
)]
pub(super) async fn show(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(tenant): PathOf<TenantRef>,
) -> Result<Tagged<PolicyView>, Problem> {
    let policy = services
        .db
        .read(move |tx| security_policy::show(tx, &actor, &tenant))
        .await?;
    Ok(Tagged::whole(PolicyView(policy)))
}

/// Changes a tenant's security policy, in force at once.
#[utoipa::path(
    patch, path = "/api/v1/tenants/{tenant}/security-policy", tag = "security-policy",
    operation_id = "security_policy_change", params(("tenant" = String, Path)),
    request_body = Change,
    responses(
        (status = 200, description = "The policy as it is now", body = PolicyView),
        (status = 400, description = "`bad_field`: a part is out of its bounds"),
        (status = 404, description = "`no_such_tenant`"),
        (status = 412, description = ""),
    ),
)]
pub(super) async fn change(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(tenant): PathOf<TenantRef>,
    wanted: IfMatch,
    Body(change): Body<Change>,
) -> Result<Tagged<PolicyView>, Problem> {
    let policy = services
        .db
        .write(Lane::Background, move |tx| {
            security_policy::change(tx, &actor, &tenant, &change.0, |now| wanted.check(now))
        })
        .await?;
    Ok(Tagged::whole(PolicyView(policy)))
}
