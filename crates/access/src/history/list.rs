//! Reading the history of one account.

use hikyaku_db::{DbError, Row, Tx, Value, params};
use hikyaku_directory::{AccountScope, unreadable};
use hikyaku_types::Timestamp;

use super::Outcome;

/// One or several tries that were alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The first of them.
    pub first_at: Timestamp,
    /// The last.
    pub last_at: Timestamp,
    /// How many.
    pub count: u64,
    /// The word of the protocol.
    pub protocol: String,
    /// Where the client stood.
    pub address: String,
    /// What it called itself, may be empty.
    pub client: String,
    /// What became of it.
    pub outcome: Outcome,
    /// The label of the app password, when it was one.
    pub app_password: Option<String>,
    id: i64,
}

/// Where a page begins: after this event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct After {
    last_at: Timestamp,
    id: i64,
}

impl After {
    /// The text of a cursor.
    pub fn to_cursor(self) -> String {
        format!("{}-{}", self.last_at.0, self.id)
    }

    /// The place of a cursor; nothing for a text that is none.
    pub fn from_cursor(text: &str) -> Option<Self> {
        let (at, id) = text.split_once('-')?;
        Some(Self {
            last_at: Timestamp(at.parse().ok()?),
            id: id.parse().ok()?,
        })
    }
}

impl Event {
    /// The place behind it.
    pub fn after(&self) -> After {
        After {
            last_at: self.last_at,
            id: self.id,
        }
    }
}

/// Which events.
#[derive(Debug, Clone, Copy, Default)]
pub struct Query {
    /// Only behind this one.
    pub after: Option<After>,
    /// At most so many.
    pub limit: u32,
}

/// The history of an account, the latest first.
pub fn list(tx: &Tx<'_>, scope: AccountScope, query: Query) -> Result<Vec<Event>, DbError> {
    let mut parameters: Vec<Value<'_>> = params![scope.tenant, scope.account, query.limit].to_vec();
    if let Some(after) = query.after {
        parameters.extend_from_slice(params![after.last_at, after.id]);
    }
    tx.query(&statement(query.after.is_some()), &parameters, read)
}

fn statement(after: bool) -> String {
    let after = if after {
        " AND (last_at, id) < (?4, ?5)"
    } else {
        ""
    };
    format!(
        "SELECT id, first_at, last_at, count, protocol, address, client, result, credential, label
         FROM sign_in_event WHERE tenant_id = ?1 AND account_id = ?2{after}
         ORDER BY last_at DESC, id DESC LIMIT ?3"
    )
}

fn read(row: &Row<'_>) -> Result<Event, DbError> {
    let label: String = row.get(9)?;
    Ok(Event {
        id: row.get(0)?,
        first_at: row.get(1)?,
        last_at: row.get(2)?,
        count: row.get(3)?,
        protocol: row.get(4)?,
        address: row.get(5)?,
        client: row.get(6)?,
        outcome: Outcome::from_word(row.text(7)?)
            .ok_or_else(|| unreadable(7, "an outcome of a sign-in"))?,
        app_password: (row.text(8)? == "app_password").then_some(label),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_history_is_found_by_index_only() {
        hikyaku_db::testing::assert_only_searches(statement(false), 3).await;
        hikyaku_db::testing::assert_only_searches(statement(true), 5).await;
    }

    #[test]
    fn a_cursor_comes_back() {
        let after = After {
            last_at: Timestamp(12),
            id: 34,
        };
        assert_eq!(After::from_cursor(&after.to_cursor()), Some(after));
        for text in ["", "1", "a-b", "1-"] {
            assert_eq!(After::from_cursor(text), None, "{text:?}");
        }
    }
}
