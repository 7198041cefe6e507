//! What can go wrong with the store of objects.

use std::io;

/// What went wrong with the store of objects. Texts hold no secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ObjectError {
    /// There is no such object.
    #[error("there is no such object")]
    Missing,
    /// What came is not what was stored.
    #[error("what was read is not what was stored: {reason}")]
    Wrong {
        /// How that was found.
        reason: String,
    },
    /// No answer in time.
    #[error("no answer in time")]
    Timeout,
    /// There is no room.
    #[error("the disk of the objects is full")]
    Full,
    /// It cannot be reached, or answers with an error.
    #[error("{reason}")]
    Unavailable {
        /// Its words, or the system's.
        reason: String,
    },
    /// This is not the store in which the objects of this database are.
    #[error(
        "{place} is not the store in which the objects of this database are: its marker is \
         {found}, it should be {expected}; check that the right disk is mounted, or the right \
         bucket and prefix configured"
    )]
    WrongStore {
        /// What was looked at.
        place: String,
        /// What its marker says.
        found: String,
        /// What it should say.
        expected: String,
    },
    /// The options make no sense.
    #[error("{reason}")]
    Options {
        /// What is wrong.
        reason: String,
    },
}

impl ObjectError {
    /// Whether another attempt a moment later may help.
    pub(super) const fn is_worth_another_attempt(&self) -> bool {
        matches!(
            self,
            Self::Missing | Self::Wrong { .. } | Self::Timeout | Self::Unavailable { .. }
        )
    }
}

impl From<io::Error> for ObjectError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::Unavailable {
                reason: error.to_string(),
            },
        }
    }
}

impl From<object_store::Error> for ObjectError {
    fn from(error: object_store::Error) -> Self {
        match error {
            object_store::Error::NotFound { .. } => Self::Missing,
            other => Self::Unavailable {
                reason: with_causes(&other),
            },
        }
    }
}

/// The first line of the error and of its causes; the client leaves addresses and never
/// credentials in them.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let line = error.to_string();
        let line = line.lines().next().unwrap_or_default();
        if !text.contains(line) {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.extend(line.chars().filter(|c| !c.is_control()).take(300));
        }
        next = error.source();
    }
    text
}
