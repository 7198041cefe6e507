//! `/api/v1`, one file per kind of thing.

mod account_import;
mod accounts;
mod aliases;
mod doctor;
mod domains;
mod json;
mod mailbox_export;
mod mailbox_fetch;
mod mailbox_import;
mod mailbox_restore;
mod mailbox_transfer;
mod queue;
mod queue_change;
mod tenants;
mod trace;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::StatusCode,
    routing::{get, post},
};

use crate::{accounts_csv, problem::Problem, services::Services};
use json::{Body, PathOf, QueryOf};

/// Bytes of a JSON request at most.
const MAX_JSON_BYTES: usize = 1 << 20;

/// The control API. Whoever reaches it is the operator: mount it on the local socket only.
pub fn control_router(services: Services) -> Router {
    let import = post(account_import::import).layer(DefaultBodyLimit::max(accounts_csv::MAX_BYTES));
    Router::new()
        .route("/api/v1/tenants", get(tenants::list).post(tenants::create))
        .route("/api/v1/domains", get(domains::list).post(domains::create))
        .route(
            "/api/v1/domains/{name}",
            axum::routing::patch(domains::change),
        )
        .route(
            "/api/v1/accounts",
            get(accounts::list).post(accounts::create),
        )
        .route("/api/v1/accounts/import", import)
        .route(
            "/api/v1/accounts/{address}",
            get(accounts::show)
                .patch(accounts::change)
                .delete(accounts::delete),
        )
        .route(
            "/api/v1/accounts/{address}/restore",
            post(accounts::restore),
        )
        .route("/api/v1/aliases", get(aliases::list).post(aliases::create))
        .route(
            "/api/v1/aliases/{address}",
            axum::routing::delete(aliases::delete),
        )
        .route("/api/v1/mailboxes/restore", post(mailbox_restore::restore))
        .route("/api/v1/mailboxes/fetch", post(mailbox_fetch::fetch))
        .route("/api/v1/mailboxes/import", post(mailbox_import::import))
        .route("/api/v1/mailboxes/imports", get(mailbox_import::list))
        .route("/api/v1/mailboxes/export", post(mailbox_export::export))
        .route("/api/v1/queue", get(queue::list))
        .route("/api/v1/queue/{id}", get(queue::show))
        .route("/api/v1/queue/retry", post(queue_change::retry))
        .route("/api/v1/queue/hold", post(queue_change::hold))
        .route("/api/v1/queue/release", post(queue_change::release))
        .route("/api/v1/queue/cancel", post(queue_change::cancel))
        .route("/api/v1/trace", get(trace::search))
        .route("/api/v1/doctor", post(doctor::check))
        .fallback(unknown)
        .layer(DefaultBodyLimit::max(MAX_JSON_BYTES))
        .with_state(services)
}

async fn unknown() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "no_such_route",
        "there is nothing at this path",
    )
}
