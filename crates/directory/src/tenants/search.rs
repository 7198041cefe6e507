//! Lists of tenants as the operator sees them: found by a part of name, reading or number,
//! narrowed, in some order, by pages, each with what its row shows (OP-02).

use hikyaku_db::{DbError, Row, Tx, Value, params};
use hikyaku_types::{Id as _, PlanId, TenantId};

use super::{COLUMN_COUNT, COLUMNS, Tenant, TenantStatus, standing, tenant};
use crate::{
    DirectoryError, PlatformScope, TenantScope,
    contracts::Seats,
    name,
    plans::Terms,
    stored::{Stored, from_json},
};

/// Tenants of one page at most: a page is held in memory.
pub const MAX_PAGE: u32 = 1000;

/// Which tenants to list, and which part of the list.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// A part of name, reading or customer number, in any case and width.
    pub text: String,
    /// Only in this status (in force).
    pub status: Option<TenantStatus>,
    /// Only with this plan.
    pub plan: Option<PlanId>,
    /// In which order.
    pub order: Order,
    /// From after this one on: the last one of the page before.
    pub after: Option<TenantId>,
    /// At most so many, up to [`MAX_PAGE`].
    pub limit: u32,
}

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// By folded names.
    #[default]
    Name,
    /// By folded names, backwards.
    NameDown,
    /// The oldest first.
    Created,
    /// The newest first.
    CreatedDown,
}

/// One row of the list.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Found {
    /// The tenant.
    pub tenant: Tenant,
    /// The name of its plan.
    pub plan: Option<String>,
    /// Its accounts.
    pub seats: Seats,
    /// How many domains it has.
    pub domains: u32,
}

/// The tenants of a page.
pub fn search(
    tx: &Tx<'_>,
    _operator: PlatformScope,
    query: &Query,
) -> Result<Vec<Found>, DirectoryError> {
    found(tx, None, query)
}

/// The one tenant within reach, if the query fits it.
pub fn search_one(
    tx: &Tx<'_>,
    scope: TenantScope,
    query: &Query,
) -> Result<Vec<Found>, DirectoryError> {
    found(tx, Some(scope), query)
}

fn found(
    tx: &Tx<'_>,
    only: Option<TenantScope>,
    query: &Query,
) -> Result<Vec<Found>, DirectoryError> {
    let after = after(tx, query)?;
    let pattern = name::pattern(&query.text);
    let status = query.status.map_or("", Stored::word);
    let plan = query.plan.map_or(0, hikyaku_types::Id::to_i64);
    let limit = query.limit.min(MAX_PAGE);
    let mut params: Vec<Value<'_>> =
        params![after, tx.now(), &pattern, status, plan, limit].to_vec();
    params.extend(only.map(|scope| Value::from(scope.tenant)));
    Ok(
        tx.query(&statement(query.order, only.is_some()), &params, |row| {
            Ok(Found {
                tenant: tenant(row, tx.now())?,
                plan: row.get(COLUMN_COUNT)?,
                seats: Seats {
                    used: row.get(COLUMN_COUNT + 2)?,
                    max: max_seats(row, COLUMN_COUNT + 1)?,
                },
                domains: row.get(COLUMN_COUNT + 3)?,
            })
        })?,
    )
}

/// The folded text in which a list looks for a part.
pub(super) fn text(name: &str, kana: &str, number: Option<&str>) -> String {
    name::folded(&[name, kana, number.unwrap_or_default()].join("\n"))
}

/// What the page begins after, in the words of the order.
fn after(tx: &Tx<'_>, query: &Query) -> Result<Value<'static>, DirectoryError> {
    let by_name = matches!(query.order, Order::Name | Order::NameDown);
    let first = match query.order {
        Order::Name => Value::from(String::new()),
        // The last code point is in no name.
        Order::NameDown => Value::from("\u{10FFFF}".to_owned()),
        Order::Created => Value::Int(0),
        Order::CreatedDown => Value::Int(i64::MAX),
    };
    let Some(last) = query.after else {
        return Ok(first);
    };
    if !by_name {
        return Ok(Value::Int(last.to_i64()));
    }
    let canonical: Option<String> = tx.query_opt(
        "SELECT canonical FROM tenant WHERE id = ?1",
        params![last],
        |row| row.get(0),
    )?;
    Ok(canonical.map_or(first, Value::from))
}

/// Ids ascend with the instant of creation, but for clocks that went back.
fn statement(order: Order, only: bool) -> String {
    let only = if only { "AND t.id = ?7" } else { "" };
    let (column, compare, direction) = match order {
        Order::Name => ("t.canonical", ">", ""),
        Order::NameDown => ("t.canonical", "<", "DESC"),
        Order::Created => ("t.id", ">", ""),
        Order::CreatedDown => ("t.id", "<", "DESC"),
    };
    format!(
        "SELECT {COLUMNS}, p.name, c.in_force,
             (SELECT COUNT(*) FROM account a WHERE a.tenant_id = t.id
                  AND a.deleted_at IS NULL AND a.kind <> 'system'),
             (SELECT COUNT(*) FROM domain d WHERE d.tenant_id = t.id)
         FROM tenant t
         LEFT JOIN contract c ON c.tenant_id = t.id
         LEFT JOIN plan p ON p.id = c.plan_id
         WHERE {column} {compare} ?1
           AND (?3 = '' OR t.search LIKE ?3 ESCAPE '!')
           AND (?4 = '' OR {status} = ?4)
           AND (c.plan_id = ?5 OR ?5 = 0) {only}
         ORDER BY {column} {direction} LIMIT ?6",
        status = standing::status_expression(2),
    )
}

fn max_seats(row: &Row<'_>, index: usize) -> Result<Option<u32>, DbError> {
    match row.get::<Option<String>>(index)? {
        Some(_) => Ok(from_json::<Terms>(row, index, "terms in force")?.seats.max),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn pages_are_read_in_the_order_of_an_index() {
        for order in [
            Order::Name,
            Order::NameDown,
            Order::Created,
            Order::CreatedDown,
        ] {
            hikyaku_db::testing::assert_only_searches(statement(order, false), 6).await;
            hikyaku_db::testing::assert_only_searches(statement(order, true), 7).await;
        }
    }
}
