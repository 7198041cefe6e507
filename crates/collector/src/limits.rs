//! Every limit of this room.

use std::time::Duration;

/// Largest message that is taken unless set otherwise (256 MiB): it is held in memory as a whole,
/// and about three may be at a time.
pub const COLLECTED_MESSAGE_BYTES_MAX: u64 = 256 << 20;

/// Bytes of messages after which what has arrived is handed to the writer (8 MiB).
pub(crate) const HANDED_BYTES: u64 = 8 << 20;

/// Messages that one command asks for (100): enough that the way there and back does not matter,
/// and few to ask for again when the connection is lost.
pub const COMMAND_MESSAGES: usize = 100;

/// Bytes of messages that one command asks for, as the source tells their sizes (4 MiB).
pub const COMMAND_BYTES: u64 = 4 << 20;

/// Commands under way at a time (2): the next is with the source before the last is answered.
pub(crate) const COMMANDS_UNDER_WAY: usize = 2;

/// Folders of a mailbox that are handled at most (10,000).
pub const FOLDERS_MAX: usize = 10_000;

/// Skipped messages listed one by one, in each folder (100); all are counted.
pub const LISTED_SKIPPED_MAX: usize = 100;

/// Answers that cannot be understood before a connection is given up (100).
pub(crate) const UNREADABLE_MAX: u32 = 100;

/// Bytes of a line of POP3 outside of messages (8 KiB); RFC 1939 §3 knows 512.
pub(crate) const POP_LINE_MAX: usize = 8 << 10;

/// Bytes of a line within a message (16 MiB): there are messages of one line.
pub(crate) const POP_MESSAGE_LINE_MAX: usize = 16 << 20;

/// Lines of capabilities that are kept (1,000); those after are passed over.
pub(crate) const LISTED_WORDS_MAX: usize = 1_000;

/// How often one message is asked for when each time the connection ends before it comes (3); then
/// it is skipped.
pub(crate) const TRIES_PER_MESSAGE: u32 = 3;

/// Messages that are asked for one by one after a trouble (20), to find the one that makes it.
pub(crate) const CAREFUL_MESSAGES: usize = 20;

/// Waits and sizes. The default is what the documentation names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a message that is taken at most ([`COLLECTED_MESSAGE_BYTES_MAX`]).
    pub message_bytes: u64,
    /// Messages of a folder that are handled at most (5,000,000): sixteen bytes each are held.
    pub listed_messages: usize,
    /// Answers to one command beyond those asked for (1,000,000): a source that talks without end.
    pub unasked: u32,
    /// How long connecting may take (30 s).
    pub connect: Duration,
    /// How long the source may say nothing while something is awaited (3 min): old servers read a
    /// whole folder before the first answer.
    pub silence: Duration,
    /// The first wait before another attempt (1 s); each further one is twice as long.
    pub first_wait: Duration,
    /// The longest wait before another attempt (1 min).
    pub longest_wait: Duration,
    /// Attempts without any progress before a run ends (8): about two and a half minutes.
    pub attempts: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes: COLLECTED_MESSAGE_BYTES_MAX,
            listed_messages: 5_000_000,
            unasked: 1_000_000,
            connect: Duration::from_secs(30),
            silence: Duration::from_mins(3),
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_mins(1),
            attempts: 8,
        }
    }
}
