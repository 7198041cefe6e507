//! `/api/v1/me/rights`: what the one who asks may do, for menus (T-005).

use axum::{Json, extract::State};
use hikyaku_control::{Principal, Within, grants, impersonation};
use hikyaku_directory::{TenantScope, contracts};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::grants::{GrantView, Scope};
use crate::{caller::Caller, problem::Problem, services::Services, timestamps};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default().routes(routes!(show))
}

/// A permission and one place where it holds.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HeldPermission {
    permission: String,
    scope: Scope,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<String>,
    /// The id of the domain.
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<String>,
}

/// The administrator who acts as the one who asks: for the banner (F-44).
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ActingAs {
    /// The impersonation, to end it by.
    id: String,
    by: String,
    reason: String,
    expires_at: String,
    /// Whether mail may be read.
    content: bool,
}

/// What the one who asks may do.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnRights)]
pub(super) struct RightsView {
    /// `account`, `api_key`, `console` or `system`.
    kind: &'static str,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<String>,
    permissions: Vec<HeldPermission>,
    /// The roles of the own account.
    grants: Vec<GrantView>,
    /// What the own tenant's contract includes.
    features: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    impersonation: Option<ActingAs>,
}

/// Tells what the one who asks may do: permissions with where they hold, the roles they come from,
/// and what the contract includes. Platform rights are there after a second factor only.
#[utoipa::path(
    get, path = "/api/v1/me/rights", tag = "me", operation_id = "me_rights",
    responses((status = 200, description = "The rights", body = RightsView)),
)]
pub(super) async fn show(
    State(services): State<Services>,
    Caller(actor): Caller,
) -> Result<Json<RightsView>, Problem> {
    let found = services.db.read(move |tx| {
        let features = match actor.home() {
            Some(tenant) => {
                let terms = contracts::terms(tx, TenantScope { tenant })?;
                let included = terms.features.iter();
                included.map(|feature| feature.word().to_owned()).collect()
            }
            None => Vec::new(),
        };
        let grants = match actor.own_account() {
            Some(_) => grants::own(tx, &actor)?,
            None => Vec::new(),
        };
        let acting = impersonation::current(tx, &actor)?.map(|current| ActingAs {
            id: current.id.to_string(),
            by: current.by_name,
            reason: current.reason,
            expires_at: timestamps::show(current.expires_at),
            content: actor
                .impersonator
                .as_ref()
                .is_some_and(|own| own.content == hikyaku_control::ContentAccess::Open),
        });
        let held = actor.rights.iter().flat_map(|(permission, places)| {
            places
                .iter()
                .map(move |place| held(permission.word(), *place))
        });
        Ok::<_, hikyaku_control::ControlError>(RightsView {
            kind: kind(&actor.principal),
            name: actor.principal.logged().name,
            tenant: actor.home().map(|tenant| tenant.to_string()),
            permissions: held.collect(),
            grants: grants.into_iter().map(GrantView::from).collect(),
            features,
            impersonation: acting,
        })
    });
    Ok(Json(found.await?))
}

fn kind(principal: &Principal) -> &'static str {
    match principal {
        Principal::Console(_) => "console",
        Principal::Account { .. } => "account",
        Principal::ApiKey { .. } => "api_key",
        _ => "system",
    }
}

fn held(permission: &str, place: Within) -> HeldPermission {
    let (tenant, domain) = match place {
        Within::Platform => (None, None),
        Within::Tenant(tenant) => (Some(tenant.to_string()), None),
        Within::Domain(tenant, domain) => (Some(tenant.to_string()), Some(domain.to_string())),
    };
    HeldPermission {
        permission: permission.to_owned(),
        scope: place.into(),
        tenant,
        domain,
    }
}
