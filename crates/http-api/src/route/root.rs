//! `/api/v1` itself: what there is, the version, and the document.

use axum::{
    Json,
    http::{
        HeaderValue,
        header::{CACHE_CONTROL, CONTENT_TYPE, ETAG},
    },
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    document,
    etag::{Etag, Tagged},
    services::Services,
};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default()
        .routes(routes!(root))
        .routes(routes!(version))
        .routes(routes!(openapi))
}

/// Where to begin.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Root {
    version: &'static str,
    links: Links,
}

/// Where things are.
#[derive(Debug, Serialize, ToSchema)]
struct Links {
    openapi: &'static str,
    version: &'static str,
}

/// What this program is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Version {
    version: &'static str,
    /// The version of the API in the path.
    api: u32,
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Shows where to begin.
#[utoipa::path(
    get, path = "/api/v1", tag = "server", operation_id = "root", security(()),
    responses((status = 200, description = "Version and links", body = Root)),
)]
pub(super) async fn root() -> Json<Root> {
    Json(Root {
        version: VERSION,
        links: Links {
            openapi: "/api/v1/openapi.json",
            version: "/api/v1/version",
        },
    })
}

/// Shows the version of the program.
#[utoipa::path(
    get, path = "/api/v1/version", tag = "server", operation_id = "version", security(()),
    responses((status = 200, description = "The version", body = Version)),
)]
pub(super) async fn version() -> Tagged<Version> {
    Tagged::whole(Version {
        version: VERSION,
        api: 1,
    })
}

/// Shows this document.
#[utoipa::path(
    get, path = "/api/v1/openapi.json", tag = "server", operation_id = "openapi", security(()),
    responses((status = 200, description = "The document", body = serde_json::Value)),
)]
pub(super) async fn openapi() -> Response {
    let text = document::get().text.clone();
    let tag = Etag::of_bytes(&text);
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Some(tag) = tag.header() {
        headers.insert(ETAG, tag);
    }
    response
}
