//! Second factors, sessions of browsers, and forgotten passwords, as far as tenants decide on them.

use serde::{Deserialize, Serialize};

use super::{PolicyError, within};

/// A kind of second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactorMethod {
    /// A code from an authenticator app (RFC 6238).
    Totp,
    /// A code by mail to another mailbox (C-14).
    Email,
}

/// Whether a second factor is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactorRequirement {
    /// Who wants one (任意): the default.
    #[default]
    Optional,
    /// Everybody (必須), after the days of grace.
    Required,
}

/// Second factors at sign-in in a browser (K-13, C-14).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SecondFactorPolicy {
    /// Whether one is needed.
    pub requirement: FactorRequirement,
    /// Days in which people without one are still let in once it is required. Default 14.
    pub grace_days: u32,
    /// What may be used, the preferred first. Default: all.
    pub methods: Vec<FactorMethod>,
    /// How long a mailed code holds. Default 10 minutes (K-13).
    pub code_minutes: u32,
    /// How long the link that confirms an address for codes holds. Default 30 minutes (K-13).
    pub link_minutes: u32,
    /// How long a browser is not asked again. Default 7 days (K-13); 0: it is asked each time.
    pub remember_days: u32,
}

/// Days a browser may be spared the second factor at most: 90.
pub const MAX_REMEMBER_DAYS: u32 = 90;

impl Default for SecondFactorPolicy {
    fn default() -> Self {
        Self {
            requirement: FactorRequirement::Optional,
            grace_days: 14,
            methods: vec![FactorMethod::Totp, FactorMethod::Email],
            code_minutes: 10,
            link_minutes: 30,
            remember_days: 7,
        }
    }
}

impl SecondFactorPolicy {
    pub(super) fn validate(&self) -> Result<(), PolicyError> {
        within("second_factor.grace_days", self.grace_days, 0..=90)?;
        within("second_factor.code_minutes", self.code_minutes, 1..=60)?;
        within("second_factor.link_minutes", self.link_minutes, 5..=1440)?;
        let days = self.remember_days;
        within("second_factor.remember_days", days, 0..=MAX_REMEMBER_DAYS)?;
        let mut seen = self.methods.clone();
        seen.sort_unstable();
        seen.dedup();
        if seen.len() != self.methods.len() {
            let detail = "names a method twice";
            return Err(PolicyError::new("second_factor.methods", detail));
        }
        if self.methods.is_empty() {
            let detail = "must name at least one method: \"totp\", \"email\"";
            return Err(PolicyError::new("second_factor.methods", detail));
        }
        Ok(())
    }
}

/// How long browsers stay signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SessionPolicy {
    /// Without use. Default 12 hours: a working day with its breaks.
    pub idle_minutes: u32,
    /// In all. Default 30 days (F-07).
    pub absolute_hours: u32,
}

impl Default for SessionPolicy {
    fn default() -> Self {
        Self {
            idle_minutes: 12 * 60,
            absolute_hours: 30 * 24,
        }
    }
}

impl SessionPolicy {
    pub(super) fn validate(self) -> Result<(), PolicyError> {
        within("sessions.idle_minutes", self.idle_minutes, 5..=43_200)?;
        within("sessions.absolute_hours", self.absolute_hours, 1..=8_760)
    }
}

/// Forgotten passwords (U-029, C-15).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ResetPolicy {
    /// Whether people may ask for a link to set a new password. Default on.
    pub enabled: bool,
    /// How long the link holds. Default 60 minutes.
    pub link_minutes: u32,
    /// Whether the link goes to the own mailbox when there is no recovery address, for people
    /// without a role. Default on (C-15).
    pub own_mailbox: bool,
    /// The same for people with a role. Default off (C-15).
    pub own_mailbox_of_administrators: bool,
}

impl Default for ResetPolicy {
    fn default() -> Self {
        Self {
            enabled: true,
            link_minutes: 60,
            own_mailbox: true,
            own_mailbox_of_administrators: false,
        }
    }
}

impl ResetPolicy {
    pub(super) fn validate(self) -> Result<(), PolicyError> {
        within("reset.link_minutes", self.link_minutes, 5..=1440)
    }
}
