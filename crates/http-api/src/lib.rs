//! The REST API, health and metrics over HTTP.
//!
//! One set of routes (`/api/v1`) has two faces. [`control_router`] is the local socket's, or the
//! command line's own process: whoever reaches it is the operator (design §6). [`network_router`]
//! is what the HTTPS listener serves: everybody signs in or brings an API key, and may do what the
//! own rights allow. [`public_router`] has health and metrics.
//!
//! Invariants: handlers hold no business rules, they translate between JSON and the services; every
//! error answer is a problem document (RFC 9457) with a stable code; what takes long answers line
//! by line (NDJSON) with progress and ends in a result or a problem, or is a job.
//!
//! A request passes these layers, outermost first: [`accompany`] (its id, its line in the log, the
//! headers of every answer), [`authenticate`] (who asks, how often, from which site),
//! [`idempotency`] (once only), then the route.
#![deny(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod accompany;
mod accounts_csv;
mod authenticate;
mod caller;
mod client;
mod console_user;
mod cookies;
mod cross_site;
mod document;
mod etag;
mod exposition;
mod extract;
mod frame;
mod idempotency;
mod merge;
mod ndjson;
mod options;
mod page;
#[cfg(test)]
mod page_tests;
mod problem;
mod provision;
mod public;
mod route;
mod schema;
mod service;
mod services;
mod timestamps;
mod web;

pub use axum::Router;
pub use exposition::{Exposition, MetricsSource};
pub use options::{
    ADDRESS_REQUESTS_PER_MINUTE, ANONYMOUS_REQUESTS_PER_MINUTE, HSTS, HttpOptions,
    REQUESTS_PER_MINUTE,
};
pub use public::{PublicState, public_router};
pub use route::{control_router, network_router};
pub use service::{ALPN, HttpService};
pub use services::Services;
pub use web::Web;
