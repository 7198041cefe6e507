//! The catalogue of options and packs (OP-05).

use hikyaku_db::{Tx, WriteTx};
use hikyaku_directory::{
    DirectoryError,
    options::{self, CatalogueOption, NewOption, Offered, OptionChange},
};
use hikyaku_oplog::Target;
use hikyaku_types::Permission;
use serde_json::json;

use crate::{Act, Actor, ControlError, tenants::changed};

/// Adds an option to the catalogue.
///
/// # Errors
/// [`ControlError::Forbidden`], and what the directory refuses.
pub fn create_option(
    tx: &WriteTx<'_>,
    actor: &Actor,
    new: &NewOption,
) -> Result<CatalogueOption, ControlError> {
    let operator = actor.on_platform(Permission::PlansWrite)?;
    let id = options::create(tx, operator, new)?;
    let made = options::find(tx, operator, id)?;
    actor.log(
        tx,
        Act::on_platform("option.create", target(&made)).after(summary(&made)),
    )?;
    Ok(made)
}

/// The options by code, from after the named one on. Whoever sees a contract sees what can be
/// ordered; the retired ones are the operator's.
///
/// # Errors
/// [`ControlError::Forbidden`].
pub fn list_options(
    tx: &Tx<'_>,
    actor: &Actor,
    offered: Offered,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<CatalogueOption>, ControlError> {
    match offered {
        Offered::Only => actor.area(Permission::ContractsRead).map(|_| ())?,
        Offered::AndRetired => actor.on_platform(Permission::PlansRead).map(|_| ())?,
    }
    Ok(options::list(tx, offered, after, limit)?)
}

/// One option.
///
/// # Errors
/// [`ControlError::NotFound`], [`ControlError::Forbidden`].
pub fn show_option(
    tx: &Tx<'_>,
    actor: &Actor,
    code: &str,
) -> Result<CatalogueOption, ControlError> {
    let operator = actor.on_platform(Permission::PlansRead)?;
    options::find_by_code(tx, operator, code).map_err(unknown)
}

/// Changes an option. `changes` makes the changes of the option as it is, or says why not.
///
/// # Errors
/// [`ControlError::NotFound`], [`ControlError::Forbidden`], what `changes` says, and what the
/// directory refuses.
pub fn change_option(
    tx: &WriteTx<'_>,
    actor: &Actor,
    code: &str,
    changes: impl Fn(&CatalogueOption) -> Result<OptionChange, ControlError>,
) -> Result<CatalogueOption, ControlError> {
    let operator = actor.on_platform(Permission::PlansWrite)?;
    let before = options::lock_by_code(tx, operator, code).map_err(unknown)?;
    options::update(tx, operator, before.id, &changes(&before)?)?;
    let after = options::find(tx, operator, before.id)?;
    let (old, new) = changed(&summary(&before), &summary(&after));
    let act = Act::on_platform("option.change", target(&after));
    actor.log(tx, act.before(old).after(new))?;
    Ok(after)
}

fn unknown(error: DirectoryError) -> ControlError {
    match error {
        DirectoryError::NoSuchOption(_) => ControlError::NotFound { kind: "option" },
        other => other.into(),
    }
}

fn target(option: &CatalogueOption) -> Target {
    Target::new("option", option.id, &option.code)
}

fn summary(option: &CatalogueOption) -> serde_json::Value {
    json!({
        "code": option.code,
        "name_ja": option.name_ja,
        "name_en": option.name_en,
        "unit_ja": option.unit_ja,
        "unit_en": option.unit_en,
        "price_label": option.price_label,
        "max_packs": option.max_packs,
        "needs": option.needs,
        "effect": option.effect,
        "retired_at": option.retired_at,
    })
}
