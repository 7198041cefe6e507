//! Where mail for an address goes: one statement for a chunk of addresses.
//!
//! Order: the exact address; else, where the domain has subaddressing on, the address without its
//! tag (RFC 5233); else, for `postmaster` (RFC 5321 §4.5.1: must be accepted), the domain's
//! catch-all, then the oldest account of the domain, then the oldest of the tenant; else the
//! domain's catch-all; else nobody. An account that is marked as deleted does not exist here.

use std::{borrow::Cow, collections::HashMap, sync::LazyLock};

use hikyaku_db::{DbError, Row, Tx, Value, params, sql::in_list};
use hikyaku_types::{DomainId, EmailAddress, TenantId};

use super::insert::Stands;
use crate::{
    AccountScope, DirectoryError, domains::Subaddressing, stored::Stored, tenants::TenantStatus,
};

/// Where mail for an address goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// Into an account's mailbox.
    #[non_exhaustive]
    Account {
        /// Whose.
        scope: AccountScope,
        /// Why this one.
        address_kind: AddressKind,
        /// Whether it takes new mail at all; quota is another matter.
        receiving: Receiving,
    },
    /// The domain is ours, the address is not.
    UnknownAddress,
    /// The domain is not ours.
    NotLocal,
}

/// Why an address leads to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddressKind {
    /// It is the account's own address.
    Own,
    /// It is an alias of the account.
    Alias,
    /// Without its tag it is one of the two.
    Subaddress,
    /// Nobody has it, and the account takes unknown addresses of the domain.
    CatchAll,
    /// It is `postmaster`, nobody has it, and the domain has no catch-all.
    Postmaster,
}

/// Whether new mail is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Receiving {
    /// It is. Also for an account that may not sign in.
    Open,
    /// The tenant's service is suspended.
    TenantSuspended,
}

/// Addresses that one statement takes: the usual single recipient, a few, and the limit of one
/// SMTP transaction in a few steps. Each size is one prepared statement.
const CHUNKS: [usize; 3] = [1, 16, 128];

/// Addresses that one call resolves at most, far above what one SMTP transaction can have (default
/// 1,000): a caller that has more is wrong about paging.
pub const MAX_RESOLVE: usize = 100_000;

/// Where mail for one address goes.
pub fn resolve(tx: &Tx<'_>, address: &EmailAddress) -> Result<Resolution, DirectoryError> {
    let mut all = resolve_many(tx, std::slice::from_ref(address))?;
    Ok(all.pop().expect("invariant: one resolution per address"))
}

/// Where mail for each address goes, in their order.
///
/// # Panics
/// With more than [`MAX_RESOLVE`] addresses.
pub fn resolve_many(
    tx: &Tx<'_>,
    addresses: &[EmailAddress],
) -> Result<Vec<Resolution>, DirectoryError> {
    assert!(
        addresses.len() <= MAX_RESOLVE,
        "a caller resolves {} addresses at once",
        addresses.len()
    );
    let mut resolutions = Vec::with_capacity(addresses.len());
    let mut rest = addresses;
    while !rest.is_empty() {
        let size = chunk_size(rest.len());
        let (chunk, after) = rest.split_at(size.min(rest.len()));
        let wanted: Vec<Wanted<'_>> = chunk.iter().map(Wanted::new).collect();
        let found = Found::load(tx, &wanted, size)?;
        for wanted in &wanted {
            resolutions.push(found.decide(tx, wanted)?);
        }
        rest = after;
    }
    Ok(resolutions)
}

/// The address without its tag, in canonical form; nothing when it has none.
pub(crate) fn base_of(address: &EmailAddress) -> Option<String> {
    let local = address.canonical_local();
    match local.split_once('+') {
        Some((base, _)) if !base.is_empty() => Some(format!("{base}@{}", address.domain())),
        _ => None,
    }
}

/// The smallest chunk that takes them all, else the largest.
fn chunk_size(addresses: usize) -> usize {
    let [.., largest] = CHUNKS;
    CHUNKS
        .into_iter()
        .find(|size| *size >= addresses)
        .unwrap_or(largest)
}

