//! App passwords: the owner makes and revokes them, administrators see and revoke them.

use hikyaku_access::{
    app_passwords::{self, AppPassword, AppPasswordError, AppSecret, NewAppPassword},
    policy,
    sessions::{SessionState, Token},
};
use hikyaku_db::{Tx, WriteTx};
use hikyaku_directory::Account;
use hikyaku_notices::{Event, Notice, Recipient};
use hikyaku_types::{AppPasswordId, Permission};
use serde_json::json;

use super::{of_account, own};
use crate::{AccountRef, Actor, ControlError, session};

/// Milliseconds of a day.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// One's own app passwords.
pub fn own_app_passwords(tx: &Tx<'_>, actor: &Actor) -> Result<Vec<AppPassword>, ControlError> {
    let scope = actor.own_credentials()?;
    Ok(app_passwords::list(tx, scope)?)
}

/// Makes an app password, and tells its owner. The secret was made outside of the transaction. A
/// session that somebody left open is not enough: it must have been shown the password lately.
pub fn create_app_password(
    tx: &WriteTx<'_>,
    actor: &Actor,
    session: &Token,
    new: &NewAppPassword,
    secret: &AppSecret,
) -> Result<AppPassword, ControlError> {
    let account = own(tx, actor)?;
    let held = session::held(tx, session, &[SessionState::Complete])?;
    if held.scope != account.scope || !held.is_fresh(tx.now()) {
        return Err(ControlError::conflict(
            "not_fresh",
            "show your password or a code again first: POST /api/v1/session/confirm",
        ));
    }
    let policy = policy::load(tx, account.scope.tenant_scope())?.app_passwords;
    if !policy.enabled {
        return Err(ControlError::conflict(
            "app_passwords_disabled",
            "your administrator does not allow app passwords",
        ));
    }
    if policy.max_days > 0 {
        let latest = tx.now().millis() + i64::from(policy.max_days) * DAY_MS;
        if new.expires_at.is_none_or(|end| end.millis() > latest) {
            let days = policy.max_days;
            let detail = format!("must be within {days} days: your administrator wants it to end");
            return Err(ControlError::invalid("expires_at", detail));
        }
    }
    let made = app_passwords::create(tx, account.scope, new, secret).map_err(refused)?;
    let notice = Notice::new(
        Event::AppPasswordCreated,
        account.scope.tenant_scope(),
        Recipient::Account(account.scope),
        json!({ "label": made.label }),
    );
    hikyaku_notices::enqueue(tx, &notice)?;
    let words: Vec<_> = made
        .protocols
        .iter()
        .map(|protocol| protocol.word())
        .collect();
    let after = json!({ "id": made.id, "label": made.label, "protocols": words });
    let act = of_account(&account, "app_password.create").after(after);
    actor.log(tx, act)?;
    Ok(made)
}

/// Revokes one of one's own app passwords: its sessions end.
pub fn revoke_own_app_password(
    tx: &WriteTx<'_>,
    actor: &Actor,
    id: AppPasswordId,
) -> Result<(), ControlError> {
    let account = own(tx, actor)?;
    revoke(tx, actor, &account, id)
}

/// The app passwords of an account.
pub fn app_passwords_of(
    tx: &Tx<'_>,
    actor: &Actor,
    account: &AccountRef,
) -> Result<Vec<AppPassword>, ControlError> {
    let account = account.find(tx, actor, Permission::AccountsRead)?;
    Ok(app_passwords::list(tx, account.scope)?)
}

/// Revokes an app password of an account: its sessions end.
pub fn revoke_app_password(
    tx: &WriteTx<'_>,
    actor: &Actor,
    account: &AccountRef,
    id: AppPasswordId,
) -> Result<(), ControlError> {
    let account = account.find(tx, actor, Permission::CredentialsReset)?;
    revoke(tx, actor, &account, id)
}

fn revoke(
    tx: &WriteTx<'_>,
    actor: &Actor,
    account: &Account,
    id: AppPasswordId,
) -> Result<(), ControlError> {
    let was = app_passwords::revoke(tx, account.scope, id).map_err(refused)?;
    let before = json!({ "id": was.id, "label": was.label });
    let act = of_account(account, "app_password.revoke").before(before);
    Ok(actor.log(tx, act)?)
}

fn refused(error: AppPasswordError) -> ControlError {
    match error {
        AppPasswordError::NoSuch => ControlError::NotFound {
            kind: "app_password",
        },
        AppPasswordError::Invalid { field, detail } => ControlError::Invalid { field, detail },
        AppPasswordError::Db(error) => error.into(),
        other => ControlError::conflict("too_many_app_passwords", other),
    }
}
