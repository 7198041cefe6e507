//! Where mail for an address goes: one statement for a chunk of addresses.
//!
//! Order: the exact address; else, where the domain has subaddressing on, the address without its
//! tag (RFC 5233); else, for `postmaster` (RFC 5321 §4.5.1: must be accepted), the domain's
//! catch-all, then the oldest account of the domain, then the oldest of the tenant; else the
//! domain's catch-all; else nobody. An account that is marked as deleted does not exist here.
//!
//! A domain alias has all addresses of the domain it stands for, and its settings. A domain that
//! waits for its owner's proof is not ours.
//!
//! An alias may lead to several accounts. One that is switched off or expired leads nowhere: mail
//! for it is refused, and the catch-all does not get it.

use std::{borrow::Cow, collections::HashMap, sync::LazyLock};

use hikyaku_db::{DbError, Row, Tx, Value, params, sql::in_list};
use hikyaku_types::{DomainId, EmailAddress, TenantId, Timestamp};

use super::insert::Stands;
use crate::{
    AccountScope, DirectoryError,
    accounts::Reception,
    domains::Subaddressing,
    plans::OverQuotaReply,
    pools,
    stored::Stored,
    tenants::{STANDING_COLUMN_COUNT, STANDING_COLUMNS, Standing, TenantStatus},
};

/// Behind the columns of the tenant's standing: whether a pool is locked, and what senders hear.
const LOCK_COLUMN: usize = 10 + STANDING_COLUMN_COUNT;

/// Where mail for an address goes.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// Into the mailboxes of several accounts: an alias of them all. In ascending order.
    Several(Vec<(AccountScope, Receiving)>),
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
    /// The account takes no mail: an administrator has suspended it.
    AccountSuspended,
    /// It is taken, recorded as discarded, and thrown away.
    Discarded,
    /// The tenant's service is suspended, or its contract has ended.
    TenantSuspended,
    /// The tenant's service has not yet begun: senders try again.
    TenantPreparing,
    /// A pool that the mailbox belongs to is locked (O-014), and senders are to be told so.
    PoolLocked(OverQuotaReply),
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

impl Wanted<'_> {
    /// An address of this domain without the domain.
    fn local<'a>(&self, address: &'a str) -> &'a str {
        let end = address.len().saturating_sub(self.domain.len() + 1);
        address.get(..end).unwrap_or_default()
    }

    /// An address of this domain in another one.
    fn in_domain<'a>(&self, address: &'a str, domain: &str) -> Cow<'a, str> {
        if domain == self.domain {
            Cow::Borrowed(address)
        } else {
            Cow::Owned(format!("{}@{domain}", self.local(address)))
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
    /// Switched off and expired aliases are found and lead nowhere.
    works: bool,
    targets: Vec<(AccountScope, Receiving)>,
}

