//! Who a login name stands for, with everything that decides on the sign-in: one query.

use hikyaku_db::{DbError, Row, Tx, Value, params};
use hikyaku_directory::{
    Account, AccountScope, LoginName, Stored as _,
    accounts::{AllowedNetworks, COLUMN_COUNT, COLUMNS, JOINS, read},
    credentials::{CredentialVersion, MustChange},
    password::PasswordHash,
    tenants::TenantStatus,
    unreadable,
};
use hikyaku_types::{AppPasswordId, Id as _, Timestamp};

use crate::{
    app_passwords::{self, AppPassword, AppSecret},
    policy::{MainPassword, SecurityPolicy},
};

/// An account that a name stands for, with what decides on its sign-in.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) account: Account,
    pub(super) tenant: TenantStatus,
    pub(super) password: Option<StoredPassword>,
    pub(super) policy: SecurityPolicy,
    /// From where the account itself may sign in.
    pub(super) networks: AllowedNetworks,
    /// Since when a second factor is on.
    pub(super) second_factor_at: Option<Timestamp>,
    /// The account's own rule instead of the tenant's.
    pub(super) main_password: Option<MainPassword>,
    pub(super) locked_until: Option<Timestamp>,
    /// Empty unless they were asked for.
    pub(super) app_passwords: Vec<StoredAppPassword>,
}

/// The stored password of an account.
#[derive(Debug, Clone)]
pub(super) struct StoredPassword {
    pub(super) version: CredentialVersion,
    pub(super) hash: PasswordHash,
    pub(super) must_change: MustChange,
}

/// An app password with the hash of its secret.
#[derive(Debug, Clone)]
pub(super) struct StoredAppPassword {
    pub(super) app: AppPassword,
    hash: blake3::Hash,
}

/// Whether app passwords are read as well: only where what was typed can be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AppPasswords {
    Read,
    LeftOut,
}

impl Candidate {
    /// The app password with this secret. All are compared, each in constant time.
    pub(super) fn app_password(&self, secret: &AppSecret) -> Option<&AppPassword> {
        let hash = secret.hash(self.account.scope.account);
        let mut found = None;
        for stored in &self.app_passwords {
            if stored.hash == hash {
                found = Some(&stored.app);
            }
        }
        found
    }

    /// The app password with this id.
    pub(super) fn app_password_of(&self, id: AppPasswordId) -> Option<&AppPassword> {
        let stored = self.app_passwords.iter().find(|stored| stored.app.id == id);
        stored.map(|stored| &stored.app)
    }
}

/// The account of a login name, if there is one.
pub(super) fn find(
    tx: &Tx<'_>,
    login: &LoginName,
    app: AppPasswords,
) -> Result<Option<Candidate>, DbError> {
    let name = match login {
        LoginName::Address(address) => address.canonical(),
        LoginName::Id(id) => id.as_str().to_owned(),
    };
    fetch(tx, &statement(login, app), params![name], app)
}

/// The account of a scope, if it is not deleted.
pub(super) fn of(
    tx: &Tx<'_>,
    scope: AccountScope,
    app: AppPasswords,
) -> Result<Option<Candidate>, DbError> {
    let sql = select("", OF_SCOPE, app);
    fetch(tx, &sql, params![scope.tenant, scope.account], app)
}

