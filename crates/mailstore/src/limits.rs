//! Every limit of this room that policy may change, with its default and the reason for it.

use std::time::Duration;

/// Limits of mail storage. [`Limits::default`] is what the documentation names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Most mailboxes of an account (1,000). Lists of mailboxes are held in memory as a whole.
    pub mailboxes_per_account: u32,
    /// Most subscriptions of an account (2,000): names may outlive their mailboxes.
    pub subscriptions_per_account: u32,
    /// Most messages that one transaction of a long operation touches (200): about 10 ms of the
    /// writer's time, so that bulk work of one tenant does not hold up another's mail.
    pub chunk_messages: usize,
    /// Most messages of one COPY or APPEND (50,000), which are atomic as a whole and so hold the
    /// writer as a whole.
    pub atomic_messages: usize,
    /// Most bytes of one message (1 GiB), and of all messages of one APPEND together. The limit
    /// people feel is the protocol's, which is far lower.
    pub append_bytes: u64,
    /// Most rows of change history kept for an account (50,000). A client that was away for longer
    /// compares the whole mailbox.
    pub change_history: u32,
    /// How long expunged messages of a new account stay restorable (14 days).
    pub restore_window: Duration,
    /// From this many bytes on, hashing, compressing and parsing move to a thread of their own
    /// (256 KiB): below it they take less time than the move.
    pub inline_work_bytes: usize,
    /// Most messages that are looked at before a search takes a breath (256).
    pub search_page_messages: usize,
    /// Most bytes of stored contents that one page of a search holds in memory (8 MiB), unless a
    /// single message is larger.
    pub search_page_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            mailboxes_per_account: 1_000,
            subscriptions_per_account: 2_000,
            chunk_messages: 200,
            atomic_messages: 50_000,
            append_bytes: 1 << 30,
            change_history: 50_000,
            restore_window: Duration::from_hours(14 * 24),
            inline_work_bytes: 256 * 1024,
            search_page_messages: 256,
            search_page_bytes: 8 * 1024 * 1024,
        }
    }
}
