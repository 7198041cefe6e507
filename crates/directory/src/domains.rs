//! Mail domains of tenants, and what is decided per domain: catch-all, subaddressing, the tier of
//! its mailboxes, whether it stands for another one, and whether it is proved to be the tenant's.
//!
//! Invariants:
//! - A domain alias has no addresses of its own, and stands for a domain of the same tenant that is
//!   none itself.
//! - A domain that waits for its owner's proof is not ours for mail: nobody can take the mail of
//!   others by naming their domain.

mod alias;
mod ownership;
mod remove;
mod search;
mod tier;

use std::net::IpAddr;

use hikyaku_db::{DbError, Hint, Row, Tx, WriteTx, params};
use hikyaku_types::{ByteSize, Domain, DomainId, EmailAddress, TenantId, Timestamp};

pub use alias::set_alias_of;
pub use ownership::{
    Check, PROOF_LABEL, Proof, Verification, create_unverified, expected_record, record_check,
    record_name, renew_token, verify_by_hand,
};
pub use remove::{move_to_tenant, remove};
pub use search::{Found, MAX_PAGE, Query, search};
pub use tier::set_tier;

use crate::{
    AccountScope, DirectoryError, PlatformScope, Reach, TenantScope, contracts,
    stored::{Stored, unreadable},
};

/// Whether `user+tag@domain` reaches `user@domain` when no address is exactly that (RFC 5233).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Subaddressing {
    /// It does: the default, as users of the large services expect.
    #[default]
    On,
    /// Only exact addresses count.
    Off,
}

impl Stored for Subaddressing {
    const NAME: &'static str = "a subaddressing switch";

    fn word(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        match word {
            "on" => Some(Self::On),
            "off" => Some(Self::Off),
            _ => None,
        }
    }
}

impl From<bool> for Subaddressing {
    fn from(on: bool) -> Self {
        if on { Self::On } else { Self::Off }
    }
}

/// One domain.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HostedDomain {
    /// Its id.
    pub id: DomainId,
    /// Whose it is.
    pub tenant: TenantScope,
    /// Its name.
    pub name: Domain,
    /// Whether tags are split off.
    pub subaddressing: Subaddressing,
    /// Who gets mail for unknown addresses (`nobody`).
    pub catch_all: Option<AccountScope>,
    /// The domain that it stands for with all its addresses.
    pub alias_of: Option<DomainId>,
    /// Whether it is proved to be the tenant's.
    pub proof: Proof,
    /// Whether it is ours for mail.
    pub service: DomainService,
    /// The size of all its mailboxes; `None`: each has its own, as far as the plan says (C-02).
    pub mailbox_quota: Option<ByteSize>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its row last changed.
    pub updated_at: Timestamp,
}

/// Whether a domain is ours for mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DomainService {
    /// It is.
    Running,
    /// Not before its owner has shown that it is theirs: mail for it goes where the name service
    /// says.
    AwaitsProof,
}

/// The columns that [`domain`] reads.
const COLUMNS: &str = "d.id, d.tenant_id, d.name, d.subaddressing, d.catch_all_account_id, \
     d.alias_of_id, d.verification, d.verification_token, d.verified_at, d.checked_at, d.serving, \
     d.mailbox_quota_bytes, d.created_at, d.updated_at";
/// How many columns [`COLUMNS`] has.
const COLUMN_COUNT: usize = 14;

/// Creates a domain of a tenant whose owner the operator knows. A subdomain is a domain of its own
/// (O-004).
///
/// # Errors
/// [`DirectoryError::DomainTaken`], [`DirectoryError::DomainIsIpAddress`],
/// [`DirectoryError::DomainsUsedUp`], [`DirectoryError::NoSuchTenant`].
pub fn create(
    tx: &WriteTx<'_>,
    _operator: PlatformScope,
    tenant: TenantScope,
    name: &Domain,
) -> Result<DomainId, DirectoryError> {
    insert(tx, tenant, name, Verification::Verified, None)
}

