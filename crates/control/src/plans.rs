//! Plans and options: what the operator sells (OP-04, OP-05).

mod apply;
mod options;
mod presets;

use hikyaku_db::{Tx, WriteTx};
use hikyaku_directory::{
    DirectoryError,
    plans::{self, NewPlan, Plan, PlanChange, PlanStatus},
};
use hikyaku_oplog::Target;
use hikyaku_types::{Permission, PlanId};
use serde::Deserialize;
use serde_json::json;

pub use apply::{Applied, MAX_APPLIED_AT_ONCE, Outcome, apply};
pub use options::{change_option, create_option, list_options, show_option};
pub use presets::{Installed, install_presets};

use crate::{Act, Actor, ControlError, tenants::changed};

/// A plan by its id (only digits) or its name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct PlanRef(String);

impl From<&str> for PlanRef {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl PlanRef {
    /// The id, if it is one.
    pub(crate) fn id(&self) -> Option<PlanId> {
        self.0.parse().ok()
    }

    /// As it was written.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    fn find(
        &self,
        tx: &Tx<'_>,
        actor: &Actor,
        permission: Permission,
    ) -> Result<Plan, ControlError> {
        let operator = actor.on_platform(permission)?;
        let found = match self.id() {
            Some(id) => plans::find(tx, operator, id),
            None => plans::find_by_name(tx, operator, self.as_str()),
        };
        found.map_err(|error| match error {
            DirectoryError::NoSuchPlan(_) => ControlError::NotFound { kind: "plan" },
            other => other.into(),
        })
    }
}

/// Creates a plan as a draft.
///
/// # Errors
/// [`ControlError::Forbidden`], and what the directory refuses.
pub fn create(tx: &WriteTx<'_>, actor: &Actor, new: &NewPlan) -> Result<Plan, ControlError> {
    let operator = actor.on_platform(Permission::PlansWrite)?;
    let id = plans::create(tx, operator, new)?;
    let made = plans::find(tx, operator, id)?;
    actor.log(
        tx,
        Act::on_platform("plan.create", target(&made)).after(summary(&made)),
    )?;
    Ok(made)
}

/// The plans by name, from after the named one on.
///
/// # Errors
/// [`ControlError::Forbidden`].
pub fn list(
    tx: &Tx<'_>,
    actor: &Actor,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<Plan>, ControlError> {
    let operator = actor.on_platform(Permission::PlansRead)?;
    Ok(plans::list(tx, operator, after, limit)?)
}

/// One plan.
///
/// # Errors
/// [`ControlError::NotFound`], [`ControlError::Forbidden`].
pub fn show(tx: &Tx<'_>, actor: &Actor, plan: &PlanRef) -> Result<Plan, ControlError> {
    plan.find(tx, actor, Permission::PlansRead)
}

/// Changes a plan. `changes` makes the changes of the plan as it is, or says why not.
///
/// # Errors
/// [`ControlError::NotFound`], [`ControlError::Forbidden`], what `changes` says, and what the
/// directory refuses.
pub fn change(
    tx: &WriteTx<'_>,
    actor: &Actor,
    plan: &PlanRef,
    changes: impl Fn(&Plan) -> Result<PlanChange, ControlError>,
) -> Result<Plan, ControlError> {
    let operator = actor.on_platform(Permission::PlansWrite)?;
    let found = plan.find(tx, actor, Permission::PlansWrite)?;
    let before = plans::lock(tx, operator, found.id)?;
    plans::update(tx, operator, before.id, &changes(&before)?)?;
    let after = plans::find(tx, operator, before.id)?;
    let (old, new) = changed(&summary(&before), &summary(&after));
    let act = Act::on_platform("plan.change", target(&after));
    actor.log(tx, act.before(old).after(new))?;
    Ok(after)
}

/// Makes a draft of a plan under another name.
///
/// # Errors
/// [`ControlError::NotFound`], [`ControlError::Forbidden`], and what the directory refuses.
pub fn clone(
    tx: &WriteTx<'_>,
    actor: &Actor,
    plan: &PlanRef,
    name: &str,
) -> Result<Plan, ControlError> {
    let original = plan.find(tx, actor, Permission::PlansWrite)?;
    let new = NewPlan {
        name: name.to_owned(),
        description: original.description,
        price_label: original.price_label,
        terms: original.terms,
    };
    create(tx, actor, &new)
}

/// Publishes or retires a plan.
///
/// # Errors
/// [`ControlError::NotFound`], [`ControlError::Forbidden`], and what the directory refuses.
pub fn set_status(
    tx: &WriteTx<'_>,
    actor: &Actor,
    plan: &PlanRef,
    status: PlanStatus,
) -> Result<Plan, ControlError> {
    let operator = actor.on_platform(Permission::PlansWrite)?;
    let before = plan.find(tx, actor, Permission::PlansWrite)?;
    plans::set_status(tx, operator, before.id, status)?;
    let after = plans::find(tx, operator, before.id)?;
    let told = |plan: &Plan| json!({ "status": plan.status.to_string() });
    let act = Act::on_platform("plan.status", target(&after));
    actor.log(tx, act.before(told(&before)).after(told(&after)))?;
    Ok(after)
}

/// Removes a plan that no tenant has.
///
/// # Errors
/// [`ControlError::NotFound`], [`ControlError::Forbidden`], and what the directory refuses.
pub fn delete(tx: &WriteTx<'_>, actor: &Actor, plan: &PlanRef) -> Result<(), ControlError> {
    let operator = actor.on_platform(Permission::PlansWrite)?;
    let found = plan.find(tx, actor, Permission::PlansWrite)?;
    plans::delete(tx, operator, found.id)?;
    actor.log(
        tx,
        Act::on_platform("plan.delete", target(&found)).before(summary(&found)),
    )?;
    Ok(())
}

fn target(plan: &Plan) -> Target {
    Target::new("plan", plan.id, &plan.name)
}

fn summary(plan: &Plan) -> serde_json::Value {
    let mut told = json!({
        "name": plan.name,
        "description": plan.description,
        "price_label": plan.price_label,
        "revision": plan.revision,
    });
    // Each term by itself, so that a change tells what changed.
    if let (Some(told), Ok(serde_json::Value::Object(terms))) =
        (told.as_object_mut(), serde_json::to_value(&plan.terms))
    {
        told.extend(terms);
    }
    told
}
