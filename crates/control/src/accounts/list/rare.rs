//! The way to a page by a rare term.

use hikyaku_db::{DbError, Row, Tx, Value, params};

use super::{
    Found, Narrow,
    filter::{Term, Wanted},
    order::{AccountSort, AfterAccount, Order},
    row,
};
use crate::ControlError;

/// A term that more accounts have than this is common: reading, judging and sorting so many takes
/// about ten milliseconds, and more of them are found sooner by walking.
pub(super) const RARE: usize = 1_000;
/// Terms of a search that are counted at most: three fragments of a name tell people apart.
const MAX_COUNTED: usize = 6;

/// The rarest term of those that are wanted, if one is rare.
pub(super) fn term(tx: &Tx<'_>, wanted: &Wanted, narrow: &Narrow) -> Result<Option<Term>, DbError> {
    let mut rarest: Option<(usize, Term)> = None;
    for term in wanted.terms().into_iter().take(MAX_COUNTED) {
        let count = count(tx, &term, narrow)?;
        if count <= RARE && rarest.as_ref().is_none_or(|(least, _)| count < *least) {
            rarest = Some((count, term));
        }
        if rarest.as_ref().is_some_and(|(least, _)| *least < 32) {
            break;
        }
    }
    Ok(rarest.map(|(_, term)| term))
}

/// How many accounts have a term, counted to one more than [`RARE`].
fn count(tx: &Tx<'_>, term: &Term, narrow: &Narrow) -> Result<usize, DbError> {
    let limit = RARE as i64 + 1;
    let counted = match (term, narrow.tenant) {
        (Term::Exact(term), Some(tenant)) => tx.query_one(
            "SELECT COUNT(*) FROM (SELECT 1 FROM account_term
                 WHERE term = ?1 AND tenant_id = ?2 LIMIT ?3) counted",
            params![term.as_str(), tenant, limit],
            read,
        )?,
        (Term::Exact(term), None) => tx.query_one(
            "SELECT COUNT(*) FROM (SELECT 1 FROM account_term WHERE term = ?1 LIMIT ?2) counted",
            params![term.as_str(), limit],
            read,
        )?,
        // Terms of other tenants stand between: they count too, because they are passed over.
        (Term::Beginning(beginning), _) => tx.query_one(
            "SELECT COUNT(*) FROM (SELECT 1 FROM account_term
                 WHERE term >= ?1 AND term < ?2 LIMIT ?3) counted",
            params![beginning.as_str(), end_of(beginning), limit],
            read,
        )?,
    };
    Ok(usize::try_from(counted).unwrap_or(usize::MAX))
}

fn read(row: &Row<'_>) -> Result<i64, DbError> {
    row.get(0)
}

/// The first text that does not begin so. No term has the last code point.
fn end_of(beginning: &str) -> String {
    format!("{beginning}\u{10FFFF}")
}

/// The page among the accounts that have the term.
pub(super) fn page(
    tx: &Tx<'_>,
    (wanted, narrow): (&Wanted, &Narrow),
    order: Order,
    term: &Term,
    (after, limit): (&AfterAccount, u32),
) -> Result<Found, ControlError> {
    let beginning;
    let mut values: Vec<Value<'_>> = match term {
        Term::Exact(term) => params![term.as_str()].to_vec(),
        Term::Beginning(text) => {
            beginning = end_of(text);
            params![text.as_str(), beginning.as_str()].to_vec()
        }
    };
    values.extend(narrow.tenant.map(Value::from));
    let sql = statement(term, narrow.tenant.is_some(), order.by);
    let found = tx.query(&sql, &values, |row| row::read(row, order.by))?;
    let within = |domain: &hikyaku_types::DomainId| {
        narrow.domains.is_empty() || narrow.domains.contains(domain)
    };
    let mut rows: Vec<_> = found
        .into_iter()
        .filter(|row| within(&row.domain) && wanted.fits(row))
        .filter(|row| order.is_behind(&row.place, after))
        .collect();
    rows.sort_by(|a, b| a.place.cmp(&b.place));
    if order.descending {
        rows.reverse();
    }
    rows.dedup_by_key(|row| row.scope.account);
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(|row| row.place.clone());
    Ok((rows, next))
}

fn statement(term: &Term, in_tenant: bool, by: AccountSort) -> String {
    let (terms, next) = match term {
        Term::Exact(_) => ("t.term = ?1", 2),
        Term::Beginning(_) => ("t.term >= ?1 AND t.term < ?2", 3),
    };
    let tenant = if in_tenant {
        format!("AND t.tenant_id = ?{next}")
    } else {
        String::new()
    };
    format!(
        "{} FROM account_term t
         JOIN account acc ON acc.id = t.account_id AND acc.deleted_at IS NULL
         JOIN address own ON own.account_id = acc.id AND own.kind = 'account'
         JOIN mail_account m ON m.account_id = acc.id
         WHERE {terms} {tenant}",
        row::select(by)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use hikyaku_db::testing::assert_only_searches;

    #[tokio::test]
    async fn accounts_of_a_term_are_found_by_index() {
        let exact = Term::Exact(String::new());
        let beginning = Term::Beginning(String::new());
        assert_only_searches(statement(&exact, true, AccountSort::Name), 2).await;
        assert_only_searches(statement(&exact, false, AccountSort::LastSignIn), 1).await;
        assert_only_searches(statement(&beginning, true, AccountSort::Used), 3).await;
        assert_only_searches(statement(&beginning, false, AccountSort::Address), 2).await;
    }
}
