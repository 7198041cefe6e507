//! What the HTTP listeners serve: `/healthz` for everybody, `/metrics` for the networks that the
//! configuration names.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension, Router,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};
use hikyaku_blob::Contents;
use hikyaku_db::{Database, DbError};
use hikyaku_net::{ClosedZone, Peer, Zone};
use tokio::time::timeout;

use crate::exposition::Exposition;

/// How long the database may take to answer before the host counts as sick.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(5);

/// What the public routes need.
#[derive(Debug, Clone)]
pub struct PublicState {
    /// Asked whether it answers.
    pub db: Database,
    /// Asked whether the object storage answers.
    pub contents: Contents,
    /// All metrics.
    pub exposition: Arc<Exposition>,
    /// Who may read them.
    pub metrics_allow: ClosedZone,
}

/// The routes of the HTTP and HTTPS listeners.
pub fn public_router(state: PublicState) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/metrics", get(metrics))
        .with_state(state)
}

/// 200 when the database answers a read in time, and the object storage answers, if there is one.
async fn healthz(State(state): State<PublicState>) -> Response {
    let database = match timeout(HEALTH_TIMEOUT, state.db.ping()).await {
        Ok(answer) => answer,
        Err(_) => Err(DbError::Unavailable {
            reason: "no answer in time".to_owned(),
        }),
    };
    if let Err(error) = database {
        return sick(&error, "the database does not answer\n");
    }
    match state.contents.check_store_lately().await {
        Ok(()) => (StatusCode::OK, "ok\n").into_response(),
        Err(error) => sick(&error, "the object storage does not answer\n"),
    }
}

/// The reason goes to the log; strangers learn only what is wrong.
fn sick(error: &(dyn std::error::Error + 'static), what: &'static str) -> Response {
    tracing::error!(error, "the health check failed");
    (StatusCode::SERVICE_UNAVAILABLE, what).into_response()
}

async fn metrics(State(state): State<PublicState>, Extension(peer): Extension<Peer>) -> Response {
    if state.metrics_allow.zone_of(peer.ip()) == Zone::Internet {
        return (StatusCode::FORBIDDEN, "metrics are not for this address\n").into_response();
    }
    match state.exposition.render() {
        Ok(text) => ([(CONTENT_TYPE, Exposition::CONTENT_TYPE)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
