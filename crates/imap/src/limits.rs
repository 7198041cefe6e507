//! Every limit of a session, with its reason.

use std::time::Duration;

use crate::shared_views::SharedViewLimits;

/// Bytes of answers collected before they are sent: what one page of rows gives, about.
pub(crate) const SEND_FROM: usize = 16 * 1024;

/// Rows of a page when only flags, dates and sizes are read, and perhaps contents.
pub(crate) const SMALL_ROWS: usize = 500;

/// Rows of a page when envelopes or structures are read: some KiB each, seldom much more.
pub(crate) const WIDE_ROWS: usize = 100;

/// Bytes of messages whose contents are read together (1 MiB): with that the statements of a FETCH
/// are few, and a session holds this much of stored contents at most, or one message.
pub(crate) const CONTENTS_BYTES: u64 = 1024 * 1024;

/// Messages that one call of the store changes the flags of; the answers for them are held in
/// memory.
pub(crate) const STORE_MESSAGES: usize = 1000;

/// Bytes a client may send ahead while a long command runs, before nobody looks whether it is
/// still there.
pub(crate) const READ_AHEAD: usize = 64 * 1024;

/// What is remembered of mailboxes that were selected lately: those of 4,096 mailboxes, and 8 MiB.
/// A mailbox of 10,000 messages takes about 1 KiB, one of which every second message was deleted
/// 80 KiB. Sessions in a mailbox that is not remembered keep what they know themselves.
pub(crate) const SHARED_VIEWS: SharedViewLimits = SharedViewLimits {
    mailboxes: 4096,
    bytes: 8 << 20,
};

/// The limits that policy may change. The defaults are those of the documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one appended message (25 MiB, C-04).
    pub message: u64,
    /// Bytes that all messages being appended at one moment may hold in memory (256 MiB): ten of
    /// the largest, or thousands of ordinary ones. A message that needs more is read to its end
    /// and refused, to be sent again.
    pub append_memory: u64,
    /// Silence after which a session that has signed in ends, in IDLE too (30 minutes, the least
    /// that RFC 3501 §5.4 allows; RFC 2177 §3 tells clients to renew IDLE after 29).
    pub idle: Duration,
    /// Time from the connection to the sign-in (2 minutes), failed ones included.
    pub sign_in: Duration,
    /// Silence within a command or a literal (2 minutes): a mobile client may lose its network for
    /// a moment.
    pub command: Duration,
    /// How long the TLS handshake of STARTTLS may take (20 seconds).
    pub handshake: Duration,
    /// Failed sign-ins after which the connection ends (5).
    pub failed_sign_ins: u32,
    /// Pause before the answer to a failed sign-in (2 seconds). The sign-in service slows down
    /// guessing across connections.
    pub failure_delay: Duration,
    /// Commands in a row that make no sense, after which the connection ends (20): this is no
    /// IMAP client.
    pub bad_commands: u32,
    /// The same before sign-in (5).
    pub bad_commands_before_sign_in: u32,
    /// How often an IDLE looks by itself and says that it is still there (2 minutes): routers
    /// forget silent connections, and a hint from another node may get lost.
    pub keep_alive: Duration,
    /// How often a SEARCH that takes long says that it is still at work (10 seconds): clients give
    /// up on a silent server after half a minute or so.
    pub search_notice: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message: 25 << 20,
            append_memory: 256 << 20,
            idle: Duration::from_mins(30),
            sign_in: Duration::from_mins(2),
            command: Duration::from_mins(2),
            handshake: Duration::from_secs(20),
            failed_sign_ins: 5,
            failure_delay: Duration::from_secs(2),
            bad_commands: 20,
            bad_commands_before_sign_in: 5,
            keep_alive: Duration::from_mins(2),
            search_notice: Duration::from_secs(10),
        }
    }
}
