//! The limits of accepting, each with its default and where it comes from.

use hikyaku_types::ByteSize;

/// The reply when a mailbox has no room (design §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MailboxFull {
    /// 552 5.2.2: the sender learns at once.
    #[default]
    Refuse,
    /// 452 4.2.2: the sender's server tries again.
    Defer,
}

/// What is accepted.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The largest message, as it comes over the wire. Default 25 MB (C-04).
    pub max_message: ByteSize,
    /// Recipients of one message at most. Default 1,000 (K-06).
    pub max_recipients: usize,
    /// Received lines a message may have before it is taken for a loop (RFC 5321 §6.3 asks for
    /// at least 100 to be tolerated). Default 100.
    pub max_received_lines: usize,
    /// The reply for a full mailbox.
    pub mailbox_full: MailboxFull,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            max_message: ByteSize::mib(25),
            max_recipients: 1000,
            max_received_lines: 100,
            mailbox_full: MailboxFull::default(),
        }
    }
}
