//! The way to a page along the order wanted.

use hikyaku_db::{Tx, Value, params};

use super::{
    Found, Narrow,
    filter::Wanted,
    order::{AccountSort, AfterAccount, Key, Order},
    row::{self, Candidate},
};
use crate::ControlError;

/// Accounts that one page looks at, at most: about twenty milliseconds.
pub(super) const MAX_EXAMINED: usize = 3_000;
/// Accounts of one statement.
const STEP: usize = 500;

/// The page behind a place.
pub(super) fn page(
    tx: &Tx<'_>,
    (wanted, narrow): (&Wanted, &Narrow),
    order: Order,
    (after, limit): (&AfterAccount, u32),
) -> Result<Found, ControlError> {
    let limit = limit as usize;
    let everything = wanted.is_everything() && narrow.domains.len() < 2;
    let step = match order.by {
        // These are sorted anew by every statement.
        AccountSort::Used | AccountSort::LastSignIn if !everything => MAX_EXAMINED,
        _ if everything => limit + 1,
        _ => STEP,
    };
    let mut place = after.clone();
    let mut found: Vec<Candidate> = Vec::new();
    let mut examined = 0;
    loop {
        let rows = read(tx, narrow, order, (&place, step))?;
        let is_last = rows.len() < step;
        for row in rows {
            examined += 1;
            let fits = within(narrow, &row) && wanted.fits(&row);
            if fits && found.len() == limit {
                let next = found.last().map(|last| last.place.clone());
                return Ok((found, next));
            }
            place.clone_from(&row.place);
            if fits {
                found.push(row);
            }
        }
        if is_last {
            return Ok((found, None));
        }
        if examined >= MAX_EXAMINED {
            return Ok((found, Some(place)));
        }
    }
}

fn within(narrow: &Narrow, row: &Candidate) -> bool {
    narrow.domains.is_empty() || narrow.domains.contains(&row.domain)
}

fn read(
    tx: &Tx<'_>,
    narrow: &Narrow,
    order: Order,
    (place, limit): (&AfterAccount, usize),
) -> Result<Vec<Candidate>, ControlError> {
    let key: Value<'_> = match &place.key {
        Key::Text(text) => text.as_str().into(),
        Key::Number(number) => (*number).into(),
    };
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut values = vec![key];
    values.extend_from_slice(params![place.id, limit]);
    values.extend(narrow.tenant.map(Value::from));
    let only = match (narrow.tenant, narrow.domains.as_slice()) {
        (None, _) => Only::Nothing,
        (Some(_), [domain]) => {
            values.push((*domain).into());
            Only::Domain
        }
        (Some(_), _) => Only::Tenant,
    };
    let sql = statement(only, order);
    Ok(tx.query(&sql, &values, |row| row::read(row, order.by))?)
}

/// What a statement is narrowed to.
#[derive(Debug, Clone, Copy)]
enum Only {
    Nothing,
    Tenant,
    Domain,
}

fn statement(only: Only, order: Order) -> String {
    let (compare, direction) = if order.descending {
        ("<", "DESC")
    } else {
        (">", "ASC")
    };
    // Addresses are sorted by the rows of the address table, everything else by those of accounts.
    let by_address = order.by == AccountSort::Address;
    let (table, id) = if by_address {
        ("own", "own.account_id")
    } else {
        ("acc", "acc.id")
    };
    let narrowed = match only {
        Only::Nothing => String::new(),
        Only::Tenant => format!("AND {table}.tenant_id = ?4"),
        Only::Domain => format!("AND {table}.tenant_id = ?4 AND {table}.domain_id = ?5"),
    };
    let key = order.by.expression();
    let (place, sorted) = if by_address {
        // An address is one account's: the second part of the key decides nothing.
        (
            format!("{key} {compare} ?1 AND CAST(?2 AS BIGINT) >= 0"),
            format!("{key} {direction}"),
        )
    } else {
        (
            format!("({key}, {id}) {compare} (?1, ?2)"),
            format!("{key} {direction}, {id} {direction}"),
        )
    };
    format!(
        "{} FROM account acc
         JOIN address own ON own.account_id = acc.id
         JOIN mail_account m ON m.account_id = acc.id
         WHERE own.kind = 'account' AND acc.deleted_at IS NULL AND {place} {narrowed}
         ORDER BY {sorted} LIMIT ?3",
        row::select(order.by)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use hikyaku_db::testing::assert_only_searches;

    #[tokio::test]
    async fn pages_are_read_in_the_order_of_an_index() {
        for by in [
            AccountSort::Address,
            AccountSort::Name,
            AccountSort::CreatedAt,
        ] {
            for (only, parameters) in [(Only::Nothing, 3), (Only::Tenant, 4), (Only::Domain, 5)] {
                for descending in [false, true] {
                    let sql = statement(only, Order { by, descending });
                    assert_only_searches(sql, parameters).await;
                }
            }
        }
    }
}
