//! Changing an account.

use hikyaku_db::{Hint, WriteTx, params};

use super::{Access, AccountStatus, Overrides, Settings, details, lock, store, terms};
use crate::{AccountScope, DirectoryError, TimeZoneName, name, stored::Stored};

/// What to change of an account; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct AccountChange {
    /// Another display name.
    pub name: Option<String>,
    /// Suspended, or active again.
    pub status: Option<AccountStatus>,
    /// Other ways to sign in.
    pub access: Option<Access>,
    /// Other settings of its own (all of them).
    pub overrides: Option<Overrides>,
    /// Everything else (all of it).
    pub settings: Option<Settings>,
}

/// Changes an account; in force at once, also for sessions that are open.
///
/// # Errors
/// [`DirectoryError::NoSuchAccount`], [`DirectoryError::NameInvalid`],
/// [`DirectoryError::FieldInvalid`].
pub fn update(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    change: &AccountChange,
) -> Result<(), DirectoryError> {
    lock(tx, scope)?;
    let before = details::details(tx, scope)?;
    let account = &before.account;
    let name = match &change.name {
        Some(name) => name::display_name(name)?,
        None => account.name.clone(),
    };
    let access = change.access.unwrap_or(account.access);
    let overrides = change.overrides.as_ref().unwrap_or(&account.overrides);
    tx.execute(
        "UPDATE account SET name = ?3, status = ?4, access_pop = ?5, access_imap = ?6,
             access_smtp = ?7, access_web = ?8, time_zone = ?9, language = ?10, updated_at = ?11
         WHERE tenant_id = ?1 AND id = ?2",
        params![
            scope.tenant,
            scope.account,
            &name,
            change.status.unwrap_or(account.status).word(),
            access.pop,
            access.imap,
            access.smtp,
            access.web,
            overrides.time_zone.as_ref().map(TimeZoneName::as_str),
            overrides.language.map(Stored::word),
            tx.now(),
        ],
    )?;
    if let Some(settings) = &change.settings {
        store::settings(tx, scope, settings)?;
    }
    let after = details::details(tx, scope)?;
    store::search_columns(tx, &after)?;
    terms::write(tx, scope, &terms::terms(&before), &terms::terms(&after))?;
    tx.hint(Hint::Account(scope.account));
    if change.settings.is_some() {
        tx.hint(Hint::Directory);
    }
    Ok(())
}
