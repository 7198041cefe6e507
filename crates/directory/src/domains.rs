//! Mail domains of tenants, and what is decided per domain: catch-all and subaddressing.

use std::net::IpAddr;

use hikyaku_db::{DbError, Hint, Row, Tx, WriteTx, params};
use hikyaku_types::{Domain, DomainId, EmailAddress, TenantId, Timestamp};

use crate::{
    AccountScope, DirectoryError, PlatformScope, Reach, TenantScope,
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
    /// When it was created.
    pub created_at: Timestamp,
    /// When its row last changed.
    pub updated_at: Timestamp,
}

const COLUMNS: &str =
    "id, tenant_id, name, subaddressing, catch_all_account_id, created_at, updated_at";

/// Creates a domain of a tenant. A subdomain is a domain of its own.
///
/// # Errors
/// [`DirectoryError::DomainTaken`], [`DirectoryError::DomainIsIpAddress`].
pub fn create(
    tx: &WriteTx<'_>,
    _operator: PlatformScope,
    tenant: TenantScope,
    name: &Domain,
) -> Result<DomainId, DirectoryError> {
    if name.as_str().parse::<IpAddr>().is_ok() {
        return Err(DirectoryError::DomainIsIpAddress(name.clone()));
    }
    let id: DomainId = tx.new_id();
    let inserted = tx.execute(
        "INSERT INTO domain (id, tenant_id, name, subaddressing, created_at, updated_at)
         VALUES (?1, ?2, ?3, 1, ?4, ?4)
         ON CONFLICT (name) DO NOTHING",
        params![id, tenant.tenant, name.as_str(), tx.now()],
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
        &format!("SELECT {COLUMNS} FROM domain WHERE name = ?1"),
        params![name.as_str()],
        domain,
    )?
    .filter(|found| reach.covers(found.tenant.tenant))
    .ok_or_else(|| DirectoryError::NoSuchDomain(name.clone()))
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
                "SELECT {COLUMNS} FROM domain
                 WHERE tenant_id = ?1 AND name > ?2 ORDER BY name LIMIT ?3"
            ),
            params![tenant, after, limit],
            domain,
        ),
        None => tx.query(
            &format!("SELECT {COLUMNS} FROM domain WHERE name > ?1 ORDER BY name LIMIT ?2"),
            params![after, limit],
            domain,
        ),
    };
    Ok(domains?)
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
    find(tx, reach, address.domain())
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
        created_at: row.get(5)?,
        updated_at: row.get(6)?,
    })
}

/// A domain name in a column.
pub(crate) fn stored_domain(row: &Row<'_>, index: usize) -> Result<Domain, DbError> {
    row.text(index)?
        .parse()
        .map_err(|_| unreadable(index, "a domain name"))
}
