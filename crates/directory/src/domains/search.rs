//! Lists of domains: found by a part of the name, narrowed, by pages, each with what its row shows
//! (OP-07).

use hikyaku_db::{DbError, Row, Tx, Value, sql::in_list};
use hikyaku_types::{Domain, DomainId, EmailAddress};

use super::{COLUMN_COUNT, COLUMNS, HostedDomain, Verification, domain, stored_domain};
use crate::{
    DirectoryError, Reach, name,
    stored::{Stored, unreadable},
};

/// Domains of one page at most: a page is held in memory.
pub const MAX_PAGE: u32 = 1000;

/// Which domains to list, and which part of the list.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// A part of the name, in either script.
    pub text: String,
    /// Only in this state of verification.
    pub verification: Option<Verification>,
    /// Only these.
    pub only: Option<Vec<DomainId>>,
    /// Backwards.
    pub descending: bool,
    /// From after this one on: the last one of the page before.
    pub after: Option<Domain>,
    /// At most so many, up to [`MAX_PAGE`].
    pub limit: u32,
}

/// One row of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Found {
    /// The domain.
    pub domain: HostedDomain,
    /// The name of its tenant.
    pub tenant: String,
    /// The name of the domain it stands for.
    pub alias_of: Option<Domain>,
    /// The address of the account that gets mail for unknown addresses.
    pub catch_all: Option<EmailAddress>,
    /// How many accounts have their own address in it.
    pub accounts: u32,
}

/// The domains of a page, within reach.
pub fn search(tx: &Tx<'_>, reach: impl Reach, query: &Query) -> Result<Vec<Found>, DirectoryError> {
    let only = query.only.as_deref();
    if only.is_some_and(<[DomainId]>::is_empty) {
        return Ok(Vec::new());
    }
    let first = if query.descending { "\u{10FFFF}" } else { "" };
    let after = query.after.as_ref().map_or(first, Domain::as_str);
    let pattern = name::pattern(&query.text);
    let verification = query.verification.map_or("", Stored::word);
    let limit = query.limit.min(MAX_PAGE);
    let mut params: Vec<Value<'_>> = vec![
        Value::from(after),
        Value::from(&pattern),
        Value::from(verification),
        Value::from(limit),
    ];
    params.extend(reach.tenant().map(Value::from));
    params.extend(only.unwrap_or_default().iter().copied().map(Value::from));
    let sql = statement(
        query.descending,
        reach.tenant().is_some(),
        only.map(<[_]>::len),
    );
    Ok(tx.query(&sql, &params, found)?)
}

/// The folded text in which a list looks for a part.
pub(super) fn text(name: &Domain) -> String {
    name::folded(&format!("{name}\n{}", name.to_unicode()))
}

fn statement(descending: bool, of_tenant: bool, only: Option<usize>) -> String {
    let (compare, direction) = if descending { ("<", "DESC") } else { (">", "") };
    let tenant = if of_tenant {
        "AND d.tenant_id = ?5"
    } else {
        ""
    };
    let only = only.map_or_else(String::new, |count| {
        format!(
            "AND d.id IN ({})",
            in_list(5 + usize::from(of_tenant), count)
        )
    });
    format!(
        "SELECT {COLUMNS}, t.name, target.name, own.local_part, home.name,
             (SELECT COUNT(*) FROM account a WHERE a.tenant_id = d.tenant_id
                  AND a.domain_id = d.id AND a.deleted_at IS NULL AND a.kind <> 'system')
         FROM domain d
         JOIN tenant t ON t.id = d.tenant_id
         LEFT JOIN domain target ON target.id = d.alias_of_id
         LEFT JOIN account acc ON acc.id = d.catch_all_account_id AND acc.deleted_at IS NULL
         LEFT JOIN address own ON own.account_id = acc.id AND own.kind = 'account'
         LEFT JOIN domain home ON home.id = own.domain_id
         WHERE d.name {compare} ?1
           AND (?2 = '' OR d.search LIKE ?2 ESCAPE '!')
           AND (?3 = '' OR d.verification = ?3) {tenant} {only}
         ORDER BY d.name {direction} LIMIT ?4"
    )
}

fn found(row: &Row<'_>) -> Result<Found, DbError> {
    let named = |index| match row.get::<Option<String>>(index)? {
        Some(_) => stored_domain(row, index).map(Some),
        None => Ok(None),
    };
    let home = named(COLUMN_COUNT + 3)?;
    let catch_all = match (row.get::<Option<String>>(COLUMN_COUNT + 2)?, home) {
        (Some(local), Some(home)) => {
            let address = EmailAddress::from_quoted(&local, home);
            Some(address.map_err(|_| unreadable(COLUMN_COUNT + 2, "a local part"))?)
        }
        _ => None,
    };
    Ok(Found {
        domain: domain(row)?,
        tenant: row.get(COLUMN_COUNT)?,
        alias_of: named(COLUMN_COUNT + 1)?,
        catch_all,
        accounts: row.get(COLUMN_COUNT + 4)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn pages_are_read_in_the_order_of_an_index() {
        for descending in [false, true] {
            for (of_tenant, only, parameters) in [(false, None, 4), (true, None, 5)] {
                let sql = statement(descending, of_tenant, only);
                hikyaku_db::testing::assert_only_searches(sql, parameters).await;
            }
        }
    }
}
