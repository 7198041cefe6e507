//! What reading mail in and writing it out have in common.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::http::StatusCode;
use hikyaku_control::{AccountRef, Act, Actor, ControlError};
use hikyaku_db::Lane;
use hikyaku_directory::Account;
use hikyaku_mailstore::{MailboxPath, transfer::TransferError};
use hikyaku_oplog::Target;
use hikyaku_types::Permission;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    problem::{Problem, chain},
    services::Services,
};

/// A form in which mail is kept in files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = MailFormat)]
pub(super) enum Format {
    Mbox,
    Maildir,
}

/// The account, for somebody who may move mail between the store and the server's disk.
pub(super) async fn account_of(
    services: &Services,
    actor: &Arc<Actor>,
    account: AccountRef,
) -> Result<Account, ControlError> {
    actor.on_platform(Permission::SystemWrite)?;
    let actor = Arc::clone(actor);
    services
        .db
        .read(move |tx| account.find(tx, &actor, Permission::AccountsRead))
        .await
}

/// Writes down what is done to the mail of an account, before it begins: the work is made of many
/// transactions. Its owner sees the entry.
pub(super) async fn log(
    services: &Services,
    actor: &Arc<Actor>,
    of: &Account,
    action: &'static str,
    details: serde_json::Value,
) -> Result<(), Problem> {
    let actor = Arc::clone(actor);
    let (scope, address) = (of.scope, of.address.to_string());
    let logging = services.db.write(Lane::Background, move |tx| {
        let target = Target::new("account", scope.account, &address);
        let act = Act::in_tenant(scope.tenant, action, target);
        actor.log(tx, act.after(&details).shown_to(scope.account))
    });
    Ok(logging.await?)
}

/// The server may stand in another folder than whoever asks.
pub(super) fn check_path(path: &Path) -> Result<PathBuf, Problem> {
    if path.is_absolute() {
        return Ok(path.to_owned());
    }
    Err(Problem::bad_field("path", "the path must be absolute"))
}

/// The folder that a request names.
pub(super) fn folder_of(name: Option<&String>) -> Result<Option<MailboxPath>, Problem> {
    let parse = |name: &String| {
        name.parse()
            .map_err(|error| Problem::bad_field("folder", chain(&error)))
    };
    name.map(parse).transpose()
}

impl From<TransferError> for Problem {
    fn from(error: TransferError) -> Self {
        let bad = StatusCode::BAD_REQUEST;
        match error {
            TransferError::Mail(error) => error.into(),
            TransferError::NotMbox { .. } => Self::new(bad, "not_mbox", chain(&error)),
            TransferError::NotMaildir { .. } => Self::new(bad, "not_maildir", chain(&error)),
            TransferError::File { .. } => Self::new(bad, "file", chain(&error)),
            TransferError::NotEmpty { .. } => Self::new(bad, "not_empty", chain(&error)),
            TransferError::OtherExport { .. } => Self::new(bad, "other_export", chain(&error)),
            other => Self::bad_request(chain(&other)),
        }
    }
}