/// Inserts a domain; the unique constraint decides whether the name is free.
fn insert(
    tx: &WriteTx<'_>,
    tenant: TenantScope,
    name: &Domain,
    verification: Verification,
    waits_with: Option<&str>,
) -> Result<DomainId, DirectoryError> {
    if name.as_str().parse::<IpAddr>().is_ok() {
        return Err(DirectoryError::DomainIsIpAddress(name.clone()));
    }
    contracts::check_domain_room(tx, tenant)?;
    let id: DomainId = tx.new_id();
    let verified_at = (verification == Verification::Verified).then(|| tx.now());
    let inserted = tx.execute(
        "INSERT INTO domain (id, tenant_id, name, search, subaddressing, verification,
             verification_token, verified_at, serving, created_at, updated_at)
         VALUES (?1, ?2, ?3, ?4, 1, ?5, ?6, ?7, ?8, ?9, ?9)
         ON CONFLICT (name) DO NOTHING",
        params![
            id,
            tenant.tenant,
            name.as_str(),
            search::text(name),
            verification.word(),
            waits_with,
            verified_at,
            verification == Verification::Verified,
            tx.now(),
        ],
    )?;
    if inserted == 0 {
        return Err(DirectoryError::DomainTaken(name.clone()));
    }
    tx.hint(Hint::Directory);
    Ok(id)
}

/// The domain of a name.
///
/// # Errors
/// [`DirectoryError::NoSuchDomain`] when it is not hosted here or not within reach.
pub fn find(tx: &Tx<'_>, reach: impl Reach, name: &Domain) -> Result<HostedDomain, DirectoryError> {
    tx.query_opt(
        &format!("SELECT {COLUMNS} FROM domain d WHERE d.name = ?1"),
        params![name.as_str()],
        domain,
    )?
    .filter(|found| reach.covers(found.tenant.tenant))
    .ok_or_else(|| DirectoryError::NoSuchDomain(name.clone()))
}

/// The domain of a name, if mail for it is ours: what awaits its proof is somebody else's until its
/// owner has shown otherwise, and mail must not be kept from them.
///
/// # Errors
/// [`DirectoryError::NoSuchDomain`], also while it awaits its proof.
pub fn find_in_service(
    tx: &Tx<'_>,
    reach: impl Reach,
    name: &Domain,
) -> Result<HostedDomain, DirectoryError> {
    let found = tx.query_opt(
        &format!(
            "SELECT {COLUMNS} FROM domain d WHERE d.name = ?1 AND d.serving = 1
             AND NOT EXISTS (SELECT 1 FROM domain s WHERE s.id = d.alias_of_id AND s.serving = 0)"
        ),
        params![name.as_str()],
        domain,
    )?;
    found
        .filter(|found| reach.covers(found.tenant.tenant))
        .ok_or_else(|| DirectoryError::NoSuchDomain(name.clone()))
}

/// Locks a domain's row for this transaction.
///
/// # Errors
/// [`DirectoryError::NoSuchDomainId`].
pub fn lock(tx: &WriteTx<'_>, scope: TenantScope, id: DomainId) -> Result<(), DirectoryError> {
    contracts::lock(tx, scope)?;
    by_id(tx, scope, id, "FOR UPDATE").map(|_| ())
}

/// The domain of an id, with `FOR UPDATE` locked.
fn by_id(
    tx: &Tx<'_>,
    reach: impl Reach,
    id: DomainId,
    lock: &str,
) -> Result<HostedDomain, DirectoryError> {
    tx.query_opt(
        &format!("SELECT {COLUMNS} FROM domain d WHERE d.id = ?1 {lock}"),
        params![id],
        domain,
    )?
    .filter(|found| reach.covers(found.tenant.tenant))
    .ok_or(DirectoryError::NoSuchDomainId(id))
}

/// The domain of an id that came from outside, if it is within reach.
pub fn find_by_id(
    tx: &Tx<'_>,
    reach: impl Reach,
    id: DomainId,
) -> Result<Option<HostedDomain>, DbError> {
    let found = tx.query_opt(
        &format!("SELECT {COLUMNS} FROM domain d WHERE d.id = ?1"),
        params![id],
        domain,
    )?;
    Ok(found.filter(|found| reach.covers(found.tenant.tenant)))
}

/// Up to `limit` domains within reach by name, from after the named one on.
pub fn list(
    tx: &Tx<'_>,
    reach: impl Reach,
    after: Option<&Domain>,
    limit: u32,
) -> Result<Vec<HostedDomain>, DirectoryError> {
    let after = after.map_or("", Domain::as_str);
    let domains = match reach.tenant() {
        Some(tenant) => tx.query(
            &format!(
                "SELECT {COLUMNS} FROM domain d
                 WHERE d.tenant_id = ?1 AND d.name > ?2 ORDER BY d.name LIMIT ?3"
            ),
            params![tenant, after, limit],
            domain,
        ),
        None => tx.query(
            &format!("SELECT {COLUMNS} FROM domain d WHERE d.name > ?1 ORDER BY d.name LIMIT ?2"),
            params![after, limit],
            domain,
        ),
    };
    Ok(domains?)
}

/// How many domains a tenant has.
pub fn count(tx: &Tx<'_>, scope: TenantScope) -> Result<u32, DirectoryError> {
    Ok(contracts::domains(tx, scope.tenant)?)
}

