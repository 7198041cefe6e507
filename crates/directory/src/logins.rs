//! Registered legacy login ids (旧アカウントID, C-07): platform-wide unique names that stand for an
//! account at sign-in, on every protocol.

use hikyaku_db::{Hint, Tx, WriteTx, params};

use crate::{AccountScope, DirectoryError, LoginId, accounts};

/// Registers a login id for an account.
///
/// # Errors
/// [`DirectoryError::LoginIdInvalid`], [`DirectoryError::LoginTaken`] (also when the account has
/// it already), [`DirectoryError::NoSuchAccount`].
pub fn register(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    login: &str,
) -> Result<LoginId, DirectoryError> {
    let id: LoginId = login.parse()?;
    accounts::lock(tx, scope)?;
    let inserted = tx.execute(
        "INSERT INTO login_alias (canonical, shown, tenant_id, account_id, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (canonical) DO NOTHING",
        params![id.as_str(), login, scope.tenant, scope.account, tx.now()],
    )?;
    if inserted == 0 {
        return Err(DirectoryError::LoginTaken(login.to_owned()));
    }
    tx.hint(Hint::Account(scope.account));
    Ok(id)
}

/// Takes a login id away from an account.
///
/// # Errors
/// [`DirectoryError::LoginIdInvalid`], [`DirectoryError::NoSuchLogin`].
pub fn remove(tx: &WriteTx<'_>, scope: AccountScope, login: &str) -> Result<(), DirectoryError> {
    let id: LoginId = login.parse()?;
    let deleted = tx.execute(
        "DELETE FROM login_alias WHERE tenant_id = ?1 AND account_id = ?2 AND canonical = ?3",
        params![scope.tenant, scope.account, id.as_str()],
    )?;
    if deleted == 0 {
        return Err(DirectoryError::NoSuchLogin(login.to_owned()));
    }
    tx.hint(Hint::Account(scope.account));
    Ok(())
}

/// The login ids of an account as entered, by canonical form.
pub fn list(tx: &Tx<'_>, scope: AccountScope) -> Result<Vec<String>, DirectoryError> {
    Ok(tx.query(
        "SELECT shown FROM login_alias
         WHERE tenant_id = ?1 AND account_id = ?2 ORDER BY canonical",
        params![scope.tenant, scope.account],
        |row| row.get(0),
    )?)
}
