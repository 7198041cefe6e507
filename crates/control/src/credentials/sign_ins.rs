//! The history of sign-ins (US-07).

use hikyaku_access::history::{self, Event, Query};
use hikyaku_db::Tx;
use hikyaku_types::Permission;

use crate::{AccountRef, Actor, ControlError};

/// One's own, the latest first.
pub fn own_sign_ins(tx: &Tx<'_>, actor: &Actor, query: Query) -> Result<Vec<Event>, ControlError> {
    let own = actor.own_account();
    let own = own.ok_or(ControlError::NotFound { kind: "account" })?;
    Ok(history::list(tx, own, query)?)
}

/// Those of an account, the latest first.
pub fn sign_ins_of(
    tx: &Tx<'_>,
    actor: &Actor,
    account: &AccountRef,
    query: Query,
) -> Result<Vec<Event>, ControlError> {
    let account = account.find(tx, actor, Permission::AccountsRead)?;
    Ok(history::list(tx, account.scope, query)?)
}
