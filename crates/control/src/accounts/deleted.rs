//! What can still be restored: deleted accounts, and expunged messages of an account (AD-32, F-56).

use std::time::Duration;

use hikyaku_db::{Tx, WriteTx};
use hikyaku_directory::{
    AccountScope,
    accounts::{self, DeletedBefore, Details},
};
use hikyaku_mailstore::{RestorableBefore, RestorableMessage};
use hikyaku_types::{Permission, Timestamp};

use crate::{AccountRef, Actor, Area, ControlError, Reading};

/// A deleted account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletedView {
    /// What it was.
    pub details: Details,
    /// When it was deleted.
    pub deleted_at: Timestamp,
    /// Until when it can be restored at least.
    pub restorable_until: Timestamp,
}

/// Up to `limit` deleted accounts that the actor may restore, the latest first. `kept` is how long
/// they are kept. An actor of some domains sees a page with the accounts of others left out: it may
/// be shorter than `limit`, and the second answer is where the next one begins.
///
/// # Errors
/// [`ControlError::Forbidden`].
pub fn deleted(
    tx: &Tx<'_>,
    actor: &Actor,
    before: Option<DeletedBefore>,
    (limit, kept): (u32, Duration),
) -> Result<(Vec<DeletedView>, Option<DeletedBefore>), ControlError> {
    let area = actor.area(Permission::AccountsRead)?;
    let found = match &area {
        Area::Platform(scope) => accounts::list_deleted(tx, *scope, before, limit + 1)?,
        Area::Tenant(scope) | Area::Domains(scope, _) => {
            accounts::list_deleted(tx, *scope, before, limit + 1)?
        }
    };
    let more = found.len() > limit as usize;
    let page = found.get(..limit as usize).unwrap_or(&found);
    let next = page.last().filter(|_| more);
    let next = next.map(|(scope, at)| (*at, scope.account));
    let scopes: Vec<AccountScope> = page.iter().map(|(scope, _)| *scope).collect();
    let visible = |details: &Details| match &area {
        Area::Domains(_, domains) => domains.contains(&details.account.domain),
        _ => true,
    };
    let views = accounts::details_of(tx, &scopes)?
        .into_iter()
        .filter(visible)
        .filter_map(|details| {
            let deleted_at = details.deleted_at?;
            Some(DeletedView {
                restorable_until: deleted_at.plus(kept),
                deleted_at,
                details,
            })
        })
        .collect();
    Ok((views, next))
}

/// Up to `limit` restorable messages of an account, those expunged last first. Its owner sees in
/// the log that somebody looked.
///
/// # Errors
/// [`ControlError::NotFound`], [`ControlError::Forbidden`].
pub fn restorable_messages(
    tx: &WriteTx<'_>,
    actor: &Actor,
    which: &AccountRef,
    (before, limit): (Option<RestorableBefore>, u32),
) -> Result<Vec<RestorableMessage>, ControlError> {
    let account = which.find(tx, actor, Permission::MailboxesRepair)?;
    let found = hikyaku_mailstore::restorable(tx, account.scope, before, limit)?;
    let address = account.address.to_string();
    let reading = Reading {
        of: account.scope,
        address: &address,
        details: serde_json::json!({ "messages": found.len() }),
    };
    actor.log_reading(tx, "deleted_messages.read", reading)?;
    Ok(found)
}

/// The account whose deleted messages an actor is about to restore. What is brought back is logged
/// here, before it is done: it is done in chunks.
///
/// # Errors
/// [`ControlError::NotFound`], [`ControlError::Forbidden`].
pub fn of_deleted_messages(
    tx: &WriteTx<'_>,
    actor: &Actor,
    which: &AccountRef,
    messages: usize,
) -> Result<AccountScope, ControlError> {
    let account = which.find(tx, actor, Permission::MailboxesRepair)?;
    let details = accounts::details(tx, account.scope)?;
    let act = super::change::act(&details, "deleted_messages.restore");
    let act = act.after(serde_json::json!({ "messages": messages }));
    actor.log(tx, act.shown_to(account.scope.account))?;
    Ok(account.scope)
}
