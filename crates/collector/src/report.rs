//! What a run did.

use hikyaku_mailstore::{MailboxPath, QuotaKind};

use crate::{CollectError, limits::LISTED_SKIPPED_MAX};

/// Why a message was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SkipReason {
    /// It is larger than may be taken.
    #[error("{size} bytes are more than the {limit} that may be taken")]
    TooLarge {
        /// Its size.
        size: u64,
        /// The limit.
        limit: u64,
    },
    /// The source lists it and does not give it.
    #[error("the server lists it and does not send it")]
    NotSent,
    /// The source has no content for it.
    #[error("the server has no content for it")]
    Empty,
    /// The source refuses to give it.
    #[error("the server refuses to send it: {0}")]
    Refused(String),
    /// Each time it was asked for the connection ended.
    #[error("the connection ended each time it was asked for ({0} times)")]
    EndsConnection(u32),
}

/// A message that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Its UID, or its number in POP3.
    pub number: u32,
    /// Why.
    pub reason: SkipReason,
}

/// What was done with one folder.
#[derive(Debug, Clone, Default)]
pub struct FolderReport {
    /// Its name there, in UTF-8.
    pub folder: String,
    /// The mailbox here.
    pub into: Option<MailboxPath>,
    /// Messages that the source lists and that were asked for.
    pub found: u64,
    /// Messages that are new in the account.
    pub imported: u64,
    /// Messages that the account has, or has had since an earlier run.
    pub already: u64,
    /// Messages that were not taken, each for a reason.
    pub skipped: u64,
    /// The first of those ([`LISTED_SKIPPED_MAX`]).
    pub listed: Vec<Skipped>,
    /// Messages that are still to come: of a dry run, or of one that ended early.
    pub remaining: u64,
    /// Messages whose flags followed those of the source.
    pub flags_changed: u64,
    /// Bytes of the imported messages.
    pub bytes: u64,
    /// Why the folder could not be read to its end.
    pub failed: Option<String>,
}

impl FolderReport {
    pub(crate) fn skip(&mut self, number: u32, reason: SkipReason) {
        self.skipped += 1;
        if self.listed.len() < LISTED_SKIPPED_MAX {
            self.listed.push(Skipped { number, reason });
        }
    }
}

/// A folder that was passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passed {
    /// Its name there.
    pub folder: String,
    /// Why.
    pub reason: &'static str,
}

/// How a run ended.
#[derive(Debug, Default)]
pub enum Ended {
    /// All folders were read.
    #[default]
    Complete,
    /// The quota is exhausted: run it again when there is room.
    OverQuota(QuotaKind),
    /// The source could not be reached any more, or the store failed; run it again.
    Early(CollectError),
}

/// What a run did.
#[derive(Debug, Default)]
pub struct Report {
    /// Each folder, in the order of the source.
    pub folders: Vec<FolderReport>,
    /// Folders that were passed over.
    pub passed: Vec<Passed>,
    /// How often the connection was made anew.
    pub reconnects: u64,
    /// How the run ended.
    pub ended: Ended,
}

/// How far a run is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The folder it is at.
    pub folder: String,
    /// Which folder of how many, from 1.
    pub position: usize,
    /// How many folders there are.
    pub folders: usize,
    /// Messages of this folder that were to come and are settled.
    pub messages: u64,
    /// Messages of this folder that were to come.
    pub messages_total: u64,
    /// Their bytes that have come.
    pub bytes: u64,
    /// Their bytes, as the source tells them.
    pub bytes_total: u64,
    /// How long the rest of this folder will take at this pace.
    pub seconds_left: Option<u64>,
}
