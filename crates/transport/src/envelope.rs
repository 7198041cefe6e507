//! What a caller hands over besides the content: who sends, to whom, how it came, and
//! what the sender wants to hear.

use std::net::IpAddr;

use hikyaku_directory::AccountScope;
use hikyaku_types::{Domain, EmailAddress, SessionId};

/// The door by which a message came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Via {
    /// Port 25, from another server or from a device in the closed zone.
    Smtp,
    /// 587 or 465, from a signed-in user.
    Submission,
    /// LMTP, from a server in front of us (RFC 2033).
    Lmtp,
}

impl Via {
    /// The word in traces and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Submission => "submission",
            Self::Lmtp => "lmtp",
        }
    }
}

/// The client behind a message.
#[derive(Debug, Clone)]
pub struct Source {
    /// The door.
    pub via: Via,
    /// The client's address.
    pub ip: IpAddr,
    /// The connection, as it stands in the logs.
    pub session: SessionId,
    /// The account that signed in, if one did.
    pub account: Option<AccountScope>,
}

/// One RCPT TO.
#[derive(Debug, Clone)]
pub struct Recipient {
    /// The address as the client gave it.
    pub address: EmailAddress,
    /// What the sender wants to hear.
    pub notify: Notify,
    /// The address as the sender first wrote it, where others rewrote it on the way.
    pub original: Option<OriginalRecipient>,
}

/// Of which fates of a recipient the sender wants to hear (RFC 3461 §4.1). Default: of failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notify {
    /// It was delivered.
    pub success: bool,
    /// It was not.
    pub failure: bool,
}

impl Default for Notify {
    fn default() -> Self {
        Self {
            success: false,
            failure: true,
        }
    }
}

/// A recipient as the sender first wrote it (RFC 3461 §4.2), decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginalRecipient {
    /// `rfc822`, `utf-8` …
    pub address_type: String,
    /// The address.
    pub address: String,
}

/// What a report to the sender says besides the fates of the recipients.
#[derive(Debug, Clone)]
pub struct Reporting {
    /// Who reports: the name of this host.
    pub host: Domain,
    /// The sender's own name for the message (RFC 3461 §4.4).
    pub envelope_id: Option<String>,
}

/// Whether the caller can answer each recipient on its own (RFC 2033 §4.2) or only the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// One reply for the whole message, as SMTP gives it.
    Whole,
    /// One reply per recipient, as LMTP gives it.
    PerRecipient,
}

/// A message's envelope.
#[derive(Debug, Clone)]
pub struct Envelope {
    /// The client.
    pub source: Source,
    /// MAIL FROM; nothing for the null sender, which is never answered.
    pub sender: Option<EmailAddress>,
    /// RCPT TO, each checked with [`crate::Transport::check_recipient`] before.
    pub recipients: Vec<Recipient>,
    /// How the caller can answer.
    pub answer: Answer,
    /// For the report to a sender who is one of ours.
    pub reporting: Reporting,
    /// Header lines that go above the content of every recipient's copy, ending in CRLF: the
    /// Received line of this hop (RFC 5321 §4.4).
    pub trace_header: Vec<u8>,
}
