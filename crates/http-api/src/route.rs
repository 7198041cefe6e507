//! `/api/v1`: one file per kind of thing, merged here and nowhere else.
//!
//! How a route is written:
//! - A file has `pub(super) fn routes() -> OpenApiRouter<Services>`; `routes!(list, create)` takes
//!   the handlers of *one* path.
//! - A handler has `#[utoipa::path(…)]` with the full path (`/api/v1/…`), `tag` (the area),
//!   `operation_id` (unique, `account_create`), `params(…)`, `request_body = …` and its own
//!   responses; its doc comment is the summary. A problem is said as
//!   `(status = 409, description = "`address_taken`")`; what holds for all is added by
//!   [`crate::document`]. Who honours `If-Match` says `(status = 412, description = "")`.
//!   An operation without signing in says `security(())`.
//! - A handler takes `Caller(actor)` and gives it to `control`, within one transaction.
//! - What is read and answered has `ToSchema`; the names of schemas are unique in the whole
//!   document (`#[schema(as = AccountChange)]`), ids and addresses are `#[schema(value_type =
//!   String)]`.
//! - Answers with secrets that are shown once are wrapped in `idempotency::OnceOnly`.

mod account_import;
mod accounts;
mod aliases;
mod announcements;
mod api_keys;
mod app_passwords;
mod bulk;
mod doctor;
mod domains;
mod exports;
mod grants;
mod impersonations;
mod imports;
mod invitations;
mod jobs;
mod mailbox_export;
mod mailbox_fetch;
mod mailbox_import;
mod mailbox_restore;
mod mailbox_transfer;
mod me_factors;
mod me_profile;
mod me_recovery;
mod me_rights;
mod me_sessions;
mod notices;
mod operation_log;
mod options;
mod password_reset;
mod passwords;
mod plans;
mod queue;
mod queue_change;
mod queue_reach;
mod roles;
mod root;
mod security_policy;
mod session;
mod sign_ins;
mod templates;
mod tenants;
mod trace;
mod usage;

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{Method, StatusCode},
    middleware::from_fn_with_state,
    response::{IntoResponse as _, Response},
};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

pub(crate) use crate::extract::{Body, PathOf, QueryOf};
use crate::{
    accompany::accompany,
    authenticate,
    caller::Audience,
    frame::{Frame, Limits},
    idempotency,
    options::HttpOptions,
    problem::Problem,
    services::Services,
};

/// Bytes of a JSON request at most.
const MAX_JSON_BYTES: usize = 1 << 20;

/// All areas.
fn areas() -> OpenApiRouter<Services> {
    OpenApiRouter::default()
        .merge(root::routes())
        .merge(session::routes())
        .merge(password_reset::routes())
        .merge(invitations::routes())
        .merge(me_factors::routes())
        .merge(me_recovery::routes())
        .merge(me_sessions::routes())
        .merge(tenants::routes())
        .merge(domains::routes())
        .merge(plans::routes())
        .merge(options::routes())
        .merge(accounts::routes())
        .merge(account_import::routes())
        .merge(aliases::routes())
        .merge(templates::routes())
        .merge(me_profile::routes())
        .merge(bulk::routes())
        .merge(exports::routes())
        .merge(imports::routes())
        .merge(jobs::routes())
        .merge(mailbox_restore::routes())
        .merge(mailbox_fetch::routes())
        .merge(mailbox_import::routes())
        .merge(mailbox_export::routes())
        .merge(notices::routes())
        .merge(announcements::routes())
        .merge(roles::routes())
        .merge(grants::routes())
        .merge(api_keys::routes())
        .merge(impersonations::routes())
        .merge(operation_log::routes())
        .merge(me_rights::routes())
        .merge(queue::routes())
        .merge(queue_change::routes())
        .merge(app_passwords::routes())
        .merge(passwords::routes())
        .merge(security_policy::routes())
        .merge(sign_ins::routes())
        .merge(trace::routes())
        .merge(usage::routes())
        .merge(doctor::routes())
}

/// What the handlers say of themselves.
pub(crate) fn described() -> OpenApi {
    areas().into_openapi()
}

/// The API for the local socket, or for the caller's own process. Whoever reaches it is the
/// operator: `own_user` is who asks where no other process does.
pub fn control_router(services: Services, own_uid: u32) -> Router {
    let own_user = crate::console_user::name_of(own_uid);
    let frame = frame(
        services,
        Audience::Console,
        own_user,
        HttpOptions::default(),
    );
    let inner = inner(&frame).layer(from_fn_with_state(frame.clone(), authenticate::console));
    inner.layer(from_fn_with_state(frame, accompany))
}

/// The API for the network: whoever asks must sign in or bring an API key.
pub fn network_router(services: Services, options: HttpOptions) -> Router {
    let frame = frame(services, Audience::Network, String::new(), options);
    let inner = inner(&frame).layer(from_fn_with_state(frame.clone(), authenticate::network));
    inner.layer(from_fn_with_state(frame, accompany))
}

fn frame(services: Services, audience: Audience, own_user: String, options: HttpOptions) -> Frame {
    Frame {
        services,
        audience,
        own_user: own_user.into(),
        limits: Arc::new(Limits::new(&options)),
        options: Arc::new(options),
    }
}

fn inner(frame: &Frame) -> Router {
    let routes: Router<Services> = areas().into();
    routes
        .method_not_allowed_fallback(not_allowed)
        .route("/api/v1/{*unknown}", axum::routing::any(unknown))
        .fallback(unknown)
        .layer(DefaultBodyLimit::max(MAX_JSON_BYTES))
        .layer(from_fn_with_state(frame.clone(), idempotency::keep))
        .with_state(frame.services.clone())
}

/// The router adds `Allow` to this answer.
async fn not_allowed(method: Method) -> Response {
    if method == Method::OPTIONS {
        return StatusCode::NO_CONTENT.into_response();
    }
    let detail = format!("{method} does not exist at this path; the header Allow says what does");
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail).into_response()
}

async fn unknown() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "no_such_route",
        "there is nothing at this path",
    )
}