/// Sets or clears who gets mail for unknown addresses of a domain (T-036: the alias `nobody`).
///
/// # Errors
/// [`DirectoryError::NoSuchDomain`]; [`DirectoryError::NoSuchAccount`] when there is none or it is
/// not within reach; [`DirectoryError::DomainNotOfTenant`] when the two are of different tenants.
pub fn set_catch_all(
    tx: &WriteTx<'_>,
    reach: impl Reach,
    name: &Domain,
    account: Option<AccountScope>,
) -> Result<(), DirectoryError> {
    if let Some(scope) = account {
        if !reach.covers(scope.tenant) {
            return Err(DirectoryError::NoSuchAccount(scope.account.to_string()));
        }
        crate::accounts::lock(tx, scope)?;
    }
    let found = find(tx, reach, name)?;
    if account.is_some_and(|scope| scope.tenant != found.tenant.tenant) {
        return Err(DirectoryError::DomainNotOfTenant(name.clone()));
    }
    tx.execute(
        "UPDATE domain SET catch_all_account_id = ?3, updated_at = ?4
         WHERE tenant_id = ?1 AND id = ?2",
        params![
            found.tenant.tenant,
            found.id,
            account.map(|scope| scope.account),
            tx.now()
        ],
    )?;
    tx.hint(Hint::Directory);
    Ok(())
}

/// Switches subaddressing of a domain on or off.
///
/// # Errors
/// [`DirectoryError::NoSuchDomain`].
pub fn set_subaddressing(
    tx: &WriteTx<'_>,
    reach: impl Reach,
    name: &Domain,
    subaddressing: Subaddressing,
) -> Result<(), DirectoryError> {
    let found = find(tx, reach, name)?;
    tx.execute(
        "UPDATE domain SET subaddressing = ?3, updated_at = ?4 WHERE tenant_id = ?1 AND id = ?2",
        params![
            found.tenant.tenant,
            found.id,
            subaddressing == Subaddressing::On,
            tx.now()
        ],
    )?;
    tx.hint(Hint::Directory);
    Ok(())
}

/// The domain of an address that is to be created, within reach.
pub(crate) fn of_new_address(
    tx: &Tx<'_>,
    reach: impl Reach,
    address: &EmailAddress,
) -> Result<HostedDomain, DirectoryError> {
    check_new_address(address)?;
    let domain = find(tx, reach, address.domain())?;
    check_has_addresses(&domain)?;
    Ok(domain)
}

/// Refuses a domain that can have no addresses of its own.
pub(crate) fn check_has_addresses(domain: &HostedDomain) -> Result<(), DirectoryError> {
    match domain.alias_of {
        Some(_) => Err(DirectoryError::DomainIsAlias(domain.name.clone())),
        None => Ok(()),
    }
}

/// Whether an address can be given to anything here, whoever has it.
pub(crate) fn check_new_address(address: &EmailAddress) -> Result<(), DirectoryError> {
    if address.canonical_local() == NOBODY {
        return Err(DirectoryError::NobodyIsCatchAll {
            domain: address.domain().clone(),
        });
    }
    if EmailAddress::new(address.local(), address.domain().clone()).is_err() {
        return Err(DirectoryError::AddressNeedsQuotes(address.clone()));
    }
    Ok(())
}

/// The local part that means the catch-all (T-036).
pub(crate) const NOBODY: &str = "nobody";

fn domain(row: &Row<'_>) -> Result<HostedDomain, DbError> {
    let tenant: TenantId = row.get(1)?;
    Ok(HostedDomain {
        id: row.get(0)?,
        tenant: TenantScope { tenant },
        name: stored_domain(row, 2)?,
        subaddressing: row.get::<bool>(3)?.into(),
        catch_all: row
            .get::<Option<_>>(4)?
            .map(|account| AccountScope { tenant, account }),
        alias_of: row.get(5)?,
        proof: Proof {
            state: Verification::read(row, 6)?,
            token: row.get(7)?,
            verified_at: row.get(8)?,
            checked_at: row.get(9)?,
        },
        service: if row.get(10)? {
            DomainService::Running
        } else {
            DomainService::AwaitsProof
        },
        mailbox_quota: row.get(11)?,
        created_at: row.get(12)?,
        updated_at: row.get(13)?,
    })
}

/// A domain name in a column.
pub(crate) fn stored_domain(row: &Row<'_>, index: usize) -> Result<Domain, DbError> {
    row.text(index)?
        .parse()
        .map_err(|_| unreadable(index, "a domain name"))
}
