//! `/api/v1/mailboxes/restore`

use std::sync::Arc;

use axum::{Json, extract::State};
use hikyaku_control::AccountRef;
use hikyaku_mailstore::{MailboxPath, Selection};
use hikyaku_types::Permission;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Body, mailbox_transfer::log};
use crate::{caller::Caller, problem::Problem, services::Services, timestamps};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default().routes(routes!(restore))
}

/// What to bring back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MailboxRestore)]
pub(super) struct Restore {
    /// Its id or address.
    #[schema(value_type = String)]
    account: AccountRef,
    folder: Option<String>,
    since: Option<String>,
}

/// What came back.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MailboxRestored)]
pub(super) struct Restored {
    restored: u64,
    over_quota: u64,
}

/// Brings deleted messages back.
#[utoipa::path(
    post, path = "/api/v1/mailboxes/restore", tag = "mailboxes",
    operation_id = "mailbox_restore", request_body = Restore,
    responses(
        (status = 200, description = "What came back", body = Restored),
        (status = 404, description = "`no_such_account`, `no_such_mailbox`"),
    ),
)]
pub(super) async fn restore(
    State(services): State<Services>,
    Caller(actor): Caller,
    Body(wanted): Body<Restore>,
) -> Result<Json<Restored>, Problem> {
    let folder = match wanted.folder.as_deref() {
        Some(name) => Some(
            name.parse::<MailboxPath>()
                .map_err(|e| Problem::bad_field("folder", e))?,
        ),
        None => None,
    };
    let since = match wanted.since.as_deref() {
        Some(text) => Some(timestamps::parse(text).map_err(|e| Problem::bad_field("since", e))?),
        None => None,
    };
    let (asking, wanted_folder) = (Arc::clone(&actor), wanted.folder.clone());
    let wanted_since = wanted.since.clone();
    let account = services
        .db
        .read(move |tx| {
            wanted
                .account
                .find(tx, &asking, Permission::MailboxesRepair)
        })
        .await?;
    let scope = account.scope;
    let details = json!({ "folder": wanted_folder, "since": wanted_since });
    log(&services, &actor, &account, "mailbox.restore", details).await?;
    let report = services
        .mailstore
        .restore(
            scope,
            &Selection {
                since,
                mailbox: folder,
            },
        )
        .await?;
    Ok(Json(Restored {
        restored: report.restored,
        over_quota: report.over_quota,
    }))
}