struct FoundDomain {
    /// The domain that has the addresses: another one for a domain alias.
    name: String,
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
        let mut params: Vec<Value<'_>> = Vec::with_capacity(size * 5);
        for wanted in padded() {
            let base = wanted.base.as_ref().unwrap_or(&wanted.exact);
            params.push(Value::Text(Cow::Borrowed(&wanted.exact)));
            params.push(Value::Text(Cow::Borrowed(base)));
        }
        params.extend(padded().map(|wanted| Value::Text(Cow::Borrowed(wanted.domain))));
        for wanted in padded() {
            let base = wanted.base.as_ref().unwrap_or(&wanted.exact);
            params.push(Value::Text(Cow::Borrowed(wanted.local(&wanted.exact))));
            params.push(Value::Text(Cow::Borrowed(wanted.local(base))));
        }
        let mut found = Self::default();
        tx.query(&statement(size * 2, size), &params, |row| {
            found.take(row, tx.now())
        })?;
        Ok(found)
    }

    /// The same for one address without a tag, as nearly every message has it: one name to look
    /// for is a step in an index, two are a table of their own to SQLite.
    fn load_one(tx: &Tx<'_>, wanted: &Wanted<'_>) -> Result<Self, DirectoryError> {
        let mut found = Self::default();
        let local = wanted.local(&wanted.exact);
        let params = params![wanted.exact.as_str(), wanted.domain, local];
        tx.query(&STATEMENT_FOR_ONE, params, |row| found.take(row, tx.now()))?;
        Ok(found)
    }

    fn take(&mut self, row: &Row<'_>, now: Timestamp) -> Result<(), DbError> {
        let name: String = row.get(1)?;
        let account_takes = match Reception::read_opt(row, 7)? {
            Some(Reception::Suspended) => Receiving::AccountSuspended,
            Some(Reception::Discarded) => Receiving::Discarded,
            Some(Reception::Open) | None => match row.get::<Option<i64>>(LOCK_COLUMN)? {
                Some(reply) => Receiving::PoolLocked(pools::reply_of(reply)),
                None => Receiving::Open,
            },
        };
        let receiving = match Standing::read(row, 10)?.at(now) {
            TenantStatus::Active => account_takes,
            TenantStatus::Preparing => Receiving::TenantPreparing,
            TenantStatus::Suspended | TenantStatus::Terminated => Receiving::TenantSuspended,
        };
        let tenant: TenantId = row.get(3)?;
        let account: Option<_> = row.get(4)?;
        let scope = account.map(|account| AccountScope { tenant, account });
        if row.text(0)? == "domain" {
            let domain = FoundDomain {
                name: row.get(5)?,
                id: row.get(6)?,
                tenant,
                subaddressing: Subaddressing::read(row, 2)?,
                catch_all: scope,
                receiving,
            };
            self.domains.insert(name, domain);
        } else if let Some(scope) = scope {
            let expires_at: Option<Timestamp> = row.get(9)?;
            let works = row.get::<bool>(8)? && expires_at.is_none_or(|end| end > now);
            let stands = Stands::read(row, 2)?;
            let found = self.addresses.entry(name).or_insert(FoundAddress {
                stands,
                works,
                targets: Vec::new(),
            });
            // The address without its tag may be asked for by another name of the same list.
            if !found.targets.iter().any(|(known, _)| *known == scope) {
                found.targets.push((scope, receiving));
            }
        }
        Ok(())
    }

    fn decide(&self, tx: &Tx<'_>, wanted: &Wanted<'_>) -> Result<Resolution, DirectoryError> {
        let Some(domain) = self.domains.get(wanted.domain) else {
            return Ok(Resolution::NotLocal);
        };
        let named = |address| wanted.in_domain(address, &domain.name);
        if let Some(exact) = self.addresses.get(named(&wanted.exact).as_ref()) {
            let address_kind = match exact.stands {
                Stands::Account => AddressKind::Own,
                Stands::Alias => AddressKind::Alias,
            };
            return Ok(exact.leads(address_kind));
        }
        let base = wanted
            .base
            .as_ref()
            .and_then(|base| self.addresses.get(named(base).as_ref()));
        if let Some(base) = base
            && domain.subaddressing == Subaddressing::On
        {
            return Ok(base.leads(AddressKind::Subaddress));
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

impl FoundAddress {
    fn leads(&self, address_kind: AddressKind) -> Resolution {
        match self.targets.as_slice() {
            [] => Resolution::UnknownAddress,
            _ if !self.works => Resolution::UnknownAddress,
            [(scope, receiving)] => to(*scope, address_kind, *receiving),
            several => {
                let mut targets = several.to_vec();
                targets.sort_by_key(|(scope, _)| *scope);
                Resolution::Several(targets)
            }
        }
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

/// The statement for so many addresses, then so many domains, then the local parts of the
/// addresses: in a domain alias they are looked for in the domain that it stands for.
fn statement(names: usize, domains: usize) -> String {
    // One step in a table that is nearly always empty. Of two locks the one that lets senders try
    // again wins.
    let lock = |domain: &str| {
        format!(
            "(SELECT MIN(l.reply) FROM pool_lock l
              WHERE l.tenant_id = t.id AND l.domain_id IN (0, {domain}))"
        )
    };
    let in_target: Vec<String> = (0..names)
        .map(|n| format!("?{} || '@' || s.name", 1 + names + domains + n))
        .collect();
    let address = format!(
        "SELECT 'address', a.canonical, a.kind, a.tenant_id, acc.id, '', a.domain_id,
                acc.receiving, a.enabled, a.expires_at, {STANDING_COLUMNS}, {}",
        lock("acc.domain_id"),
    );
    let of_address = "JOIN tenant t ON t.id = a.tenant_id
         LEFT JOIN alias_target x ON x.address_id = a.spread_id
         JOIN account acc ON acc.id = COALESCE(x.account_id, a.account_id)
              AND acc.deleted_at IS NULL";
    format!(
        "{address} FROM address a {of_address} WHERE a.canonical IN ({names})
         UNION ALL
         {address} FROM domain d
         JOIN domain s ON s.id = d.alias_of_id
         JOIN address a ON a.canonical IN ({in_target}) {of_address}
         WHERE d.name IN ({domains}) AND d.alias_of_id IS NOT NULL
         UNION ALL
         SELECT 'domain', d.name, CASE WHEN s.subaddressing = 1 THEN 'on' ELSE 'off' END,
                s.tenant_id, acc.id, s.name, s.id, acc.receiving, 1, NULL, {STANDING_COLUMNS},
                {lock}
         FROM domain d
         JOIN domain s ON s.id = COALESCE(d.alias_of_id, d.id)
         JOIN tenant t ON t.id = s.tenant_id
         LEFT JOIN account acc ON acc.id = s.catch_all_account_id AND acc.deleted_at IS NULL
         WHERE d.name IN ({domains}) AND d.serving = 1 AND s.serving = 1",
        lock = lock("COALESCE(acc.domain_id, s.id)"),
        in_target = in_target.join(", "),
        names = in_list(1, names),
        domains = in_list(1 + names, domains),
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
            hikyaku_db::testing::assert_only_searches(statement(size * 2, size), size * 5).await;
        }
        hikyaku_db::testing::assert_only_searches(STATEMENT_FOR_ONE.clone(), 3).await;
    }

    #[test]
    fn few_statements_serve_all_numbers_of_recipients() {
        for (addresses, size) in [(1, 1), (2, 16), (16, 16), (17, 128), (5000, 128)] {
            assert_eq!(chunk_size(addresses), size);
        }
    }
}
