//! Searching: newest first, by pages.

use hikyaku_db::{DbError, Row, Tx, Value, params};
use hikyaku_types::{AccountId, Timestamp};

use crate::{Chain, Entry, body::Body, chain, words};

/// Entries of one page at most.
pub const MAX_PAGE: u32 = 500;
/// Entries that a search by words or by the beginning of an action looks at for one page: such a
/// page may hold fewer entries than asked for, or none, and still have a next one.
pub const MAX_LOOKED_AT: i64 = 20_000;

/// What to look for. Everything that is given must be true of an entry.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// Not before.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
    /// The id of who acted.
    pub actor: Option<String>,
    /// Kind and id of what was acted on.
    pub target: Option<(String, String)>,
    /// How the action begins: `account.`
    pub action: Option<String>,
    /// Words in names, action and reason, in any case and width.
    pub text: Option<String>,
    /// Only what the owner of this account sees.
    pub shown_to: Option<AccountId>,
    /// Only entries with lower numbers: the cursor.
    pub before: Option<i64>,
    /// At most so many, up to [`MAX_PAGE`].
    pub limit: u32,
}

/// One page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The entries, newest first.
    pub entries: Vec<Entry>,
    /// The cursor of the next page.
    pub next: Option<i64>,
}

/// Looks for entries of a chain.
pub fn search(tx: &Tx<'_>, chain: Chain, wanted: &Search) -> Result<Found, DbError> {
    let Some((bottom, top)) = stretch(tx, chain, wanted)? else {
        return Ok(Found::default());
    };
    let loose = wanted.action.is_some() || wanted.text.is_some();
    let lowest = if loose {
        bottom.max(top.saturating_sub(MAX_LOOKED_AT - 1))
    } else {
        bottom
    };
    let limit = wanted.limit.clamp(1, MAX_PAGE) as usize;
    let mut entries = rows(tx, chain, wanted, (lowest, top))?;
    let next = if entries.len() > limit {
        entries.truncate(limit);
        entries.last().map(|entry| entry.seq)
    } else {
        (lowest > bottom).then_some(lowest)
    };
    Ok(Found { entries, next })
}

/// The numbers between which wanted entries are: instants never go back within a chain.
fn stretch(tx: &Tx<'_>, chain: Chain, wanted: &Search) -> Result<Option<(i64, i64)>, DbError> {
    let Some(ends) = chain::ends(tx, chain)? else {
        return Ok(None);
    };
    let (mut bottom, mut top) = (ends.pruned_seq + 1, ends.seq);
    if let Some(before) = wanted.before {
        top = top.min(before.saturating_sub(1));
    }
    if let Some(since) = wanted.since {
        match edge(tx, FIRST_SINCE, chain, since)? {
            Some(first) => bottom = bottom.max(first),
            None => return Ok(None),
        }
    }
    if let Some(until) = wanted.until {
        match edge(tx, LAST_UNTIL, chain, until)? {
            Some(last) => top = top.min(last),
            None => return Ok(None),
        }
    }
    Ok((bottom <= top).then_some((bottom, top)))
}

const FIRST_SINCE: &str = "SELECT seq FROM oplog_entry WHERE chain = ?1 AND at >= ?2
     ORDER BY at, seq LIMIT 1";
const LAST_UNTIL: &str = "SELECT seq FROM oplog_entry WHERE chain = ?1 AND at < ?2
     ORDER BY at DESC, seq DESC LIMIT 1";

fn edge(tx: &Tx<'_>, sql: &str, chain: Chain, at: Timestamp) -> Result<Option<i64>, DbError> {
    tx.query_opt(sql, params![chain.number(), at], |row| row.get(0))
}

/// One more than the page, to know whether another follows.
fn rows(
    tx: &Tx<'_>,
    chain: Chain,
    wanted: &Search,
    (lowest, top): (i64, i64),
) -> Result<Vec<Entry>, DbError> {
    let limit = i64::from(wanted.limit.clamp(1, MAX_PAGE)) + 1;
    let mut params: Vec<Value<'_>> = params![chain.number(), lowest, top, limit].to_vec();
    let (sql, values) = statement(wanted);
    params.extend(values);
    tx.query(&sql, &params, read)
}

/// The statement, and its parameters from the fifth on.
fn statement(wanted: &Search) -> (String, Vec<Value<'_>>) {
    let mut conditions = String::new();
    let mut values: Vec<Value<'_>> = Vec::new();
    let mut must = |condition: &str, value: Value<'static>| {
        values.push(value);
        conditions.push_str(" AND ");
        conditions.push_str(&condition.replace('#', &format!("?{}", values.len() + 4)));
    };
    if let Some(actor) = &wanted.actor {
        must("actor_id = #", storable(actor));
    }
    if let Some((kind, id)) = &wanted.target {
        must("target_kind = #", storable(kind));
        must("target_id = #", storable(id));
    }
    if let Some(owner) = wanted.shown_to {
        must("shown_to = #", owner.into());
    }
    if let Some(action) = &wanted.action {
        must(r"action LIKE # ESCAPE '\'", words::beginning(action).into());
    }
    for pattern in words::patterns(wanted.text.as_deref().unwrap_or_default()) {
        must(r"words LIKE # ESCAPE '\'", pattern.into());
    }
    let sql = format!(
        "SELECT body, hash FROM oplog_entry
         WHERE chain = ?1 AND seq >= ?2 AND seq <= ?3{conditions}
         ORDER BY seq DESC LIMIT ?4"
    );
    (sql, values)
}

/// A text from outside: U+0000 is in no column, and in no parameter.
fn storable(text: &str) -> Value<'static> {
    text.replace('\0', "\u{FFFD}").into()
}

fn read(row: &Row<'_>) -> Result<Entry, DbError> {
    let body = Body::from_text(row.text(0)?).ok_or(DbError::Conversion {
        index: 0,
        expected: "an entry of the operation log",
        found: "another text",
    })?;
    Ok(body.into_entry(row.get(1)?))
}

#[cfg(test)]
mod tests {
    use hikyaku_db::testing::assert_only_searches;
    use hikyaku_types::Id as _;

    use super::*;

    #[tokio::test]
    async fn every_search_runs_along_an_index() {
        let searches = [
            Search::default(),
            Search {
                actor: Some("1".to_owned()),
                ..Default::default()
            },
            Search {
                target: Some(("account".to_owned(), "1".to_owned())),
                text: Some("a b".to_owned()),
                ..Default::default()
            },
            Search {
                shown_to: Some(AccountId::from_i64(1)),
                action: Some("account.".to_owned()),
                ..Default::default()
            },
        ];
        for wanted in searches {
            let (sql, values) = statement(&wanted);
            assert_only_searches(sql, values.len() + 4).await;
        }
        for edge in [FIRST_SINCE, LAST_UNTIL] {
            assert_only_searches(edge.to_owned(), 2).await;
        }
    }
}