/// What to look for.
struct Wanted<'a> {
    exact: String,
    base: Option<String>,
    domain: &'a str,
    postmaster: bool,
}

impl<'a> Wanted<'a> {
    fn new(address: &'a EmailAddress) -> Self {
        Self {
            exact: address.canonical(),
            base: base_of(address),
            domain: address.domain().as_str(),
            postmaster: address.canonical_local() == "postmaster",
        }
    }
}

/// What one statement found.
#[derive(Default)]
struct Found {
    addresses: HashMap<String, FoundAddress>,
    domains: HashMap<String, FoundDomain>,
}

struct FoundAddress {
    stands: Stands,
    scope: AccountScope,
    receiving: Receiving,
}

struct FoundDomain {
    id: DomainId,
    tenant: TenantId,
    subaddressing: Subaddressing,
    catch_all: Option<AccountScope>,
    receiving: Receiving,
}

impl Found {
    /// Runs the statement for `size` addresses; with fewer, the last one is named repeatedly.
    fn load(tx: &Tx<'_>, wanted: &[Wanted<'_>], size: usize) -> Result<Self, DirectoryError> {
        if let ([alone], 1) = (wanted, size)
            && alone.base.is_none()
        {
            return Self::load_one(tx, alone);
        }
        let padded = || {
            wanted
                .iter()
                .chain(wanted.last().into_iter().cycle())
                .take(size)
        };
        let mut params: Vec<Value<'_>> = Vec::with_capacity(size * 3);
        for wanted in padded() {
            let base = wanted.base.as_ref().unwrap_or(&wanted.exact);
            params.push(Value::Text(Cow::Borrowed(&wanted.exact)));
            params.push(Value::Text(Cow::Borrowed(base)));
        }
        params.extend(padded().map(|wanted| Value::Text(Cow::Borrowed(wanted.domain))));
        let mut found = Self::default();
        tx.query(&statement(size * 2, size), &params, |row| found.take(row))?;
        Ok(found)
    }

    /// The same for one address without a tag, as nearly every message has it: one name to look
    /// for is a step in an index, two are a table of their own to SQLite.
    fn load_one(tx: &Tx<'_>, wanted: &Wanted<'_>) -> Result<Self, DirectoryError> {
        let mut found = Self::default();
        let params = params![wanted.exact.as_str(), wanted.domain];
        tx.query(&STATEMENT_FOR_ONE, params, |row| found.take(row))?;
        Ok(found)
    }

    fn take(&mut self, row: &Row<'_>) -> Result<(), DbError> {
        let name: String = row.get(1)?;
        let receiving = match TenantStatus::read(row, 5)? {
            TenantStatus::Active => Receiving::Open,
            TenantStatus::Suspended => Receiving::TenantSuspended,
        };
        let tenant: TenantId = row.get(3)?;
        let account: Option<_> = row.get(4)?;
        let scope = account.map(|account| AccountScope { tenant, account });
        if row.text(0)? == "domain" {
            let domain = FoundDomain {
                id: row.get(6)?,
                tenant,
                subaddressing: Subaddressing::read(row, 2)?,
                catch_all: scope,
                receiving,
            };
            self.domains.insert(name, domain);
        } else if let Some(scope) = scope {
            let address = FoundAddress {
                stands: Stands::read(row, 2)?,
                scope,
                receiving,
            };
            self.addresses.insert(name, address);
        }
        Ok(())
    }

    fn decide(&self, tx: &Tx<'_>, wanted: &Wanted<'_>) -> Result<Resolution, DirectoryError> {
        let Some(domain) = self.domains.get(wanted.domain) else {
            return Ok(Resolution::NotLocal);
        };
        if let Some(exact) = self.addresses.get(&wanted.exact) {
            let address_kind = match exact.stands {
                Stands::Account => AddressKind::Own,
                Stands::Alias => AddressKind::Alias,
            };
            return Ok(to(exact.scope, address_kind, exact.receiving));
        }
        let base = wanted
            .base
            .as_ref()
            .and_then(|base| self.addresses.get(base));
        if let Some(base) = base
            && domain.subaddressing == Subaddressing::On
        {
            return Ok(to(base.scope, AddressKind::Subaddress, base.receiving));
        }
        if let Some(scope) = domain.catch_all {
            return Ok(to(scope, AddressKind::CatchAll, domain.receiving));
        }
        let postmaster = if wanted.postmaster {
            postmaster(tx, domain)?
        } else {
            None
        };
        Ok(postmaster.map_or(Resolution::UnknownAddress, |scope| {
            to(scope, AddressKind::Postmaster, domain.receiving)
        }))
    }
}

