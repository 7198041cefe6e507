//! Choosing another password in a session: the forced one at first sign-in (C-16), or by one's own
//! will (U-006).

use hikyaku_access::{
    browsers,
    sessions::{self, Session, SessionState, Shown, Token},
};
use hikyaku_db::{WriteTx, params};
use hikyaku_directory::{AccountScope, accounts, credentials, password::PasswordHash};
use hikyaku_notices::{Event, Notice, Recipient};
use hikyaku_oplog::Target;
use hikyaku_types::EmailAddress;
use serde_json::json;

use super::{Opened, held, open::advance, overview};
use crate::{
    Act, Actor, ControlError,
    authenticate::{self, Origin, Proof},
};

/// A password to set in a session.
#[derive(Debug, Clone)]
pub struct PasswordChange {
    /// The hash of the new one, which the policy accepts.
    pub hash: PasswordHash,
    /// From where it is asked.
    pub origin: Origin,
}

/// Sets the password of a session that has to, or of a complete one whose owner has just shown the
/// present password. All other sessions end, and no browser is remembered any more.
pub fn change_password(
    tx: &WriteTx<'_>,
    tokens: (&Token, &Token),
    change: &PasswordChange,
) -> Result<Opened, ControlError> {
    let states = [SessionState::Change, SessionState::Complete];
    let session = held(tx, tokens.0, &states)?;
    if session.state == SessionState::Complete {
        may_change(tx, session.scope)?;
    }
    let actor = own_actor(tx, &session, change.origin)?;
    let credential = replace(tx, &actor, session.scope, &change.hash, "account.password")?;
    sessions::revoke_all(tx, session.scope, Some(session.id))?;
    let shown = Shown::Password;
    advance(
        tx,
        &session,
        tokens,
        SessionState::Complete,
        shown,
        Some(credential),
    )
}

/// Writes down that the owner of a session has shown the password again.
pub fn confirm_password(tx: &WriteTx<'_>, token: &Token) -> Result<(), ControlError> {
    let session = held(tx, token, &[SessionState::Complete, SessionState::Enrol])?;
    Ok(sessions::authenticated(tx, &session)?)
}

/// Refuses where administrators manage the passwords (T-023).
fn may_change(tx: &WriteTx<'_>, scope: AccountScope) -> Result<(), ControlError> {
    let may: Option<bool> = tx.query_opt(
        "SELECT may_change_password FROM account WHERE tenant_id = ?1 AND id = ?2",
        params![scope.tenant, scope.account],
        |row| row.get(0),
    )?;
    if may == Some(true) {
        return Ok(());
    }
    Err(ControlError::conflict(
        "password_locked",
        "your administrator does not allow changing the password",
    ))
}

/// Sets the password of an account on its owner's behalf, tells the owner wherever possible, and
/// writes it down. Says the version of the new password, with which a session may go on.
pub(crate) fn replace(
    tx: &WriteTx<'_>,
    actor: &Actor,
    scope: AccountScope,
    hash: &PasswordHash,
    action: &'static str,
) -> Result<i64, ControlError> {
    credentials::set_password(tx, scope, hash)?;
    let version = tx.query_one(
        "SELECT version FROM credential
         WHERE tenant_id = ?1 AND account_id = ?2 AND kind = 'password'",
        params![scope.tenant, scope.account],
        |row| row.get(0),
    )?;
    browsers::forget_all(tx, scope)?;
    let account = accounts::load(tx, scope)?;
    for to in known_addresses(tx, scope)? {
        let notice = Notice::new(
            Event::PasswordChanged,
            scope.tenant_scope(),
            Recipient::Address(to, account.language),
            json!({ "by": account.address.to_string(), "address": account.address.to_string() }),
        );
        hikyaku_notices::enqueue(tx, &notice)?;
    }
    let target = Target::new("account", scope.account, &account.address);
    actor.log(tx, Act::in_tenant(scope.tenant, action, target))?;
    Ok(version)
}

/// The addresses where the owner of an account can be reached: the own mailbox, the address for
/// codes, the recovery address.
pub(crate) fn known_addresses(
    tx: &WriteTx<'_>,
    scope: AccountScope,
) -> Result<Vec<EmailAddress>, ControlError> {
    let mut known = vec![accounts::load(tx, scope)?.address];
    let all = overview(tx, scope)?;
    known.extend(all.confirmed().filter_map(|factor| factor.address.clone()));
    known.extend(crate::recovery::address_of(tx, scope)?);
    let mut different: Vec<EmailAddress> = Vec::with_capacity(known.len());
    for address in known {
        if !different.contains(&address) {
            different.push(address);
        }
    }
    Ok(different)
}

/// The owner of a session, as who acts. Nothing but what is the owner's own hangs on it.
pub(crate) fn own_actor(
    tx: &WriteTx<'_>,
    session: &Session,
    origin: Origin,
) -> Result<Actor, ControlError> {
    let proof = match session.factor_at {
        Some(_) => Proof::SecondFactor,
        None => Proof::Password,
    };
    let actor = authenticate::person(tx, session.scope, proof, origin)?;
    actor.ok_or(ControlError::NotFound { kind: "session" })
}
