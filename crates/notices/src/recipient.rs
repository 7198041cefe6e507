//! Who gets a notice.

use std::collections::BTreeSet;

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
    /// Those whom the tenant has named for it; else its company administrators and its accounts
    /// `administrator@` (O-037).
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

/// The company administrators (T-006).
const BY_ROLE: &str = "SELECT a.canonical FROM role_grant g \
     JOIN account acc ON acc.tenant_id = g.tenant_id AND acc.id = g.account_id \
     AND acc.deleted_at IS NULL \
     JOIN address a ON a.account_id = acc.id AND a.kind = 'account' \
     WHERE g.tenant_id = ?1 AND g.role = 'company-administrator' AND g.place = 'tenant' \
     AND (g.expires_at IS NULL OR g.expires_at > ?2) \
     LIMIT 50";

/// `administrator@` of the tenant's domains (T-001).
const BY_NAME: &str = "SELECT a.canonical FROM domain d \
     JOIN address a ON a.canonical = 'administrator@' || d.name \
     JOIN account acc ON acc.id = a.account_id AND acc.kind = 'system' \
     AND acc.deleted_at IS NULL WHERE d.tenant_id = ?1 \
     LIMIT 50";

fn by_office(tx: &Tx<'_>, scope: TenantScope) -> Result<Vec<EmailAddress>, DbError> {
    let now = tx.now();
    let by_role = tx.query(BY_ROLE, params![scope.tenant, now], |row| {
        row.get::<String>(0)
    })?;
    let by_name = tx.query(BY_NAME, params![scope.tenant], |row| row.get::<String>(0))?;
    let found: BTreeSet<String> = by_role.into_iter().chain(by_name).collect();
    Ok(found.iter().filter_map(|text| text.parse().ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn administrators_are_found_by_index() {
        hikyaku_db::testing::assert_only_searches(BY_ROLE.to_owned(), 2).await;
        hikyaku_db::testing::assert_only_searches(BY_NAME.to_owned(), 1).await;
    }
}
