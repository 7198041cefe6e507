//! `/api/v1/notices`: the texts that the house writes, and from whom they come.

mod settings;
mod templates;

use hikyaku_control::{Actor, ControlError, notices::Whose};
use hikyaku_types::{Permission, TenantId};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::services::Services;

/// The routes of notices.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default()
        .routes(routes!(templates::list))
        .routes(routes!(templates::show, templates::set, templates::restore))
        .routes(routes!(templates::preview))
        .routes(routes!(templates::test))
        .routes(routes!(settings::show, settings::set))
}

/// Whose texts.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Owner {
    /// The tenant; left out: the caller's own, or the platform for whoever manages its notices.
    #[param(value_type = Option<String>)]
    tenant: Option<TenantId>,
}

impl Owner {
    /// What the caller means.
    pub(super) fn whose(&self, actor: &Actor) -> Result<Whose, ControlError> {
        whose(self.tenant, actor)
    }
}

/// The tenant that was named; else the platform for whoever manages its notices, else the
/// caller's own tenant.
pub(super) fn whose(tenant: Option<TenantId>, actor: &Actor) -> Result<Whose, ControlError> {
    if let Some(tenant) = tenant {
        return Ok(Whose::Tenant(tenant));
    }
    match actor.area(Permission::NoticesRead)? {
        hikyaku_control::Area::Platform(_) => Ok(Whose::Platform),
        hikyaku_control::Area::Tenant(scope) | hikyaku_control::Area::Domains(scope, _) => {
            Ok(Whose::Tenant(scope.tenant))
        }
    }
}
