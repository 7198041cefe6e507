//! `/api/v1/mailboxes/restore`

use axum::{Json, extract::State};
use hikyaku_directory::{DirectoryError, PlatformScope, accounts};
use hikyaku_mailstore::{MailboxPath, Selection};
use hikyaku_types::EmailAddress;
use serde::{Deserialize, Serialize};

use super::Body;
use crate::{problem::Problem, services::Services, timestamps};

/// What to bring back.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Restore {
    account: EmailAddress,
    folder: Option<String>,
    since: Option<String>,
}

/// What came back.
#[derive(Debug, Serialize)]
pub(super) struct Restored {
    restored: u64,
    over_quota: u64,
}

pub(super) async fn restore(
    State(services): State<Services>,
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
    let scope = services
        .db
        .read(move |tx| {
            let operator = PlatformScope::operator();
            accounts::find_by_address(tx, operator, &wanted.account).map(|found| found.scope)
        })
        .await
        .map_err(|error: DirectoryError| Problem::from(error))?;
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
