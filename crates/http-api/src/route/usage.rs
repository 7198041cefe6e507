//! Usage, quota and locks: `/api/v1/usage`, `/api/v1/locks`, and the usage of tenants, domains
//! and the own mailbox.

mod accounts;
mod history;
mod locks;
mod mailbox;
mod pools;
mod view;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::services::Services;

/// The routes of usage.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default()
        .routes(routes!(pools::overview))
        .routes(routes!(pools::measure))
        .routes(routes!(pools::of_tenant))
        .routes(routes!(pools::policy, pools::set_policy))
        .routes(routes!(pools::of_domain))
        .routes(routes!(pools::set_domain_pool))
        .routes(routes!(pools::own))
        .routes(routes!(history::history))
        .routes(routes!(accounts::list))
        .routes(routes!(locks::list))
        .routes(routes!(locks::extend))
        .routes(routes!(locks::unlock))
        .routes(routes!(mailbox::initialise))
        .routes(routes!(mailbox::repair))
        .routes(routes!(mailbox::initialise_own))
        .routes(routes!(mailbox::repair_own))
}
