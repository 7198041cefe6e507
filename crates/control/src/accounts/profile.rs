//! The own profile (US-02): what people may change of themselves, unless it is locked.

use hikyaku_db::{Tx, WriteTx};
use hikyaku_directory::accounts::{self, Details};
use serde::{Deserialize, Serialize};

use super::{AccountForm, change, form};
use crate::{Actor, ControlError};

/// Fields of the own profile that only administrators change, always.
const ADMINISTERED: [&str; 4] = ["department", "title", "organisation", "employee_number"];
/// Fields of the own profile that people change themselves, unless their profile is locked (T-026).
const OWN: [&str; 8] = [
    "name",
    "family_name",
    "given_name",
    "family_kana",
    "given_kana",
    "phone",
    "language",
    "time_zone",
];

/// The own profile.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OwnProfile {
    /// The account.
    pub details: Details,
    /// The fields that the owner cannot change; all of them when an administrator has locked the
    /// profile.
    pub locked: Vec<&'static str>,
}

/// What people change of themselves; what is `None` stays.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProfileChange {
    /// The display name.
    pub name: Option<String>,
    /// The family name.
    pub family_name: Option<String>,
    /// The given name.
    pub given_name: Option<String>,
    /// How the family name is read.
    pub family_kana: Option<String>,
    /// How the given name is read.
    pub given_kana: Option<String>,
    /// Telephone numbers.
    pub phone: Option<String>,
    /// `ja`, `en`, or empty for the tenant's. Never locked: it changes nothing but what the person
    /// reads.
    pub language: Option<String>,
    /// An IANA name, or empty for the tenant's. Never locked.
    pub time_zone: Option<String>,
}

/// The profile of whoever asks.
///
/// # Errors
/// [`ControlError::NotFound`] for actors without an account.
pub fn own_profile(tx: &Tx<'_>, actor: &Actor) -> Result<OwnProfile, ControlError> {
    let own = actor.own_account();
    let own = own.ok_or(ControlError::NotFound { kind: "account" })?;
    let details = accounts::details(tx, own)?;
    let may_edit = details.settings.switches.may_edit_profile;
    let mut locked = ADMINISTERED.to_vec();
    if !may_edit {
        let shared = OWN.iter().filter(|field| !is_personal(field));
        locked.extend(shared);
    }
    locked.sort_unstable();
    Ok(OwnProfile { details, locked })
}

/// Language and time zone are how a person reads, not what others see.
fn is_personal(field: &str) -> bool {
    matches!(field, "language" | "time_zone")
}

/// Changes the profile of whoever asks. `stale` as for [`super::change`].
///
/// # Errors
/// [`ControlError::NotFound`] for actors without an account; the conflict `profile_locked` (T-026);
/// [`ControlError::Invalid`].
pub fn set_own_profile(
    tx: &WriteTx<'_>,
    actor: &Actor,
    change: &ProfileChange,
    stale: impl Fn(&OwnProfile) -> Result<(), ControlError>,
) -> Result<OwnProfile, ControlError> {
    let own = actor.own_account();
    let own = own.ok_or(ControlError::NotFound { kind: "account" })?;
    accounts::lock_for_change(tx, own)?;
    let before = own_profile(tx, actor)?;
    stale(&before)?;
    let wanted = ProfileChange {
        language: None,
        time_zone: None,
        ..change.clone()
    };
    let locked = !before.details.settings.switches.may_edit_profile;
    if locked && wanted != ProfileChange::default() {
        return Err(ControlError::conflict(
            "profile_locked",
            "an administrator has locked this profile: ask the administrator to change it",
        ));
    }
    let form = AccountForm {
        name: change.name.clone(),
        family_name: change.family_name.clone(),
        given_name: change.given_name.clone(),
        family_kana: change.family_kana.clone(),
        given_kana: change.given_kana.clone(),
        phone: change.phone.clone(),
        language: change.language.clone(),
        time_zone: change.time_zone.clone(),
        ..AccountForm::default()
    };
    change::apply(tx, &before.details, &form)?;
    let after = own_profile(tx, actor)?;
    let (was, is) = form::differences(&before.details, &after.details);
    if was != is {
        let act = change::act(&after.details, "profile.change");
        actor.log(tx, act.before(was).after(is))?;
    }
    Ok(after)
}
