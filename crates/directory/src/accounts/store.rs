//! Writing the columns of an account that stand beside those of its creation.

use hikyaku_db::{WriteTx, params};

use super::{Details, Settings, profile, terms};
use crate::{AccountScope, DirectoryError, stored::Stored};

/// Writes all settings.
///
/// # Errors
/// [`DirectoryError::FieldInvalid`].
pub(crate) fn settings(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    settings: &Settings,
) -> Result<(), DirectoryError> {
    let profile = settings.profile.checked()?;
    let attributes = serde_json::to_string(&profile.attributes)
        .expect("invariant: texts by text are JSON always");
    tx.execute(
        "UPDATE account SET family_name = ?3, given_name = ?4, family_kana = ?5, given_kana = ?6,
             department = ?7, title = ?8, organisation = ?9, phone = ?10, employee_number = ?11,
             attributes = ?12, notes = ?13, receiving = ?14, sending = ?15,
             may_change_password = ?16, may_edit_profile = ?17, in_gal = ?18, in_directory = ?19,
             networks = ?20, template_id = ?21
         WHERE tenant_id = ?1 AND id = ?2",
        params![
            scope.tenant,
            scope.account,
            &profile.family_name,
            &profile.given_name,
            &profile.family_kana,
            &profile.given_kana,
            &profile.department,
            &profile.title,
            &profile.organisation,
            &profile.phone,
            &profile.employee_number,
            attributes,
            profile::notes(&settings.notes)?,
            settings.receiving.word(),
            settings.sending.word(),
            settings.switches.may_change_password,
            settings.switches.may_edit_profile,
            settings.switches.in_gal,
            settings.switches.in_directory,
            settings.networks.to_storage(),
            settings.template,
        ],
    )?;
    Ok(())
}

/// Writes what is made of the other columns, for lists and searches.
pub(crate) fn search_columns(tx: &WriteTx<'_>, details: &Details) -> Result<(), DirectoryError> {
    let scope = details.account.scope;
    tx.execute(
        "UPDATE account SET sort_name = ?3, search_text = ?4, search_version = ?5
         WHERE tenant_id = ?1 AND id = ?2",
        params![
            scope.tenant,
            scope.account,
            terms::sort_name(details),
            terms::search_text(details),
            terms::SEARCH_VERSION,
        ],
    )?;
    Ok(())
}
