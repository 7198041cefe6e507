//! Where imported messages come from.

use bytes::Bytes;
use hikyaku_types::OffsetTimestamp;

use crate::{flags::Flags, name::MailboxPath};

use super::{FailureReason, TransferError};

/// A message found in a source.
#[derive(Debug, Clone)]
pub struct SourceMessage {
    /// The folder it goes to.
    pub folder: MailboxPath,
    /// What names it in that folder of the source, and stays the same when the source is read
    /// again: a byte offset or a unique file name.
    pub key: Vec<u8>,
    /// Where it is, for the report.
    pub place: String,
    /// The message, lines ending in CR LF.
    pub content: Bytes,
    /// Its flags.
    pub flags: Flags,
    /// When it arrived, if the source knows.
    pub internal_date: Option<OffsetTimestamp>,
}

/// What a source finds next.
#[derive(Debug, Clone)]
pub enum Found {
    /// A message.
    Message(SourceMessage),
    /// A folder, which may have no messages.
    Folder(MailboxPath),
    /// A message that cannot be taken.
    Unusable {
        /// Where it is.
        place: String,
        /// Why.
        reason: FailureReason,
    },
}

/// A source of messages, read one by one on a thread that may block.
pub trait Source {
    /// The next thing found; nothing at the end. An error ends the import.
    fn next(&mut self) -> Result<Option<Found>, TransferError>;

    /// How much of the source is read, in the unit of [`Source::total`].
    fn done(&self) -> u64;

    /// How much there is, in bytes or files, as far as is known.
    fn total(&self) -> Option<u64>;
}
