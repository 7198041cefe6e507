//! Initialising and repairing mailboxes, as jobs.

use axum::{Json, extract::State, http::StatusCode};
use hikyaku_control::{
    AccountRef, ControlError,
    usage::{self, Afterwards},
};
use hikyaku_db::{Lane, WriteTx};
use hikyaku_types::JobId;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    caller::Caller,
    problem::Problem,
    route::{Body, PathOf, jobs::JobView},
    services::Services,
};

/// What is to happen to all mail of a mailbox.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MailboxInitialise)]
pub(super) struct Initialise {
    /// The address of the mailbox, typed by whoever asks for this.
    confirm: String,
    /// Whether the mail is gone for good at once, with what was deleted before.
    #[serde(default)]
    erase: bool,
}

/// The same for the own mailbox.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OwnMailboxInitialise)]
pub(super) struct InitialiseOwn {
    /// The own address, typed.
    confirm: String,
}

/// Deletes all mail of a mailbox. It stays restorable like other deleted mail, unless it is erased.
#[utoipa::path(
    post, path = "/api/v1/accounts/{account}/initialise", tag = "accounts",
    operation_id = "account_initialise",
    params(("account" = String, Path, description = "Its id or address")),
    request_body = Initialise,
    responses(
        (status = 202, description = "The job", body = JobView),
        (status = 404, description = "`no_such_account`"),
    ),
)]
pub(super) async fn initialise(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(account): PathOf<AccountRef>,
    Body(wanted): Body<Initialise>,
) -> Result<(StatusCode, Json<JobView>), Problem> {
    let afterwards = if wanted.erase {
        Afterwards::Erased
    } else {
        Afterwards::Restorable
    };
    begin(&services, move |tx| {
        usage::initialise(tx, &actor, &account, (&wanted.confirm, afterwards))
    })
    .await
}

/// Computes again what is shown of a mailbox. The result of the job says what was found and mended.
#[utoipa::path(
    post, path = "/api/v1/accounts/{account}/repair", tag = "accounts",
    operation_id = "account_repair",
    params(("account" = String, Path, description = "Its id or address")),
    responses(
        (status = 202, description = "The job", body = JobView),
        (status = 404, description = "`no_such_account`"),
    ),
)]
pub(super) async fn repair(
    State(services): State<Services>,
    Caller(actor): Caller,
    PathOf(account): PathOf<AccountRef>,
) -> Result<(StatusCode, Json<JobView>), Problem> {
    begin(&services, move |tx| usage::repair(tx, &actor, &account)).await
}

/// Deletes all of the own mail, where the administrators let people do so. It stays restorable.
#[utoipa::path(
    post, path = "/api/v1/me/initialise", tag = "me", operation_id = "me_initialise",
    request_body = InitialiseOwn,
    responses(
        (status = 202, description = "The job", body = JobView),
        (status = 409, description = "`initialise_not_allowed`"),
    ),
)]
pub(super) async fn initialise_own(
    State(services): State<Services>,
    Caller(actor): Caller,
    Body(wanted): Body<InitialiseOwn>,
) -> Result<(StatusCode, Json<JobView>), Problem> {
    begin(&services, move |tx| {
        usage::initialise_own(tx, &actor, &wanted.confirm)
    })
    .await
}

/// Computes again what is shown of the own mailbox.
#[utoipa::path(
    post, path = "/api/v1/me/repair", tag = "me", operation_id = "me_repair",
    responses((status = 202, description = "The job", body = JobView)),
)]
pub(super) async fn repair_own(
    State(services): State<Services>,
    Caller(actor): Caller,
) -> Result<(StatusCode, Json<JobView>), Problem> {
    begin(&services, move |tx| usage::repair_own(tx, &actor)).await
}

/// Submits, and answers with the job.
async fn begin(
    services: &Services,
    submit: impl Fn(&WriteTx<'_>) -> Result<JobId, ControlError> + Send + 'static,
) -> Result<(StatusCode, Json<JobView>), Problem> {
    let job = services
        .db
        .write(Lane::Background, move |tx| {
            let id = submit(tx)?;
            Ok::<_, ControlError>(hikyaku_jobs::find(tx, id)?)
        })
        .await?;
    Ok((StatusCode::ACCEPTED, Json(JobView::new(&job, Vec::new()))))
}
