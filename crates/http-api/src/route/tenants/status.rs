//! `/api/v1/tenants/{tenant}/status`

use axum::extract::State;
use hikyaku_control::{
    TenantRef,
    tenants::{self as control, Confirmation},
};
use hikyaku_db::Lane;
use hikyaku_directory::tenants::Move;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{TenantDetail, one::tagged};
use crate::{
    caller::Caller,
    etag::Tagged,
    problem::Problem,
    route::{Body, PathOf},
    services::Services,
};

/// What to do with the service of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TenantAction)]
pub(super) enum Action {
    /// A prepared service begins now.
    Begin,
    /// The service stops; everything stays.
    Suspend,
    /// A stopped service goes on, or a contract that has ended.
    Resume,
    /// The contract ends now.
    Terminate,
}

impl From<Action> for Move {
    fn from(action: Action) -> Self {
        match action {
            Action::Begin => Self::Begin,
            Action::Suspend => Self::Suspend,
            Action::Resume => Self::Resume,
            Action::Terminate => Self::Terminate,
        }
    }
}

/// A move.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TenantMove)]
pub(super) struct Wanted {
    action: Action,
    /// To end the contract: the name of the tenant.
    confirm_name: Option<String>,
}

/// Begins, suspends, resumes or ends the service of a tenant.
#[utoipa::path(
    post, path = "/api/v1/tenants/{tenant}/status", tag = "tenants",
    operation_id = "tenant_status",
    params(("tenant" = String, Path, description = "An id or a name")),
    request_body = Wanted,
    responses(
        (status = 200, description = "The tenant", body = TenantDetail),
        (status = 404, description = "`no_such_tenant`"),
        (status = 409, description = "`tenant_status`"),
    ),
)]
pub(super) async fn act(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(tenant): PathOf<TenantRef>,
    Body(wanted): Body<Wanted>,
) -> Result<Tagged<TenantDetail>, Problem> {
    let changed = services
        .db
        .write(Lane::Background, move |tx| {
            let typed = wanted.confirm_name.as_deref();
            let confirmation = typed.map_or(Confirmation::None, Confirmation::Typed);
            control::act(tx, &actor, &tenant, wanted.action.into(), confirmation)
        })
        .await?;
    Ok(tagged(changed))
}
