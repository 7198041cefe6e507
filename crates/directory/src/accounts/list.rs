//! Lists of accounts, by pages.

use hikyaku_db::{Tx, Value, params};
use hikyaku_types::EmailAddress;

use super::{Account, COLUMNS, read};
use crate::{DirectoryError, Reach, domains::HostedDomain};

/// Accounts of one page at most, whatever was asked for: a page is held in memory.
pub const MAX_PAGE: u32 = 1000;

/// Which accounts to list, and which part of the list.
#[derive(Debug, Clone, Default)]
pub struct ListQuery<'a> {
    /// Only this domain.
    pub domain: Option<&'a HostedDomain>,
    /// Only addresses that begin so, in any case.
    pub prefix: &'a str,
    /// Only addresses after this one: the last one of the page before.
    pub after: Option<&'a EmailAddress>,
    /// At most so many, up to [`MAX_PAGE`].
    pub limit: u32,
}

/// Living accounts within reach in the order of their canonical addresses.
///
/// A domain outside the reach has no accounts to show.
pub fn list(
    tx: &Tx<'_>,
    reach: impl Reach,
    query: &ListQuery<'_>,
) -> Result<Vec<Account>, DirectoryError> {
    let tenant = match (query.domain, reach.tenant()) {
        (Some(domain), _) if !reach.covers(domain.tenant.tenant) => return Ok(Vec::new()),
        (Some(domain), _) => Some(domain.tenant.tenant),
        (None, tenant) => tenant,
    };
    let (lowest, highest) = range(query.prefix);
    let after = query.after.map(EmailAddress::canonical).unwrap_or_default();
    let mut params: Vec<Value<'_>> =
        params![&after, &lowest, &highest, query.limit.min(MAX_PAGE)].to_vec();
    params.extend(tenant.map(Value::from));
    params.extend(query.domain.map(|domain| domain.id.into()));
    let only = match (tenant, query.domain) {
        (None, _) => Only::Nothing,
        (Some(_), None) => Only::Tenant,
        (Some(_), Some(_)) => Only::Domain,
    };
    Ok(tx.query(&statement(only), &params, read)?)
}

/// What a list is narrowed to.
#[derive(Debug, Clone, Copy)]
enum Only {
    Nothing,
    Tenant,
    Domain,
}

/// Three texts, each with an index that has the wanted rows in the wanted order.
fn statement(only: Only) -> String {
    let only = match only {
        Only::Nothing => "",
        Only::Tenant => "AND own.tenant_id = ?5",
        Only::Domain => "AND own.tenant_id = ?5 AND own.domain_id = ?6",
    };
    format!(
        "SELECT {COLUMNS} FROM address own
         JOIN account acc ON acc.id = own.account_id
         JOIN domain d ON d.id = acc.domain_id
         JOIN tenant t ON t.id = acc.tenant_id
         WHERE own.kind = 'account' AND own.canonical > ?1
           AND own.canonical >= ?2 AND own.canonical < ?3
           AND acc.deleted_at IS NULL {only}
         ORDER BY own.canonical LIMIT ?4"
    )
}

/// The canonical addresses that begin with a text: from the first to before the second, compared
/// by bytes. U+10FFFF, the last code point, is in no address.
fn range(prefix: &str) -> (String, String) {
    let folded = folded_prefix(prefix);
    let beyond = format!("{folded}\u{10FFFF}");
    (folded, beyond)
}

/// The prefix as canonical addresses have it.
fn folded_prefix(prefix: &str) -> String {
    match prefix.rsplit_once('@') {
        // A domain being typed is ASCII or not yet complete; lower case is all that can be done.
        Some((local, domain)) => format!("{}@{}", fold_local(local), domain.to_lowercase()),
        None => fold_local(prefix),
    }
}

/// A text in the canonical form of a local part, whether or not it is one. NUL can be in no
/// address and in no parameter.
fn fold_local(text: &str) -> String {
    let text = text.replace('\0', "\u{FFFD}");
    let Ok(domain) = "x".parse() else {
        return text;
    };
    // Addresses fold in pieces of up to 64 bytes; a longer prefix matches none of them.
    EmailAddress::from_quoted(&text, domain)
        .map(|address| address.canonical_local())
        .unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hikyaku_db::testing::assert_only_searches;

    #[tokio::test]
    async fn pages_are_read_in_the_order_of_an_index() {
        for (only, parameters) in [(Only::Nothing, 4), (Only::Tenant, 5), (Only::Domain, 6)] {
            assert_only_searches(statement(only), parameters).await;
        }
    }
}
