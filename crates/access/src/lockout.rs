//! The lock of an account whose password was tried too often: for everybody for a while, with an
//! end of its own (tenant policy), and with a way for administrators to end it.
//!
//! Invariants:
//! - Failures and locks are rows, so several processes count together and a restart forgets none.
//! - To the outside a locked account is one whose password is wrong. Its owner is told by notice.

use std::fmt;

use hikyaku_db::{DbError, Tx, WriteTx, params};
use hikyaku_directory::AccountScope;
use hikyaku_types::Timestamp;

use crate::policy::{self, MainPassword};

/// Hears of locks, within the transaction that makes them: writes the notice.
pub trait LockObserver: fmt::Debug + Send + Sync + 'static {
    /// An account was locked until then.
    ///
    /// # Errors
    /// Those of the database.
    fn locked(
        &self,
        tx: &WriteTx<'_>,
        scope: AccountScope,
        until: Timestamp,
    ) -> Result<(), DbError>;
}

/// Nobody hears.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unobserved;

impl LockObserver for Unobserved {
    fn locked(&self, _: &WriteTx<'_>, _: AccountScope, _: Timestamp) -> Result<(), DbError> {
        Ok(())
    }
}

/// What sign-in asks of an account besides its credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AccountSecurity {
    /// Since when a second factor is on.
    pub second_factor_at: Option<Timestamp>,
    /// The account's own rule instead of the tenant's.
    pub main_password: Option<MainPassword>,
    /// Until when the main password opens nothing; may be past.
    pub locked_until: Option<Timestamp>,
}

/// Reads it.
pub fn load(tx: &Tx<'_>, scope: AccountScope) -> Result<AccountSecurity, DbError> {
    let found = tx.query_opt(
        "SELECT second_factor_at, main_password, locked_until FROM account_security
         WHERE tenant_id = ?1 AND account_id = ?2",
        params![scope.tenant, scope.account],
        |row| {
            let word = row.get::<Option<String>>(1)?;
            Ok(AccountSecurity {
                second_factor_at: row.get(0)?,
                main_password: word.as_deref().and_then(MainPassword::from_word),
                locked_until: row.get(2)?,
            })
        },
    )?;
    Ok(found.unwrap_or_default())
}

/// Ends a lock, and forgets the failures that led to it. Says whether there was one in force.
pub fn unlock(tx: &WriteTx<'_>, scope: AccountScope) -> Result<bool, DbError> {
    let before = load(tx, scope)?;
    tx.execute(
        "UPDATE account_security SET failures = 0, failures_since = NULL, locked_until = NULL
         WHERE tenant_id = ?1 AND account_id = ?2",
        params![scope.tenant, scope.account],
    )?;
    tx.hint(hikyaku_db::Hint::Account(scope.account));
    Ok(before.locked_until.is_some_and(|until| tx.now() < until))
}

/// Counts failures of an account, and locks it when they are too many.
pub(crate) fn count(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    failures: u32,
    observer: &dyn LockObserver,
) -> Result<(), DbError> {
    let living = tx.query_opt(
        "SELECT id FROM account WHERE tenant_id = ?1 AND id = ?2 AND deleted_at IS NULL FOR UPDATE",
        params![scope.tenant, scope.account],
        |_| Ok(()),
    )?;
    let policy = policy::load(tx, scope.tenant_scope())?.lockout;
    if living.is_none() || policy.failures == 0 {
        return Ok(());
    }
    let now = tx.now();
    let before = tx.query_opt(
        "SELECT failures, failures_since, locked_until FROM account_security
         WHERE tenant_id = ?1 AND account_id = ?2",
        params![scope.tenant, scope.account],
        |row| {
            let counted: (u32, Option<Timestamp>) = (row.get(0)?, row.get(1)?);
            Ok((counted, row.get::<Option<Timestamp>>(2)?))
        },
    )?;
    let (counted, locked_until) = before.unwrap_or_default();
    if locked_until.is_some_and(|until| now < until) {
        return Ok(());
    }
    let (so_far, since) = match counted {
        (so_far, Some(since)) if now.since(since) < policy.window() => (so_far, since),
        _ => (0, now),
    };
    let total = so_far.saturating_add(failures);
    let locks = total >= policy.failures;
    let until = locks.then(|| now.plus(policy.lock()));
    let (total, since) = if locks {
        (0, None)
    } else {
        (total, Some(since))
    };
    tx.execute(
        "INSERT INTO account_security
             (tenant_id, account_id, failures, failures_since, locked_until)
         VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (tenant_id, account_id) DO UPDATE
             SET failures = excluded.failures, failures_since = excluded.failures_since,
                 locked_until = excluded.locked_until",
        params![scope.tenant, scope.account, total, since, until],
    )?;
    match until {
        Some(until) => {
            tracing::warn!(account.id = %scope.account, "locked after too many failed sign-ins");
            observer.locked(tx, scope, until)
        }
        None => Ok(()),
    }
}

/// Says since when a second factor is on, or that none is (by whoever keeps the factors). In force
/// at once, also for sessions that are open.
pub fn set_second_factor(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    since: Option<Timestamp>,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO account_security (tenant_id, account_id, second_factor_at)
         VALUES (?1, ?2, ?3)
         ON CONFLICT (tenant_id, account_id)
         DO UPDATE SET second_factor_at = excluded.second_factor_at",
        params![scope.tenant, scope.account, since],
    )?;
    tx.hint(hikyaku_db::Hint::Account(scope.account));
    Ok(())
}

/// Gives an account a rule of its own for its main password, or the tenant's again.
pub fn set_main_password(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    rule: Option<MainPassword>,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO account_security (tenant_id, account_id, main_password) VALUES (?1, ?2, ?3)
         ON CONFLICT (tenant_id, account_id)
         DO UPDATE SET main_password = excluded.main_password",
        params![scope.tenant, scope.account, rule.map(MainPassword::word)],
    )?;
    tx.hint(hikyaku_db::Hint::Account(scope.account));
    Ok(())
}
