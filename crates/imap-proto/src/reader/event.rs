//! What the reader tells its session.

use super::Literal;
use crate::{AppendHead, ParseError, Tag};
#[expect(unused_imports, reason = "the documentation links to them")]
use crate::{CommandReader, Limits};

/// The bytes of one complete command, literals included where they stood.
#[derive(Clone, PartialEq, Eq)]
pub struct RawCommand {
    pub(crate) bytes: Vec<u8>,
    /// Where the contents of an APPEND's messages would stand, ascending; they were handed
    /// through.
    pub(crate) messages_at: Vec<usize>,
}

impl RawCommand {
    /// A command given whole, with its message (if any) in place.
    pub fn from_bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            bytes: bytes.into(),
            messages_at: Vec::new(),
        }
    }

    /// How many bytes it has, without messages that were handed through.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether it has no bytes at all.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

// A command may hold a password.
impl std::fmt::Debug for RawCommand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawCommand")
            .field("len", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

/// What the session does next.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// All input is consumed and no command is complete.
    NeedMore,
    /// The client waits for a continuation request before it sends a literal of that many bytes.
    NeedContinuation {
        /// The announced size in bytes.
        size: u64,
    },
    /// An APPEND is about to send a message, the first or a further one (RFC 3502). The session
    /// answers with [`CommandReader::accept_message`] or [`CommandReader::refuse_message`] before
    /// it feeds on.
    Message {
        /// The tag to answer with.
        tag: Tag,
        /// Mailbox, flags and date.
        head: AppendHead,
        /// The announced literal.
        literal: Literal,
    },
    /// The consumed input is content of the accepted message.
    MessageData,
    /// One complete command.
    Command(RawCommand),
    /// The one line asked for with [`CommandReader::expect_line`], without its line end.
    Line(Vec<u8>),
    /// A command (or line) was refused and is over; answer and go on.
    Refused(Refusal),
    /// The client went too far for the connection to go on; answer and close. The reader consumes
    /// nothing more.
    Fatal(Refusal),
}

/// A command that the reader refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The command's tag, if it had a valid one.
    pub tag: Option<Tag>,
    /// Why.
    pub kind: RefusalKind,
}

/// Why the reader refused a command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RefusalKind {
    /// One line is longer than [`Limits::line`].
    #[error("line longer than {0} bytes")]
    LineTooLong(usize),
    /// The whole command is longer than [`Limits::command`].
    #[error("command longer than {0} bytes")]
    CommandTooLong(usize),
    /// A literal that is no message is larger than [`Limits::literal`].
    #[error("literal larger than {0} bytes")]
    LiteralTooLarge(usize),
    /// The message of an APPEND is larger than [`Limits::message`].
    #[error("message larger than {0} bytes")]
    MessageTooLarge(u64),
    /// One APPEND has more messages than [`Limits::append_messages`].
    #[error("more than {0} messages in one APPEND")]
    TooManyMessages(usize),
    /// What stands before the message of an APPEND is not understood.
    #[error(transparent)]
    Syntax(ParseError),
    /// The session refused the message with [`CommandReader::refuse_message`].
    #[error("message refused")]
    Message,
}
