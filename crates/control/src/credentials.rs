//! Passwords, app passwords, locks and the history of sign-ins: of one's own account, and of others
//! (US-03, US-06, US-07, T-023, T-028).
//!
//! Invariants:
//! - What only the person in person may do (making a way in) asks [`Actor::own_credentials`];
//!   nobody does it while acting as somebody else.
//! - Nobody sets the password of somebody with rights of which the actor lacks one
//!   ([`authenticate::must_cover`]).
//! - No secret is ever in the operation log.

mod app_passwords;
mod lock;
mod password;
mod sign_ins;

use hikyaku_access::lockout::{self, AccountSecurity};
use hikyaku_access::policy::MainPassword;
use hikyaku_db::{Row, Tx, WriteTx, params};
use hikyaku_directory::{Account, AccountScope, accounts};
use hikyaku_oplog::Target;
use hikyaku_types::{Permission, Timestamp};
use serde_json::json;

pub use app_passwords::{
    app_passwords_of, create_app_password, own_app_passwords, revoke_app_password,
    revoke_own_app_password,
};
pub use lock::LockNotices;
pub use password::{PasswordRules, rules, set_password};
pub use sign_ins::{own_sign_ins, sign_ins_of};

use crate::{AccountRef, Act, Actor, ControlError, authenticate};

/// How somebody may sign in, and what stands against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Security {
    /// Second factor, rule of the main password, lock.
    pub account: AccountSecurity,
    /// When the password was last changed; nothing when there is none.
    pub password_changed_at: Option<Timestamp>,
    /// When it last opened something, as written at most every ten minutes.
    pub password_used_at: Option<Timestamp>,
    /// Whether it has to be changed.
    pub must_change: bool,
}

/// What an administrator sees of an account's ways in.
pub fn security_of(
    tx: &Tx<'_>,
    actor: &Actor,
    account: &AccountRef,
) -> Result<Security, ControlError> {
    let account = account.find(tx, actor, Permission::AccountsRead)?;
    load(tx, account.scope)
}

/// Gives an account a rule of its own for its main password at mail programs, or the tenant's
/// again.
pub fn set_main_password_rule(
    tx: &WriteTx<'_>,
    actor: &Actor,
    account: &AccountRef,
    rule: Option<MainPassword>,
) -> Result<Security, ControlError> {
    let account = covered(tx, actor, account)?;
    let before = lockout::load(tx, account.scope)?.main_password;
    lockout::set_main_password(tx, account.scope, rule)?;
    let act = of_account(&account, "account.main_password_rule");
    let words = [before, rule].map(|rule| rule.map(MainPassword::word));
    let [before, after] = words.map(|word| json!({ "main_password": word }));
    actor.log(tx, act.before(before).after(after))?;
    load(tx, account.scope)
}

/// Ends the lock of an account; says whether one was in force.
pub fn unlock(tx: &WriteTx<'_>, actor: &Actor, account: &AccountRef) -> Result<bool, ControlError> {
    let account = account.find(tx, actor, Permission::CredentialsReset)?;
    let was_locked = lockout::unlock(tx, account.scope)?;
    if was_locked {
        actor.log(tx, of_account(&account, "account.unlock"))?;
    }
    Ok(was_locked)
}

fn load(tx: &Tx<'_>, scope: AccountScope) -> Result<Security, ControlError> {
    let password = tx.query_opt(
        "SELECT changed_at, last_used_at, must_change FROM credential
         WHERE tenant_id = ?1 AND account_id = ?2 AND kind = 'password'",
        params![scope.tenant, scope.account],
        |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    let (changed_at, used_at, must_change) = match password {
        Some((changed_at, used_at, must_change)) => (Some(changed_at), used_at, must_change),
        None => (None, None, false),
    };
    Ok(Security {
        account: lockout::load(tx, scope)?,
        password_changed_at: changed_at,
        password_used_at: used_at,
        must_change,
    })
}

/// An account whose credentials the actor may reset.
fn covered(tx: &Tx<'_>, actor: &Actor, account: &AccountRef) -> Result<Account, ControlError> {
    let account = account.find(tx, actor, Permission::CredentialsReset)?;
    authenticate::must_cover(tx, actor, account.scope)?;
    Ok(account)
}

/// The own account, in person.
fn own(tx: &Tx<'_>, actor: &Actor) -> Result<Account, ControlError> {
    Ok(accounts::load(tx, actor.own_credentials()?)?)
}

/// An act on an account, for the operation log.
fn of_account(account: &Account, action: &'static str) -> Act {
    let target = Target::new("account", account.scope.account, &account.address);
    Act::in_tenant(account.scope.tenant, action, target)
}
