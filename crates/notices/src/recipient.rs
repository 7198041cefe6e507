//! Who gets a notice.

use hikyaku_db::{DbError, Tx, params};
use hikyaku_directory::{AccountScope, DirectoryError, Language, TenantScope, accounts, tenants};
use hikyaku_types::EmailAddress;

use crate::settings;

/// Administrators of one tenant that a notice goes to at most (50).
pub(crate) const ADMINISTRATORS_MAX: usize = 50;

/// Who gets a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipient {
    /// An address, perhaps elsewhere, in this language.
    Address(EmailAddress, Language),
    /// The owner of an account, in the own mailbox and language.
    Account(AccountScope),
    /// Those whom the tenant has named for it; else those who may appoint others in the whole
    /// tenant, and the contact of the contract (O-037).
    Administrators,
}

/// One address to write to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct To {
    pub(crate) address: EmailAddress,
    pub(crate) language: Language,
    pub(crate) time_zone: String,
}

impl Recipient {
    /// The addresses behind it, as of now.
    pub(crate) fn resolve(
        &self,
        tx: &Tx<'_>,
        scope: TenantScope,
    ) -> Result<Vec<To>, DirectoryError> {
        match self {
            Self::Address(address, language) => {
                let tenant = tenants::load(tx, scope)?;
                Ok(vec![To {
                    address: address.clone(),
                    language: *language,
                    time_zone: tenant.time_zone.as_str().to_owned(),
                }])
            }
            Self::Account(account) => {
                let account = accounts::load(tx, *account)?;
                Ok(vec![To {
                    address: account.address,
                    language: account.language,
                    time_zone: account.time_zone.as_str().to_owned(),
                }])
            }
            Self::Administrators => administrators(tx, scope),
        }
    }
}

/// The administrators of a tenant.
fn administrators(tx: &Tx<'_>, scope: TenantScope) -> Result<Vec<To>, DirectoryError> {
    let tenant = tenants::load(tx, scope)?;
    let mut addresses = settings::load(tx, Some(scope))?.administrators;
    if addresses.is_empty() {
        addresses = by_office(tx, scope)?;
    }
    addresses.truncate(ADMINISTRATORS_MAX);
    Ok(addresses
        .into_iter()
        .map(|address| To {
            address,
            language: tenant.language,
            time_zone: tenant.time_zone.as_str().to_owned(),
        })
        .collect())
}

/// The system account `administrator@` of the tenant's domains (T-001).
const BY_OFFICE: &str = "SELECT a.canonical FROM address a \
     JOIN account acc ON acc.id = a.account_id AND acc.deleted_at IS NULL \
     WHERE a.tenant_id = ?1 AND a.kind = 'account' AND acc.kind = 'system' \
     AND a.canonical LIKE 'administrator@%' ORDER BY a.canonical LIMIT 50";

fn by_office(tx: &Tx<'_>, scope: TenantScope) -> Result<Vec<EmailAddress>, DbError> {
    let found = tx.query(BY_OFFICE, params![scope.tenant], |row| row.get::<String>(0))?;
    Ok(found.iter().filter_map(|text| text.parse().ok()).collect())
}
