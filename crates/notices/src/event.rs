//! The events that the house writes about.

use std::{fmt, str::FromStr};

use serde_json::{Map, Value, json};

/// What a template can name, by name. `product`, `tenant`, `sender`, `address` and `date` are
/// always there.
pub type Variables = Map<String, Value>;

/// A word that names no event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no notice \"{0}\"")]
pub struct UnknownEvent(String);

macro_rules! events {
    ($(
        $(#[$doc:meta])*
        $name:ident = $word:literal { $($variable:literal: $sample:expr),* $(,)? }
    ),+ $(,)?) => {
        /// Something that the house writes about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Event {
            $($(#[$doc])* $name),+
        }

        impl Event {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The word in tables and in the API.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$name => $word),+
                }
            }

            /// The default texts.
            pub(crate) const fn text(self) -> &'static str {
                match self {
                    $(Self::$name => include_str!(concat!("../templates/", $word, ".txt"))),+
                }
            }

            /// The variables of its own with values to preview a template with.
            pub fn sample(self) -> Variables {
                let sample = match self {
                    $(Self::$name => json!({ $($variable: $sample),* })),+
                };
                match sample {
                    Value::Object(variables) => variables,
                    _ => Variables::new(),
                }
            }
        }
    };
}

events! {
    /// N-01: a pool is more than 90 % full.
    Pool90 = "pool_90" {
        "name": "example.co.jp", "percent": 91, "used": "91.0 GB", "total": "100 GB", "grace_hours": 24,
    },
    /// N-02: a pool was above 100 % for too long; reception stops.
    PoolLocked = "pool_locked" {
        "name": "example.co.jp", "percent": 101, "used": "101 GB", "total": "100 GB",
    },
    /// N-02b: reception goes on.
    PoolUnlocked = "pool_unlocked" {
        "name": "example.co.jp", "percent": 99, "used": "99.0 GB", "total": "100 GB",
    },
    /// F-55: a mailbox is more than 80 % full.
    Mailbox80 = "mailbox_80" { "percent": 81, "used": "8.1 GB", "total": "10 GB" },
    /// F-55: a mailbox is more than 90 % full.
    Mailbox90 = "mailbox_90" { "percent": 92, "used": "9.2 GB", "total": "10 GB" },
    /// N-03: the address for codes is to be confirmed.
    FactorAddressConfirm = "factor_address_confirm" {
        "link": "https://mail.example.co.jp/confirm/abc", "minutes": 30,
    },
    /// U-028: the recovery address is to be confirmed.
    RecoveryAddressConfirm = "recovery_address_confirm" {
        "link": "https://mail.example.co.jp/confirm/abc", "minutes": 30,
    },
    /// N-04: a code for signing in.
    FactorCode = "factor_code" { "code": "123456", "minutes": 10 },
    /// N-05: a link to set a new password.
    PasswordReset = "password_reset" {
        "link": "https://mail.example.co.jp/reset/abc", "minutes": 60,
    },
    /// A password was changed.
    PasswordChanged = "password_changed" { "by": "taro@example.co.jp" },
    /// C-16: a link instead of an initial password.
    Invitation = "invitation" { "link": "https://mail.example.co.jp/invite/abc", "hours": 72 },
    /// A second factor was added or removed.
    FactorChanged = "factor_changed" { "what": "TOTP", "by": "taro@example.co.jp" },
    /// An app password was made.
    AppPasswordCreated = "app_password_created" { "label": "Outlook" },
    /// Somebody signed in from a device that was not used before.
    NewSignIn = "new_sign_in" { "client": "Firefox, Windows", "ip": "192.0.2.1" },
    /// Too many failures.
    AccountLocked = "account_locked" { "until": "2026/11/22 10:30" },
    /// A job has ended.
    JobDone = "job_done" { "title": "CSV", "outcome": "60 / 60" },
    /// F-44: an administrator acted as the account's owner.
    Impersonated = "impersonated" { "by": "admin@example.co.jp", "reason": "#1234" },
    /// An announcement by mail (N-17).
    Announcement = "announcement" { "title": "メンテナンス", "body": "11/29 02:00-04:00" },
    /// N-18: important information to administrators.
    ServiceNotice = "service_notice" { "title": "証明書", "body": "2026/12/01" },
    /// N-19: the service is registered.
    RegistrationComplete = "registration_complete" {
        "customer_number": "C000123", "start_date": "2026/12/01",
        "link": "https://mail.example.co.jp/admin/contract",
    },
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Event {
    type Err = UnknownEvent;

    fn from_str(word: &str) -> Result<Self, UnknownEvent> {
        let found = Self::ALL.iter().find(|event| event.word() == word);
        found
            .copied()
            .ok_or_else(|| UnknownEvent(word.chars().take(64).collect()))
    }
}
