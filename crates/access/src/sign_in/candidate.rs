//! Who a login name stands for: one query per sign-in.

use hikyaku_db::{DbError, Row, Tx, params};
use hikyaku_directory::{
    Account, AccountScope, LoginName, Stored as _,
    accounts::{COLUMN_COUNT, COLUMNS, JOINS, read},
    credentials::CredentialVersion,
    password::PasswordHash,
    tenants::{Admission, STANDING_COLUMN_COUNT, STANDING_COLUMNS, Standing, TenantStatus},
    unreadable,
};
use hikyaku_types::{Id as _, Timestamp};

/// An account that a name stands for, with what decides on its sign-in.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) account: Account,
    /// The status of the tenant, as far as it concerns this account: while the service is prepared
    /// it is active for those who have a role (O-010).
    pub(super) tenant: TenantStatus,
    pub(super) password: Option<StoredPassword>,
}

/// The stored password of an account.
#[derive(Debug, Clone)]
pub(super) struct StoredPassword {
    pub(super) version: CredentialVersion,
    pub(super) hash: PasswordHash,
}

/// The account of a login name, if there is one.
pub(super) fn find(tx: &Tx<'_>, login: &LoginName) -> Result<Option<Candidate>, DbError> {
    let name = match login {
        LoginName::Address(address) => address.canonical(),
        LoginName::Id(id) => id.as_str().to_owned(),
    };
    let found = tx.query_opt(&statement(login), params![name], |row| {
        candidate(row, tx.now())
    })?;
    admitted(tx, found)
}

/// The account of a scope, if it is not deleted.
pub(super) fn of(tx: &Tx<'_>, scope: AccountScope) -> Result<Option<Candidate>, DbError> {
    let found = tx.query_opt(
        &select("", OF_SCOPE),
        params![scope.tenant, scope.account],
        |row| candidate(row, tx.now()),
    )?;
    admitted(tx, found)
}

/// The candidate, with an eye on the role that lets it in while the service is prepared.
fn admitted(tx: &Tx<'_>, found: Option<Candidate>) -> Result<Option<Candidate>, DbError> {
    let Some(mut candidate) = found else {
        return Ok(None);
    };
    if candidate.tenant.admits() == Admission::Administrators {
        let scope = candidate.account.scope;
        let role = tx.query_opt(
            HAS_ROLE,
            params![scope.tenant, scope.account, tx.now()],
            |_| Ok(()),
        )?;
        if role.is_some() {
            candidate.tenant = TenantStatus::Active;
        }
    }
    Ok(Some(candidate))
}

const HAS_ROLE: &str = "SELECT 1 FROM role_grant WHERE tenant_id = ?1 AND account_id = ?2
     AND (expires_at IS NULL OR expires_at > ?3) LIMIT 1";

const OF_SCOPE: &str = "acc.tenant_id = ?1 AND acc.id = ?2";

fn statement(login: &LoginName) -> String {
    match login {
        LoginName::Address(_) => select("", "own.canonical = ?1"),
        LoginName::Id(_) => select(
            "JOIN login_alias l ON l.account_id = acc.id",
            "l.canonical = ?1",
        ),
    }
}

fn select(join: &str, condition: &str) -> String {
    format!(
        "SELECT {COLUMNS}, {STANDING_COLUMNS}, c.version, c.secret
         FROM account acc {JOINS} {join}
         LEFT JOIN credential c ON c.account_id = acc.id AND c.kind = 'password'
         WHERE {condition} AND acc.deleted_at IS NULL"
    )
}

fn candidate(row: &Row<'_>, now: Timestamp) -> Result<Candidate, DbError> {
    const PASSWORD: usize = COLUMN_COUNT + STANDING_COLUMN_COUNT;
    let password = match row.get::<Option<i64>>(PASSWORD)? {
        Some(version) => Some(StoredPassword {
            version: CredentialVersion::from_i64(version),
            hash: PasswordHash::parse(row.text(PASSWORD + 1)?)
                .map_err(|_| unreadable(PASSWORD + 1, "a password hash"))?,
        }),
        None => None,
    };
    Ok(Candidate {
        account: read(row)?,
        tenant: Standing::read(row, COLUMN_COUNT)?.at(now),
        password,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sign_in_looks_up_by_index_only() {
        for login in ["taro@example.test", "abcd001"] {
            let login = LoginName::parse(login).unwrap();
            hikyaku_db::testing::assert_only_searches(statement(&login), 1).await;
        }
        hikyaku_db::testing::assert_only_searches(select("", OF_SCOPE), 2).await;
        hikyaku_db::testing::assert_only_searches(HAS_ROLE.to_owned(), 3).await;
    }
}
