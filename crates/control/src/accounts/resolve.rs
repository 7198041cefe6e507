//! Where mail for an address would go (AD-07: "test address").

use hikyaku_db::Tx;
use hikyaku_directory::{
    DirectoryError, PlatformScope, accounts,
    addresses::{self, AddressKind, Receiving, Resolution},
    domains,
};
use hikyaku_types::{EmailAddress, Permission};

use crate::{Actor, ControlError};

/// Where mail for an address goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhereTo {
    /// Into mailboxes.
    Accounts {
        /// Why these: `account`, `alias`, `subaddress`, `catch_all`, `postmaster`.
        by: &'static str,
        /// Each account's own address, and whether it takes mail: `open`, `account_suspended`,
        /// `discarded`, `tenant_suspended`.
        targets: Vec<(EmailAddress, &'static str)>,
    },
    /// Refused: nobody has the address.
    Unknown,
    /// To another host.
    Elsewhere,
}

/// Where mail for an address goes at this moment.
///
/// # Errors
/// [`ControlError::NotFound`] for a domain of others that is hosted here.
pub fn where_to(
    tx: &Tx<'_>,
    actor: &Actor,
    address: &EmailAddress,
) -> Result<WhereTo, ControlError> {
    actor.area(Permission::AccountsRead)?;
    match domains::find(tx, PlatformScope::operator(), address.domain()) {
        Ok(domain) => {
            let tenant = domain.tenant.tenant;
            actor.in_domain(Permission::AccountsRead, tenant, domain.id, "domain")?;
        }
        // A domain that is not hosted here is no secret: its mail goes out.
        Err(DirectoryError::NoSuchDomain(_)) => return Ok(WhereTo::Elsewhere),
        Err(error) => return Err(error.into()),
    }
    let (by, targets) = match addresses::resolve(tx, address)? {
        Resolution::Account {
            scope,
            address_kind,
            receiving,
            ..
        } => (word_of(address_kind), vec![(scope, receiving)]),
        Resolution::Several(targets) => ("alias", targets),
        Resolution::UnknownAddress => return Ok(WhereTo::Unknown),
        Resolution::NotLocal => return Ok(WhereTo::Elsewhere),
    };
    let scopes: Vec<_> = targets.iter().map(|(scope, _)| *scope).collect();
    let shown = accounts::details_of(tx, &scopes)?;
    let targets = shown
        .into_iter()
        .zip(targets)
        .map(|(details, (_, receiving))| (details.account.address, state_of(receiving)))
        .collect();
    Ok(WhereTo::Accounts { by, targets })
}

fn word_of(kind: AddressKind) -> &'static str {
    match kind {
        AddressKind::Own => "account",
        AddressKind::Alias => "alias",
        AddressKind::Subaddress => "subaddress",
        AddressKind::CatchAll => "catch_all",
        AddressKind::Postmaster => "postmaster",
        _ => "other",
    }
}

fn state_of(receiving: Receiving) -> &'static str {
    match receiving {
        Receiving::Open => "open",
        Receiving::AccountSuspended => "account_suspended",
        Receiving::Discarded => "discarded",
        Receiving::TenantSuspended => "tenant_suspended",
        _ => "closed",
    }
}