/// One row, or one for each app password.
fn fetch(
    tx: &Tx<'_>,
    sql: &str,
    params: &[Value<'_>],
    app: AppPasswords,
) -> Result<Option<Candidate>, DbError> {
    let mut found: Option<Candidate> = None;
    tx.query(sql, params, |row| {
        let candidate = match &mut found {
            Some(candidate) => candidate,
            None => found.insert(candidate(row)?),
        };
        let present =
            app == AppPasswords::Read && row.get::<Option<AppPasswordId>>(FIRST_OF_APP)?.is_some();
        if present {
            candidate.app_passwords.push(app_password(row)?);
        }
        Ok(())
    })?;
    Ok(found)
}

const OF_SCOPE: &str = "acc.tenant_id = ?1 AND acc.id = ?2";

fn statement(login: &LoginName, app: AppPasswords) -> String {
    match login {
        LoginName::Address(_) => select("", "own.canonical = ?1", app),
        LoginName::Id(_) => select(
            "JOIN login_alias l ON l.account_id = acc.id",
            "l.canonical = ?1",
            app,
        ),
    }
}

/// Columns behind the account's own.
const OWN_COLUMNS: &str = "t.status, c.version, c.secret, c.must_change, sp.policy, \
     sec.second_factor_at, sec.main_password, sec.locked_until, acc.networks";
const FIRST_OF_APP: usize = COLUMN_COUNT + 9;
const HASH_OF_APP: usize = FIRST_OF_APP + app_passwords::COLUMN_COUNT;

fn select(join: &str, condition: &str, app: AppPasswords) -> String {
    let (columns, app_join) = match app {
        AppPasswords::LeftOut => (String::new(), ""),
        AppPasswords::Read => (
            format!(", {}, ap.hash", app_passwords::COLUMNS),
            "LEFT JOIN app_password ap ON ap.tenant_id = acc.tenant_id AND ap.account_id = acc.id",
        ),
    };
    format!(
        "SELECT {COLUMNS}, {OWN_COLUMNS}{columns}
         FROM account acc {JOINS} {join}
         LEFT JOIN credential c ON c.account_id = acc.id AND c.kind = 'password'
         LEFT JOIN security_policy sp ON sp.tenant_id = acc.tenant_id
         LEFT JOIN account_security sec
                ON sec.tenant_id = acc.tenant_id AND sec.account_id = acc.id
         {app_join}
         WHERE {condition} AND acc.deleted_at IS NULL"
    )
}

fn candidate(row: &Row<'_>) -> Result<Candidate, DbError> {
    let password = match row.get::<Option<i64>>(COLUMN_COUNT + 1)? {
        Some(version) => Some(StoredPassword {
            version: CredentialVersion::from_i64(version),
            hash: PasswordHash::parse(row.text(COLUMN_COUNT + 2)?)
                .map_err(|_| unreadable(COLUMN_COUNT + 2, "a password hash"))?,
            must_change: if row.get(COLUMN_COUNT + 3)? {
                MustChange::AtNextSignIn
            } else {
                MustChange::No
            },
        }),
        None => None,
    };
    let policy = row.get::<Option<String>>(COLUMN_COUNT + 4)?;
    let main_password = match row.get::<Option<String>>(COLUMN_COUNT + 6)? {
        Some(word) => Some(
            MainPassword::from_word(&word)
                .ok_or_else(|| unreadable(COLUMN_COUNT + 6, "a rule of main passwords"))?,
        ),
        None => None,
    };
    Ok(Candidate {
        account: read(row)?,
        tenant: TenantStatus::read(row, COLUMN_COUNT)?,
        password,
        policy: SecurityPolicy::from_column(policy.as_deref(), COLUMN_COUNT + 4)?,
        networks: AllowedNetworks::from_storage(row.text(COLUMN_COUNT + 8)?)
            .ok_or_else(|| unreadable(COLUMN_COUNT + 8, "networks"))?,
        second_factor_at: row.get(COLUMN_COUNT + 5)?,
        main_password,
        locked_until: row.get(COLUMN_COUNT + 7)?,
        app_passwords: Vec::new(),
    })
}

fn app_password(row: &Row<'_>) -> Result<StoredAppPassword, DbError> {
    let hash = blake3::Hash::from_hex(row.text(HASH_OF_APP)?);
    Ok(StoredAppPassword {
        app: app_passwords::read(row, FIRST_OF_APP)?,
        hash: hash.map_err(|_| unreadable(HASH_OF_APP, "a hash"))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sign_in_looks_up_by_index_only() {
        for app in [AppPasswords::Read, AppPasswords::LeftOut] {
            for login in ["taro@example.test", "abcd001"] {
                let login = LoginName::parse(login).unwrap();
                hikyaku_db::testing::assert_only_searches(statement(&login, app), 1).await;
            }
            hikyaku_db::testing::assert_only_searches(select("", OF_SCOPE, app), 2).await;
        }
    }
}
