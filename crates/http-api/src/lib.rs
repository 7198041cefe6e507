//! The control API, health and metrics over HTTP.
//!
//! [`control_router`] is `/api/v1` as the command line uses it: over the local socket of a running
//! server, or in the command's own process (design §6). It trusts its caller: whoever reaches it
//! is the operator, so it is never mounted on a network listener. [`public_router`] is what the
//! HTTP listeners serve.
//!
//! Invariants: handlers hold no business rules, they translate between JSON and the services; every
//! error answer is a problem document (RFC 9457) with a stable code; what takes long answers line
//! by line (NDJSON) with progress and ends in a result or a problem.
#![deny(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod accounts_csv;
mod exposition;
mod ndjson;
mod page;
#[cfg(test)]
mod page_tests;
mod problem;
mod provision;
mod public;
mod route;
mod service;
mod services;
mod timestamps;

pub use axum::Router;
pub use exposition::{Exposition, MetricsSource};
pub use public::{PublicState, public_router};
pub use route::control_router;
pub use service::HttpService;
pub use services::Services;
