//! Why an administrative act was not done.

use std::time::Duration;

use hikyaku_access::factors::VaultError;
use hikyaku_db::DbError;
use hikyaku_directory::DirectoryError;
use hikyaku_mailstore::MailError;
use hikyaku_types::Permission;

/// Why an act was refused, in words an administrator can act on. The text of each variant is for
/// people; the API gives each a stable code.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// The thing is known to the actor, but the actor may not do this to it.
    #[error("this needs the permission \"{0}\"")]
    Forbidden(Permission),
    /// Not there, or outside of the actor's reach: which, is not told.
    #[error("there is no such {kind}")]
    NotFound {
        /// The kind of thing, a word of the API: `account`, `domain` …
        kind: &'static str,
    },
    /// The same, where the actor has named it: the answer repeats the name, whatever it was.
    #[error("there is no {kind} {name}")]
    NoSuch {
        /// The kind of thing, a word of the API.
        kind: &'static str,
        /// What the actor wrote, cut to [`ControlError::NAME_CHARS`].
        name: String,
    },
    /// The thing has changed since the actor looked at it.
    #[error("somebody else has changed this meanwhile: look at it again, then repeat the change")]
    Stale,
    /// A field has a value that cannot be accepted.
    #[error("{field}: {detail}")]
    Invalid {
        /// The field as the API names it.
        field: &'static str,
        /// What is wrong and what to do.
        detail: String,
    },
    /// The state of things does not allow it.
    #[error("{detail}")]
    Conflict {
        /// A stable code (`seats_used_up`).
        code: &'static str,
        /// What is in the way and what to do.
        detail: String,
    },
    /// The tenant's plan and options do not include this.
    #[error("this is not part of the contract: it needs the option \"{option}\"")]
    NotContracted {
        /// The word of the feature gate.
        option: &'static str,
    },
    /// It was tried too often.
    #[error("{detail}")]
    Throttled {
        /// A stable code (`too_many_codes`).
        code: &'static str,
        /// What was too much.
        detail: String,
        /// When to try again.
        retry_after: Duration,
    },
    /// A sealed secret cannot be read.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The directory refused.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The mail store refused.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl ControlError {
    /// Characters of a name that are repeated (255): addresses have 254 at most.
    pub const NAME_CHARS: usize = 255;

    /// [`ControlError::NotFound`] with the name that the actor wrote; every other error as it is.
    #[must_use]
    pub fn naming(self, name: &str) -> Self {
        match self {
            Self::NotFound { kind } => Self::NoSuch {
                kind,
                name: name.chars().take(Self::NAME_CHARS).collect(),
            },
            other => other,
        }
    }

    /// A field has a value that cannot be accepted.
    pub fn invalid(field: &'static str, detail: impl std::fmt::Display) -> Self {
        Self::Invalid {
            field,
            detail: detail.to_string(),
        }
    }

    /// The state of things does not allow it.
    pub fn conflict(code: &'static str, detail: impl std::fmt::Display) -> Self {
        Self::Conflict {
            code,
            detail: detail.to_string(),
        }
    }
}
