//! Second factors (2段階認証; U-025 to U-027, K-13, C-14): one-time codes of an authenticator,
//! codes by mail to another address, and backup codes for when neither is at hand.
//!
//! Invariants:
//! - A factor counts from its confirmation on. `account_security.second_factor_at`, which sign-in
//!   reads, is written in the same transaction as the factors: with one on, the main password
//!   opens no mail program.
//! - Each code works once: one of an authenticator by its step in time, one by mail by its
//!   session, a backup code by its mark.
//! - Guesses are counted under the lock of the account's row in `web_account`, before anything is
//!   answered: [`CODE_TRIES_MAX`] per sign-in, [`FAILURES_MAX`] per [`FAILURES_PAUSE`] and account.
//! - Randomness and computation come from outside of the transaction, which may run again.

mod backup;
mod challenge;
mod email;
mod list;
mod totp;
mod vault;

use std::time::Duration;

use hikyaku_db::DbError;
use hikyaku_directory::DirectoryError;
use hikyaku_types::{EmailAddress, FactorId, Timestamp};

pub use backup::{BACKUP_CODES, BackupCodes, replace_backup_codes};
pub use challenge::{Code, Method, Verdict, check_code, send_code};
pub use email::{begin_email, confirm_email, leads_home};
pub use list::{Demand, Overview, lock, overview, remove, remove_all};
pub use totp::{TotpSetup, begin_totp, confirm_totp};
pub use vault::{Vault, VaultError};

/// How long an authenticator may wait for the code that confirms it (30 min); then setting it up
/// begins anew. For an address the link decides.
pub const SETUP_WINDOW: Duration = Duration::from_mins(30);
/// How long an address that waits for its link is shown as such (24 h): the longest that a policy
/// lets a link hold.
pub const ADDRESS_SETUP_MAX: Duration = Duration::from_hours(24);
/// Codes that one sign-in may try (5): then it begins anew.
pub const CODE_TRIES_MAX: u32 = 5;
/// Codes that are mailed for one sign-in (4: the first, and three times again).
pub const CODES_PER_SESSION_MAX: u32 = 4;
/// The least time between two mailed codes of one sign-in (30 s).
pub const CODE_PAUSE: Duration = Duration::from_secs(30);
/// Codes that are mailed for one account per hour (10), over all sign-ins: nobody who knows a
/// password can flood its owner's other mailbox.
pub const CODES_PER_HOUR_MAX: u32 = 10;
/// Wrong codes of one account, over all sign-ins, after which codes are refused for
/// [`FAILURES_PAUSE`] (10): a six-digit code stands against who knows the password for years.
pub const FAILURES_MAX: u32 = 10;
/// For how long codes are refused after [`FAILURES_MAX`] wrong ones (15 min).
pub const FAILURES_PAUSE: Duration = Duration::from_mins(15);
/// Factors of one account at most (10), those being set up included.
pub const FACTORS_MAX: u32 = 10;
/// Characters of a factor's label at most (100).
pub const LABEL_CHARS_MAX: usize = 100;

/// How a factor works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FactorKind {
    /// An authenticator (RFC 6238).
    Totp,
    /// Codes by mail to another address.
    Email,
}

impl FactorKind {
    /// The word in tables and in the API.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Email => "email",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        [Self::Totp, Self::Email]
            .into_iter()
            .find(|kind| kind.word() == word)
    }
}

/// One confirmed factor, or one being set up.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Factor {
    /// Its id.
    pub id: FactorId,
    /// How it works.
    pub kind: FactorKind,
    /// Its owner's name for it.
    pub label: String,
    /// Where codes go.
    pub address: Option<EmailAddress>,
    /// When it was entered.
    pub created_at: Timestamp,
    /// When it was confirmed; none while it is being set up.
    pub confirmed_at: Option<Timestamp>,
    /// When it was last used to sign in.
    pub last_used_at: Option<Timestamp>,
}

/// Why nothing came of an act on factors.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FactorError {
    /// The account has no such factor, or its set-up took too long.
    #[error("there is no such second factor, or its set-up took too long: begin again")]
    NoSuchFactor,
    /// The account has no factor that works this way.
    #[error("this account has no second factor of this kind")]
    NoSuchMethod,
    /// The code is wrong, too old, or was used already.
    #[error("the code is wrong or was used already: wait for the next one")]
    WrongCode,
    /// Too many wrong codes; nothing was checked.
    #[error("too many wrong codes, try again in {} seconds", retry_after.as_secs().max(1))]
    Throttled {
        /// When to try again.
        retry_after: Duration,
    },
    /// Too many codes were mailed; nothing was.
    #[error("too many codes were sent, the next one in {} seconds", retry_after.as_secs().max(1))]
    TooManyCodes {
        /// When the next one can be sent.
        retry_after: Duration,
    },
    /// Codes would go to the mailbox that they protect (U-025).
    #[error("this address leads to the account's own mailbox: enter one of another mailbox")]
    OwnAddress,
    /// [`FACTORS_MAX`].
    #[error("an account can have at most {FACTORS_MAX} second factors: remove one first")]
    TooManyFactors,
    /// It is the last factor, and the account must have one.
    #[error("a second factor is required here: add another one first")]
    LastRequired,
    /// The label is too long or has control characters.
    #[error("a label has at most {LABEL_CHARS_MAX} characters and no control characters")]
    Label,
    /// A secret cannot be read.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The directory refused.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// A label as it is stored.
fn label(text: &str) -> Result<&str, FactorError> {
    let text = text.trim();
    let fits = text.chars().count() <= LABEL_CHARS_MAX && !text.chars().any(char::is_control);
    fits.then_some(text).ok_or(FactorError::Label)
}
