//! Stored credentials: one password per account for now; the table has room for other kinds.
//!
//! Every change of a password takes a new version number, drawn from the id generator and so never
//! seen before: what was remembered about an earlier version matches nothing any more. A rehash of
//! the same password with other parameters keeps the version.

use hikyaku_db::{DbError, Hint, Row, Tx, Value, WriteTx, params};
use hikyaku_types::{Id, Timestamp};

use crate::{AccountScope, DirectoryError, accounts, password::PasswordHash, stored::unreadable};

/// The generation of a stored credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CredentialVersion(i64);

impl Id for CredentialVersion {
    fn to_i64(self) -> i64 {
        self.0
    }

    fn from_i64(raw: i64) -> Self {
        Self(raw)
    }
}

impl std::fmt::Display for CredentialVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl From<CredentialVersion> for Value<'_> {
    fn from(version: CredentialVersion) -> Self {
        version.0.into()
    }
}

/// Whether the owner has to choose another password before anything else (C-16).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MustChange {
    /// The password holds: the default.
    #[default]
    No,
    /// At the next sign-in in a browser; until then it opens nothing else.
    AtNextSignIn,
}

/// Sets an account's password. Sign-ins with the old one fail from the commit on, on every node.
///
/// # Errors
/// [`DirectoryError::NoSuchAccount`].
pub fn set_password(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    password: &PasswordHash,
) -> Result<(), DirectoryError> {
    accounts::lock(tx, scope)?;
    let changed = tx.execute(
        "UPDATE credential SET secret = ?3, version = ?4, changed_at = ?5, must_change = 0
         WHERE tenant_id = ?1 AND account_id = ?2 AND kind = 'password'",
        params![
            scope.tenant,
            scope.account,
            password.as_str(),
            tx.new_id::<CredentialVersion>(),
            tx.now()
        ],
    )?;
    if changed == 0 {
        insert_password(tx, scope, password)?;
    }
    tx.hint(Hint::Account(scope.account));
    Ok(())
}

/// Takes an account's password away: nobody can sign in with one.
///
/// # Errors
/// [`DirectoryError::NoSuchAccount`].
pub fn remove_password(tx: &WriteTx<'_>, scope: AccountScope) -> Result<(), DirectoryError> {
    accounts::lock(tx, scope)?;
    tx.execute(
        "DELETE FROM credential WHERE tenant_id = ?1 AND account_id = ?2 AND kind = 'password'",
        params![scope.tenant, scope.account],
    )?;
    tx.hint(Hint::Account(scope.account));
    Ok(())
}

/// Says whether the password of an account has to be changed; one without a password has nothing to
/// change. The version stays: sessions of browsers go on and are asked.
///
/// # Errors
/// [`DirectoryError::NoSuchAccount`].
pub fn require_change(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    must_change: MustChange,
) -> Result<(), DirectoryError> {
    accounts::lock(tx, scope)?;
    tx.execute(
        "UPDATE credential SET must_change = ?3
         WHERE tenant_id = ?1 AND account_id = ?2 AND kind = 'password'",
        params![
            scope.tenant,
            scope.account,
            must_change == MustChange::AtNextSignIn
        ],
    )?;
    tx.hint(Hint::Account(scope.account));
    Ok(())
}

/// The account's password as stored; nothing when it has none.
pub fn password(
    tx: &Tx<'_>,
    scope: AccountScope,
) -> Result<Option<(CredentialVersion, PasswordHash)>, DbError> {
    tx.query_opt(
        "SELECT version, secret FROM credential
         WHERE tenant_id = ?1 AND account_id = ?2 AND kind = 'password'",
        params![scope.tenant, scope.account],
        |row| {
            let hash =
                PasswordHash::parse(row.text(1)?).map_err(|_| unreadable(1, "a password hash"))?;
            Ok((CredentialVersion::from_i64(row.get(0)?), hash))
        },
    )
}

/// When the account's password was last changed; nothing when it has none.
pub fn password_changed_at(
    tx: &Tx<'_>,
    scope: AccountScope,
) -> Result<Option<Timestamp>, DirectoryError> {
    Ok(tx.query_opt(
        "SELECT changed_at FROM credential
         WHERE tenant_id = ?1 AND account_id = ?2 AND kind = 'password'",
        params![scope.tenant, scope.account],
        |row: &Row<'_>| row.get(0),
    )?)
}

/// The first password of an account that has none; the caller holds the account.
pub(crate) fn insert_password(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    password: &PasswordHash,
) -> Result<(), DirectoryError> {
    let version: CredentialVersion = tx.new_id();
    tx.execute(
        "INSERT INTO credential
             (id, tenant_id, account_id, kind, secret, version, created_at, changed_at)
         VALUES (?1, ?2, ?3, 'password', ?4, ?1, ?5, ?5)",
        params![
            version,
            scope.tenant,
            scope.account,
            password.as_str(),
            tx.now()
        ],
    )?;
    Ok(())
}

/// Replaces the hash of a password by another hash of the same password, unless it was changed in
/// the meantime. Says whether it did.
pub fn upgrade_hash(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    version: CredentialVersion,
    password: &PasswordHash,
) -> Result<bool, DirectoryError> {
    let changed = tx.execute(
        "UPDATE credential SET secret = ?4
         WHERE tenant_id = ?1 AND account_id = ?2 AND version = ?3 AND kind = 'password'",
        params![scope.tenant, scope.account, version, password.as_str()],
    )?;
    Ok(changed == 1)
}
