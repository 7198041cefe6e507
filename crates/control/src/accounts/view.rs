//! An account as administrators see it.

use std::collections::HashMap;

use hikyaku_db::{Tx, Value, sql::in_list};
use hikyaku_directory::{
    AccountScope,
    accounts::{self, Details},
    addresses, logins,
};
use hikyaku_mailstore::Usage;
use hikyaku_types::{AccountId, EmailAddress, Timestamp};

use super::quota::{self, QuotaOwner};
use crate::ControlError;

/// An account with what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccountView {
    /// Everything that is set of it.
    pub details: Details,
    /// What its mailbox holds and may hold.
    pub usage: Usage,
    /// How many aliases lead to it.
    pub aliases: u64,
    /// When its user last signed in, and how.
    pub last_sign_in: Option<LastSignIn>,
}

/// The latest sign-in of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastSignIn {
    /// When.
    pub at: Timestamp,
    /// By which protocol.
    pub protocol: String,
}

/// One account, with its other names.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WholeAccount {
    /// The account.
    pub view: AccountView,
    /// Who decides on the size of its mailbox (T-041).
    pub quota_owner: QuotaOwner,
    /// The aliases that lead to it.
    pub aliases: Vec<EmailAddress>,
    /// Registered legacy login ids (C-07).
    pub logins: Vec<String>,
}

/// Accounts of one statement. Longer lists take several.
const CHUNK: usize = 100;

/// One account with everything.
///
/// # Errors
/// [`ControlError::NotFound`] when it was erased in the meantime.
pub(crate) fn whole(tx: &Tx<'_>, scope: AccountScope) -> Result<WholeAccount, ControlError> {
    let mut views = many(tx, &[scope])?;
    let view = views
        .pop()
        .ok_or(ControlError::NotFound { kind: "account" })?;
    let aliases = addresses::list(tx, scope)?;
    let quota_owner = quota::owner(tx, scope.tenant_scope(), view.details.account.domain)?;
    Ok(WholeAccount {
        view,
        quota_owner,
        aliases: aliases.into_iter().map(|entry| entry.address).collect(),
        logins: logins::list(tx, scope)?,
    })
}

/// Accounts in the order asked for, in a number of statements that does not grow with each.
pub(crate) fn many(tx: &Tx<'_>, scopes: &[AccountScope]) -> Result<Vec<AccountView>, ControlError> {
    let details = accounts::details_of(tx, scopes)?;
    let mut facts = facts(tx, scopes)?;
    Ok(details
        .into_iter()
        .filter_map(|details| {
            let facts = facts.remove(&details.account.scope.account)?;
            Some(AccountView {
                details,
                usage: facts.usage,
                aliases: facts.aliases,
                last_sign_in: facts.last_sign_in,
            })
        })
        .collect())
}

/// What other rooms know of an account.
struct Facts {
    usage: Usage,
    aliases: u64,
    last_sign_in: Option<LastSignIn>,
}

fn facts(tx: &Tx<'_>, scopes: &[AccountScope]) -> Result<HashMap<AccountId, Facts>, ControlError> {
    let mut found = HashMap::with_capacity(scopes.len());
    for chunk in scopes.chunks(CHUNK) {
        let padded = chunk.iter().chain(chunk.last().into_iter().cycle());
        let ids: Vec<Value<'_>> = padded
            .take(CHUNK)
            .map(|scope| scope.account.into())
            .collect();
        tx.query(&statement(), &ids, |row| {
            let at: Option<Timestamp> = row.get(6)?;
            let protocol: Option<String> = row.get(7)?;
            let facts = Facts {
                usage: Usage {
                    bytes: row.get(1)?,
                    messages: row.get(2)?,
                    quota: hikyaku_mailstore::Quota {
                        bytes: row.get(3)?,
                        messages: row.get(4)?,
                    },
                },
                aliases: row.get(5)?,
                last_sign_in: at
                    .zip(protocol)
                    .map(|(at, protocol)| LastSignIn { at, protocol }),
            };
            found.insert(row.get(0)?, facts);
            Ok(())
        })?;
    }
    Ok(found)
}

/// Usage, aliases and the latest sign-in of so many accounts, each by index.
fn statement() -> String {
    let last = |column: &str| {
        format!(
            "(SELECT e.{column} FROM sign_in_event e
              WHERE e.tenant_id = m.tenant_id AND e.account_id = m.account_id
                AND e.result = 'success' ORDER BY e.last_at DESC, e.id DESC LIMIT 1)"
        )
    };
    format!(
        "SELECT m.account_id, m.used_bytes, m.used_messages, m.quota_bytes, m.quota_messages,
                (SELECT COUNT(*) FROM address a
                 WHERE a.tenant_id = m.tenant_id AND a.account_id = m.account_id
                   AND a.kind = 'alias' AND a.spread_id IS NULL)
                + (SELECT COUNT(*) FROM alias_target x
                   WHERE x.tenant_id = m.tenant_id AND x.account_id = m.account_id),
                {}, {}
         FROM mail_account m WHERE m.account_id IN ({})",
        last("last_at"),
        last("protocol"),
        in_list(1, CHUNK)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn facts_of_a_page_are_found_by_index() {
        hikyaku_db::testing::assert_only_searches(statement(), CHUNK).await;
    }
}
