//! The limits of accepting, each with its default and where it comes from.

use std::time::Duration;

use hikyaku_types::ByteSize;

use crate::ReportLanguage;

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
    /// How mail to other domains is kept until it is there; nothing: it is refused.
    pub outgoing: Option<Outgoing>,
    /// The languages of reports.
    pub report_language: ReportLanguage,
}

/// How long mail to other domains is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outgoing {
    /// It is given up after this. Default 5 days (RFC 5321 §4.5.4.1: at least 4 to 5).
    pub expire_after: Duration,
    /// Its sender hears of the delay after this, once; nothing: never. Default 4 hours.
    pub delay_notice_after: Option<Duration>,
}

impl Default for Outgoing {
    fn default() -> Self {
        Self {
            expire_after: Duration::from_hours(5 * 24),
            delay_notice_after: Some(Duration::from_hours(4)),
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            max_message: ByteSize::mib(25),
            max_recipients: 1000,
            max_received_lines: 100,
            mailbox_full: MailboxFull::default(),
            outgoing: None,
            report_language: ReportLanguage::default(),
        }
    }
}
