//! Who a login name stands for: one query per sign-in.

use hikyaku_db::{DbError, Row, Tx, params};
use hikyaku_types::Id as _;

use crate::{
    Account, AccountScope, LoginName,
    accounts::{COLUMN_COUNT, COLUMNS, JOINS, read},
    credentials::CredentialVersion,
    password::PasswordHash,
    stored::{Stored, unreadable},
    tenants::TenantStatus,
};

/// An account that a name stands for, with what decides on its sign-in.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) account: Account,
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
    tx.query_opt(&statement(login), params![name], candidate)
}

/// The account of a scope, if it is not deleted.
pub(super) fn of(tx: &Tx<'_>, scope: AccountScope) -> Result<Option<Candidate>, DbError> {
    tx.query_opt(
        &select("", OF_SCOPE),
        params![scope.tenant, scope.account],
        candidate,
    )
}

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
        "SELECT {COLUMNS}, t.status, c.version, c.secret
         FROM account acc {JOINS} {join}
         LEFT JOIN credential c ON c.account_id = acc.id AND c.kind = 'password'
         WHERE {condition} AND acc.deleted_at IS NULL"
    )
}

fn candidate(row: &Row<'_>) -> Result<Candidate, DbError> {
    let password = match row.get::<Option<i64>>(COLUMN_COUNT + 1)? {
        Some(version) => Some(StoredPassword {
            version: CredentialVersion::from_i64(version),
            hash: PasswordHash::parse(row.text(COLUMN_COUNT + 2)?)
                .map_err(|_| unreadable(COLUMN_COUNT + 2, "a password hash"))?,
        }),
        None => None,
    };
    Ok(Candidate {
        account: read(row)?,
        tenant: TenantStatus::read(row, COLUMN_COUNT)?,
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
    }
}
