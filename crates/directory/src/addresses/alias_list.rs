//! The aliases of a tenant, or of all, page by page.

use hikyaku_db::{DbError, Row, Tx, Value, params};
use hikyaku_types::EmailAddress;

use crate::{
    DirectoryError, Reach,
    accounts::MAX_PAGE,
    domains::{HostedDomain, stored_domain},
    stored::unreadable,
};

/// An alias and where its mail goes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AliasEntry {
    /// The alias as entered.
    pub address: EmailAddress,
    /// The own address of the account that gets its mail.
    pub target: EmailAddress,
}

/// Which aliases to list, and which part of the list.
#[derive(Debug, Clone, Copy, Default)]
pub struct AliasQuery<'a> {
    /// Only aliases in this domain.
    pub domain: Option<&'a HostedDomain>,
    /// Only aliases after this one: the last one of the page before.
    pub after: Option<&'a EmailAddress>,
    /// At most so many, up to [`MAX_PAGE`].
    pub limit: u32,
}

/// Aliases within reach of living accounts, in the order of their canonical addresses.
pub fn list_aliases(
    tx: &Tx<'_>,
    reach: impl Reach,
    query: AliasQuery<'_>,
) -> Result<Vec<AliasEntry>, DirectoryError> {
    let after = query.after.map(EmailAddress::canonical).unwrap_or_default();
    let limit = query.limit.min(MAX_PAGE);
    let mut conditions = String::new();
    let mut values: Vec<Value<'_>> = params![after, limit].to_vec();
    let tenant = query
        .domain
        .map(|domain| domain.tenant.tenant)
        .or(reach.tenant());
    if let Some(tenant) = tenant {
        if !reach.covers(tenant) {
            return Ok(Vec::new());
        }
        conditions.push_str(" AND a.tenant_id = ?3");
        values.extend_from_slice(params![tenant]);
    }
    if let Some(domain) = query.domain {
        conditions.push_str(" AND a.domain_id = ?4");
        values.extend_from_slice(params![domain.id]);
    }
    let sql = format!(
        "SELECT a.local_part, d.name, own.local_part, home.name
         FROM address a
         JOIN domain d ON d.id = a.domain_id
         JOIN account acc ON acc.id = a.account_id
         JOIN address own ON own.account_id = acc.id AND own.kind = 'account'
         JOIN domain home ON home.id = own.domain_id
         WHERE a.kind = 'alias' AND a.canonical > ?1 AND acc.deleted_at IS NULL{conditions}
         ORDER BY a.canonical LIMIT ?2"
    );
    Ok(tx.query(&sql, &values, read)?)
}

fn read(row: &Row<'_>) -> Result<AliasEntry, DbError> {
    Ok(AliasEntry {
        address: address(row, 0)?,
        target: address(row, 2)?,
    })
}

/// The address of a local part and the domain in the column after it.
fn address(row: &Row<'_>, column: usize) -> Result<EmailAddress, DbError> {
    EmailAddress::from_quoted(row.text(column)?, stored_domain(row, column + 1)?)
        .map_err(|_| unreadable(column, "a local part"))
}
