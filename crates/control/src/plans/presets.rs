//! The three plans after the sources and the sample catalogue, for an operator who asks for them.

use hikyaku_db::WriteTx;
use hikyaku_directory::{
    DirectoryError, options,
    plans::{self, PlanStatus},
};
use hikyaku_oplog::Target;
use hikyaku_types::Permission;
use serde_json::json;

use crate::{Act, Actor, ControlError};

/// What was not there yet and is now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Installed {
    /// Names of plans, published.
    pub plans: Vec<String>,
    /// Codes of options.
    pub options: Vec<String>,
}

/// Installs the presets and the sample catalogue (K-60). What exists by the same name stays as it
/// is.
///
/// # Errors
/// [`ControlError::Forbidden`].
pub fn install_presets(tx: &WriteTx<'_>, actor: &Actor) -> Result<Installed, ControlError> {
    let operator = actor.on_platform(Permission::PlansWrite)?;
    let mut installed = Installed::default();
    for preset in plans::presets() {
        match plans::create(tx, operator, &preset) {
            Ok(id) => {
                plans::set_status(tx, operator, id, PlanStatus::Published)?;
                installed.plans.push(preset.name);
            }
            Err(DirectoryError::PlanNameTaken(_)) => {}
            Err(other) => return Err(other.into()),
        }
    }
    for sample in options::catalogue() {
        match options::create(tx, operator, &sample) {
            Ok(_) => installed.options.push(sample.code),
            Err(DirectoryError::OptionTaken(_)) => {}
            Err(other) => return Err(other.into()),
        }
    }
    let act = Act::on_platform("plan.presets", Target::new("plan", "", "presets"));
    actor.log(
        tx,
        act.after(json!({ "plans": installed.plans, "options": installed.options })),
    )?;
    Ok(installed)
}
