//! Where imported messages come from.

use std::collections::HashMap;

use bytes::Bytes;
use hikyaku_types::OffsetTimestamp;

use crate::{flags::Flags, name::MailboxPath};

use super::{SkipReason, TransferError};

/// Names a source: a form of files at a place. Runs with equal names go on where the last stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceName {
    /// For people, such as `maildir:/old/Maildir`.
    pub text: String,
    /// For the machine: a hash of form, place and target.
    pub(super) key: [u8; 16],
}

impl SourceName {
    /// The name of what is at `path` in this form. `target` names the folder it goes to, if one was
    /// chosen.
    pub(super) fn new(form: &str, path: &std::path::Path, target: &str) -> Self {
        Self {
            text: format!("{form}:{}", path.display()),
            key: hash(&[
                form.as_bytes(),
                path.as_os_str().as_encoded_bytes(),
                target.as_bytes(),
            ]),
        }
    }
}

/// Names a file of a source: an mbox, or a folder of a Maildir.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileKey(pub(super) [u8; 16]);

impl FileKey {
    /// The name of the file at this path within its source.
    pub(super) fn new(path: &std::path::Path) -> Self {
        Self(hash(&[path.as_os_str().as_encoded_bytes()]))
    }
}

/// A short hash of several parts, which do not run together.
pub(super) fn hash(parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    short(&hasher)
}

/// The first half of a hash.
pub(super) fn short(hasher: &blake3::Hasher) -> [u8; 16] {
    let mut short = [0; 16];
    hasher.finalize_xof().fill(&mut short);
    short
}

/// How far a file was read: a boundary between two messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Position {
    /// The byte of an mbox, or the number of files of a folder.
    pub(super) place: u64,
    /// A hash of what stands before it, by which the file is known again.
    pub(super) mark: [u8; 16],
    /// Messages before it.
    pub(super) messages: u64,
}

/// Where a message is in its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: String,
    /// The byte at which it begins, where several messages are in one file.
    pub offset: Option<u64>,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.offset {
            Some(offset) => write!(f, "{}, byte {offset}", self.file),
            None => f.write_str(&self.file),
        }
    }
}

/// A message found in a source.
#[derive(Debug, Clone)]
pub struct SourceMessage {
    /// Where it is, for the report.
    pub place: Place,
    /// The message, lines ending in CR LF.
    pub content: Bytes,
    /// Its flags.
    pub flags: Flags,
    /// When it arrived, if the source knows.
    pub internal_date: Option<OffsetTimestamp>,
}

/// A folder of a source, which may have no messages.
#[derive(Debug, Clone)]
pub struct FoundFolder {
    /// What it is called there.
    pub folder: MailboxPath,
    /// The file it is read from.
    pub file: FileKey,
    /// Whether its owner had subscribed to it. Where the source does not know, all are.
    pub is_subscribed: bool,
    /// From where on it is read, when an earlier run had taken what stands before.
    pub resumed: Option<Position>,
}

/// What a source finds next.
#[derive(Debug, Clone)]
pub enum Found {
    /// The folder that all that follows is in.
    Folder(FoundFolder),
    /// A message.
    Message(SourceMessage),
    /// A message that cannot be taken.
    Unusable {
        /// Where it is.
        place: Place,
        /// Why.
        reason: SkipReason,
    },
    /// No mail: a mail program's own record, or a message that it had deleted already.
    Dropped,
}

/// In what the size of a source is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SourceUnit {
    /// Bytes.
    #[default]
    Bytes,
    /// Files.
    Files,
}

/// A source of messages, read one by one on a thread that may block.
pub trait Source {
    /// What it is called.
    fn name(&self) -> SourceName;

    /// Tells how far earlier runs had taken its files, before anything is read.
    fn resume(&mut self, positions: HashMap<FileKey, Position>);

    /// The next thing found; nothing at the end. An error ends the import.
    fn next(&mut self) -> Result<Option<Found>, TransferError>;

    /// How far the current folder is read: behind what was found last.
    fn position(&self) -> Result<Position, TransferError>;

    /// How much of the source is read.
    fn done(&self) -> u64;

    /// How much there is, as far as is known.
    fn total(&self) -> Option<u64>;

    /// In what the two are counted.
    fn unit(&self) -> SourceUnit;
}
