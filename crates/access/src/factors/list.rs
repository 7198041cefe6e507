//! The factors of an account, and what sign-in knows of them.

use hikyaku_db::{DbError, Hint, Row, Tx, WriteTx, params};
use hikyaku_directory::AccountScope;
use hikyaku_types::{FactorId, Timestamp};

use super::{ADDRESS_SETUP_MAX, FACTORS_MAX, Factor, FactorError, FactorKind, SETUP_WINDOW};
use crate::browsers;

/// What an account has to show besides its password.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Overview {
    /// Its factors, in the order they were entered; those being set up are among them.
    pub factors: Vec<Factor>,
    /// Backup codes that were not used yet.
    pub backup_codes: u32,
}

impl Overview {
    /// The confirmed factors.
    pub fn confirmed(&self) -> impl Iterator<Item = &Factor> {
        let confirmed = |factor: &&Factor| factor.confirmed_at.is_some();
        self.factors.iter().filter(confirmed)
    }

    /// Whether a code is asked for at sign-in.
    pub fn is_on(&self) -> bool {
        self.confirmed().next().is_some()
    }
}

/// Whether an account must have a factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demand {
    /// As its owner likes.
    Optional,
    /// It must.
    Required,
}

const OF_ACCOUNT: &str = "SELECT id, kind, label, address, created_at, confirmed_at, \
     last_used_at FROM second_factor WHERE tenant_id = ?1 AND account_id = ?2 ORDER BY id";

/// The factors of an account.
pub fn overview(tx: &Tx<'_>, scope: AccountScope) -> Result<Overview, DbError> {
    let mut factors = tx.query(OF_ACCOUNT, params![scope.tenant, scope.account], factor)?;
    factors.retain(|factor| {
        factor.confirmed_at.is_some() || is_within_setup(factor.kind, factor.created_at, tx.now())
    });
    let backup_codes = tx.query_one(
        "SELECT COUNT(*) FROM backup_code
         WHERE tenant_id = ?1 AND account_id = ?2 AND used_at IS NULL",
        params![scope.tenant, scope.account],
        |row| row.get(0),
    )?;
    Ok(Overview {
        factors,
        backup_codes,
    })
}

/// Removes a factor. With the last one go the backup codes and the remembered browsers.
///
/// # Errors
/// [`FactorError::NoSuchFactor`], [`FactorError::LastRequired`].
pub fn remove(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    id: FactorId,
    demand: Demand,
) -> Result<Factor, FactorError> {
    lock(tx, scope)?;
    let before = overview(tx, scope)?;
    let found = before.factors.iter().find(|factor| factor.id == id);
    let factor = found.ok_or(FactorError::NoSuchFactor)?;
    let is_last = factor.confirmed_at.is_some() && before.confirmed().count() == 1;
    if is_last && demand == Demand::Required {
        return Err(FactorError::LastRequired);
    }
    tx.execute(
        "DELETE FROM second_factor WHERE tenant_id = ?1 AND account_id = ?2 AND id = ?3",
        params![scope.tenant, scope.account, id],
    )?;
    if is_last {
        clear(tx, scope)?;
    }
    changed(tx, scope)?;
    Ok(factor.clone())
}

/// Removes everything: the owner has lost it all (an administrator does this). Says how many
/// confirmed factors there were.
pub fn remove_all(tx: &WriteTx<'_>, scope: AccountScope) -> Result<usize, FactorError> {
    lock(tx, scope)?;
    let before = overview(tx, scope)?.confirmed().count();
    tx.execute(
        "DELETE FROM second_factor WHERE tenant_id = ?1 AND account_id = ?2",
        params![scope.tenant, scope.account],
    )?;
    tx.execute(
        "UPDATE web_account SET factor_failures = 0, factor_failed_at = NULL
         WHERE tenant_id = ?1 AND account_id = ?2",
        params![scope.tenant, scope.account],
    )?;
    clear(tx, scope)?;
    changed(tx, scope)?;
    Ok(before)
}