fn to(scope: AccountScope, address_kind: AddressKind, receiving: Receiving) -> Resolution {
    Resolution::Account {
        scope,
        address_kind,
        receiving,
    }
}

static STATEMENT_FOR_ONE: LazyLock<String> = LazyLock::new(|| statement(1, 1));

/// The statement for so many names, then so many domains.
fn statement(names: usize, domains: usize) -> String {
    format!(
        "SELECT 'address', a.canonical, a.kind, a.tenant_id, a.account_id, t.status, a.domain_id
         FROM address a
         JOIN account acc ON acc.id = a.account_id AND acc.deleted_at IS NULL
         JOIN tenant t ON t.id = a.tenant_id
         WHERE a.canonical IN ({})
         UNION ALL
         SELECT 'domain', d.name, CASE WHEN d.subaddressing = 1 THEN 'on' ELSE 'off' END,
                d.tenant_id, acc.id, t.status, d.id
         FROM domain d
         JOIN tenant t ON t.id = d.tenant_id
         LEFT JOIN account acc ON acc.id = d.catch_all_account_id AND acc.deleted_at IS NULL
         WHERE d.name IN ({})",
        in_list(1, names),
        in_list(1 + names, domains),
    )
}

/// Who gets mail for a postmaster that nobody set up: the oldest account of a person or a team in
/// the domain, else in the tenant. Both are one step in an index.
fn postmaster(tx: &Tx<'_>, domain: &FoundDomain) -> Result<Option<AccountScope>, DirectoryError> {
    let scope = |row: &Row<'_>| {
        Ok(AccountScope {
            tenant: domain.tenant,
            account: row.get(0)?,
        })
    };
    let in_domain = tx.query_opt(
        "SELECT id FROM account
         WHERE tenant_id = ?1 AND domain_id = ?2 AND deleted_at IS NULL AND kind <> 'system'
         ORDER BY created_at, id LIMIT 1",
        params![domain.tenant, domain.id],
        scope,
    )?;
    if in_domain.is_some() {
        return Ok(in_domain);
    }
    Ok(tx.query_opt(
        "SELECT id FROM account
         WHERE tenant_id = ?1 AND deleted_at IS NULL AND kind <> 'system'
         ORDER BY created_at, id LIMIT 1",
        params![domain.tenant],
        scope,
    )?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_split_at_the_first_plus() {
        for (address, base) in [
            ("Taro+Shop@example.test", Some("taro@example.test")),
            ("taro+a+b@example.test", Some("taro@example.test")),
            ("taro+@example.test", Some("taro@example.test")),
            ("+tag@example.test", None),
            ("taro@example.test", None),
        ] {
            assert_eq!(
                base_of(&address.parse().unwrap()).as_deref(),
                base,
                "{address}"
            );
        }
    }

    #[tokio::test]
    async fn a_delivery_looks_up_by_index_only() {
        for size in CHUNKS {
            hikyaku_db::testing::assert_only_searches(statement(size * 2, size), size * 3).await;
        }
        hikyaku_db::testing::assert_only_searches(STATEMENT_FOR_ONE.clone(), 2).await;
    }

    #[test]
    fn few_statements_serve_all_numbers_of_recipients() {
        for (addresses, size) in [(1, 1), (2, 16), (16, 16), (17, 128), (5000, 128)] {
            assert_eq!(chunk_size(addresses), size);
        }
    }
}
