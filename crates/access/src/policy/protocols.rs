//! Which password opens which way, and when failures lock one.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{PolicyError, within};

/// Whether the main password opens the protocols of mail programs. It always opens the web, where
/// a second factor can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MainPassword {
    /// Until a second factor is on: from then on app passwords do (design §5). The default.
    #[default]
    UntilSecondFactor,
    /// Always, whatever the second factor.
    Always,
    /// Never: app passwords only.
    Never,
}

impl MainPassword {
    /// The word in tables and in the API.
    pub const fn word(self) -> &'static str {
        match self {
            Self::UntilSecondFactor => "until_second_factor",
            Self::Always => "always",
            Self::Never => "never",
        }
    }

    /// The value of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        let all = [Self::UntilSecondFactor, Self::Always, Self::Never];
        all.into_iter().find(|value| value.word() == word)
    }
}

/// Passwords of programs (US-06).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AppPasswordPolicy {
    /// Whether people may make them. Default on.
    pub enabled: bool,
    /// Days after which they end at the latest; 0: they need not end. Default 0.
    pub max_days: u32,
}

impl Default for AppPasswordPolicy {
    fn default() -> Self {
        Self {
            enabled: true,
            max_days: 0,
        }
    }
}

impl AppPasswordPolicy {
    pub(super) fn validate(self) -> Result<(), PolicyError> {
        within("app_passwords.max_days", self.max_days, 0..=3_650)
    }
}

/// When too many failures lock an account's main password. App passwords cannot be guessed and go
/// on, and so does a network from which the account has signed in lately: otherwise anybody could
/// lock anybody out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LockoutPolicy {
    /// Failures that lock; 0: none do. Default 20, which who guesses reaches within the default
    /// time although each try after the tenth has to wait.
    pub failures: u32,
    /// The time in which they are counted. Default 30 minutes.
    pub within_minutes: u32,
    /// How long the lock lasts. Default 30 minutes.
    pub lock_minutes: u32,
}

impl Default for LockoutPolicy {
    fn default() -> Self {
        Self {
            failures: 20,
            within_minutes: 30,
            lock_minutes: 30,
        }
    }
}

impl LockoutPolicy {
    /// The time in which failures are counted.
    pub(crate) fn window(self) -> Duration {
        Duration::from_mins(u64::from(self.within_minutes))
    }

    /// How long the lock lasts.
    pub(crate) fn lock(self) -> Duration {
        Duration::from_mins(u64::from(self.lock_minutes))
    }

    pub(super) fn validate(self) -> Result<(), PolicyError> {
        if self.failures != 0 {
            within("lockout.failures", self.failures, 3..=1_000)?;
        }
        within("lockout.within_minutes", self.within_minutes, 1..=1_440)?;
        within("lockout.lock_minutes", self.lock_minutes, 1..=1_440)
    }
}