/// Enters a factor that is still to be confirmed, in place of those whose set-up took too long.
pub(super) fn insert(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    kind: FactorKind,
    label: &str,
    secret: &str,
    address: &str,
) -> Result<FactorId, FactorError> {
    lock(tx, scope)?;
    tx.execute(
        "DELETE FROM second_factor WHERE tenant_id = ?1 AND account_id = ?2
           AND confirmed_at IS NULL AND (created_at <= ?3 OR kind = ?4)",
        params![
            scope.tenant,
            scope.account,
            tx.now().minus(ADDRESS_SETUP_MAX),
            kind.word()
        ],
    )?;
    let present: u32 = tx.query_one(
        "SELECT COUNT(*) FROM second_factor WHERE tenant_id = ?1 AND account_id = ?2",
        params![scope.tenant, scope.account],
        |row| row.get(0),
    )?;
    if present >= FACTORS_MAX {
        return Err(FactorError::TooManyFactors);
    }
    let id: FactorId = tx.new_id();
    tx.execute(
        "INSERT INTO second_factor
             (id, tenant_id, account_id, kind, label, secret, address, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            id,
            scope.tenant,
            scope.account,
            kind.word(),
            label,
            secret,
            address,
            tx.now()
        ],
    )?;
    Ok(id)
}

/// Locks what the web knows of an account, and so everything about its factors.
pub fn lock(tx: &WriteTx<'_>, scope: AccountScope) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO web_account (tenant_id, account_id) VALUES (?1, ?2)
         ON CONFLICT (tenant_id, account_id) DO NOTHING",
        params![scope.tenant, scope.account],
    )?;
    tx.query_one(
        "SELECT account_id FROM web_account WHERE tenant_id = ?1 AND account_id = ?2 FOR UPDATE",
        params![scope.tenant, scope.account],
        |_| Ok(()),
    )
}

/// Tells sign-in since when the account has a factor on.
pub(super) fn changed(tx: &WriteTx<'_>, scope: AccountScope) -> Result<(), DbError> {
    let since: Option<Timestamp> = tx.query_one(
        "SELECT MIN(confirmed_at) FROM second_factor WHERE tenant_id = ?1 AND account_id = ?2",
        params![scope.tenant, scope.account],
        |row| row.get(0),
    )?;
    tx.execute(
        "INSERT INTO account_security (tenant_id, account_id, second_factor_at)
         VALUES (?1, ?2, ?3)
         ON CONFLICT (tenant_id, account_id)
         DO UPDATE SET second_factor_at = excluded.second_factor_at",
        params![scope.tenant, scope.account, since],
    )?;
    tx.hint(Hint::Account(scope.account));
    Ok(())
}

/// Whether a factor that was entered at an instant may still be confirmed.
pub(super) fn is_within_setup(kind: FactorKind, created_at: Timestamp, now: Timestamp) -> bool {
    let window = match kind {
        FactorKind::Totp => SETUP_WINDOW,
        FactorKind::Email => ADDRESS_SETUP_MAX,
    };
    now.since(created_at) < window
}

/// Removes what is worth nothing without a factor.
fn clear(tx: &WriteTx<'_>, scope: AccountScope) -> Result<(), DbError> {
    tx.execute(
        "DELETE FROM backup_code WHERE tenant_id = ?1 AND account_id = ?2",
        params![scope.tenant, scope.account],
    )?;
    browsers::forget_all(tx, scope)?;
    Ok(())
}

fn factor(row: &Row<'_>) -> Result<Factor, DbError> {
    let kind = FactorKind::from_word(row.text(1)?).ok_or(DbError::Conversion {
        index: 1,
        expected: "a kind of second factor",
        found: "another text",
    })?;
    Ok(Factor {
        id: row.get(0)?,
        kind,
        label: row.get(2)?,
        address: row.text(3)?.parse().ok(),
        created_at: row.get(4)?,
        confirmed_at: row.get(5)?,
        last_used_at: row.get(6)?,
    })
}

#[cfg(test)]
mod tests {
    #[tokio::test]
    async fn the_list_of_factors_looks_up_by_index() {
        hikyaku_db::testing::assert_only_searches(super::OF_ACCOUNT.to_owned(), 2).await;
    }
}
