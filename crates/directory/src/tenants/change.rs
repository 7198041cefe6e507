//! Changing what a tenant is called, and its dates.

use hikyaku_db::{Hint, Tx, WriteTx, params};
use hikyaku_types::{TenantId, Timestamp};

use super::{find, search};
use crate::{
    DirectoryError, Language, PlatformScope, TenantScope, TimeZoneName, contracts, name,
    stored::Stored,
};

/// Characters of a customer number at most.
pub const MAX_CUSTOMER_NUMBER_CHARS: usize = 40;

/// What to change of a tenant; the inner `None` takes a value away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TenantChange {
    /// Another name.
    pub name: Option<String>,
    /// Another reading of the name.
    pub kana: Option<String>,
    /// Another customer number.
    pub customer_number: Option<Option<String>>,
    /// Another language of its texts.
    pub language: Option<Language>,
    /// Another time zone of its dates.
    pub time_zone: Option<TimeZoneName>,
    /// Another beginning of the service, while it is prepared.
    pub service_start_at: Option<Option<Timestamp>>,
    /// Another end of the contract.
    pub end_at: Option<Option<Timestamp>>,
}

/// Changes a tenant.
///
/// # Errors
/// [`DirectoryError::NoSuchTenant`], [`DirectoryError::TenantNameTaken`],
/// [`DirectoryError::CustomerNumberTaken`], [`DirectoryError::NameInvalid`];
/// [`DirectoryError::EndInPast`]: a contract that is to end now is terminated instead.
pub fn update(
    tx: &WriteTx<'_>,
    operator: PlatformScope,
    scope: TenantScope,
    change: &TenantChange,
) -> Result<(), DirectoryError> {
    contracts::lock(tx, scope)?;
    let before = find(tx, operator, scope.tenant)?;
    let name = match &change.name {
        Some(name) => name::tenant_name(name)?,
        None => before.name,
    };
    let kana = name::display_name(change.kana.as_ref().unwrap_or(&before.kana))?;
    let number = match &change.customer_number {
        Some(number) => customer_number(number.as_deref())?,
        None => before.customer_number,
    };
    if let Some(Some(end)) = change.end_at
        && end <= tx.now()
        && change.end_at != Some(before.standing.end_at)
    {
        return Err(DirectoryError::EndInPast);
    }
    check_number(tx, scope.tenant, number.as_deref())?;
    let updated = tx.execute(
        "UPDATE tenant SET name = ?2, canonical = ?3, kana = ?4, customer_number = ?5, search = ?6,
             language = ?7, time_zone = ?8, service_start_at = ?9, end_at = ?10, updated_at = ?11
         WHERE id = ?1 AND NOT EXISTS
             (SELECT 1 FROM tenant other WHERE other.canonical = ?3 AND other.id <> ?1)",
        params![
            scope.tenant,
            &name,
            name::folded(&name),
            &kana,
            number.as_deref(),
            search::text(&name, &kana, number.as_deref()),
            change.language.unwrap_or(before.language).word(),
            change
                .time_zone
                .as_ref()
                .unwrap_or(&before.time_zone)
                .as_str(),
            change
                .service_start_at
                .unwrap_or(before.standing.service_start_at),
            change.end_at.unwrap_or(before.standing.end_at),
            tx.now(),
        ],
    )?;
    if updated == 0 {
        return Err(DirectoryError::TenantNameTaken(name));
    }
    tx.hint(Hint::Tenant(scope.tenant));
    tx.hint(Hint::Directory);
    Ok(())
}

/// A customer number as stored: one line, `None` when it is empty.
pub(super) fn customer_number(number: Option<&str>) -> Result<Option<String>, DirectoryError> {
    let number = name::line(number.unwrap_or_default(), MAX_CUSTOMER_NUMBER_CHARS)?;
    Ok((!number.is_empty()).then_some(number))
}

/// Whether another tenant has this number. The unique index decides for two that come at once.
pub(super) fn check_number(
    tx: &Tx<'_>,
    tenant: TenantId,
    number: Option<&str>,
) -> Result<(), DirectoryError> {
    let Some(number) = number else {
        return Ok(());
    };
    let other = tx.query_opt(
        "SELECT id FROM tenant WHERE customer_number = ?1 AND id <> ?2",
        params![number, tenant],
        |_| Ok(()),
    )?;
    match other {
        Some(()) => Err(DirectoryError::CustomerNumberTaken(number.to_owned())),
        None => Ok(()),
    }
}
