//! What a caller hands over besides the content: who sends, to whom, how it came, and
//! what the sender wants to hear.

use std::net::IpAddr;

use hikyaku_directory::AccountScope;
use hikyaku_types::{AccountId, Domain, EmailAddress, SessionId, TenantId};

/// The door by which a message came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Via {
    /// Port 25, from another server or from a device in the closed zone.
    Smtp,
    /// 587 or 465, from a signed-in user.
    Submission,
    /// LMTP, from a server in front of us (RFC 2033).
    Lmtp,
    /// None: the house writes to people of a tenant, or to addresses they gave.
    House(TenantId),
}

impl Via {
    /// The word in traces and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Submission => "submission",
            Self::Lmtp => "lmtp",
            Self::House(_) => "house",
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

impl Source {
    /// In whose name mail may go to other hosts: the tenant, and the account that signed in;
    /// nobody's for a stranger's.
    pub(crate) fn sender(&self) -> Option<(TenantId, Option<AccountId>)> {
        match (self.via, self.account) {
            (Via::House(tenant), _) => Some((tenant, None)),
            (_, Some(scope)) => Some((scope.tenant, Some(scope.account))),
            (_, None) => None,
        }
    }
}

/// One RCPT TO.
#[derive(Debug, Clone)]
pub struct Recipient {
    /// The address as the client gave it.
    pub address: EmailAddress,
    /// What the sender wants to hear; nothing when the sender did not say.
    pub notify: Option<Notify>,
    /// The address as the sender first wrote it, where others rewrote it on the way.
    pub original: Option<OriginalRecipient>,
}

impl Recipient {
    /// What the sender is told about this recipient.
    pub(crate) fn told(&self) -> Notify {
        self.notify.unwrap_or_default()
    }
}

/// Of which fates of a recipient the sender wants to hear (RFC 3461 §4.1). Default, when the sender
/// did not say: of failures and of long delays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notify {
    /// It was delivered.
    pub success: bool,
    /// It was not.
    pub failure: bool,
    /// It is still tried, after a while.
    pub delay: bool,
}

impl Notify {
    /// Of nothing.
    pub const NEVER: Self = Self {
        success: false,
        failure: false,
        delay: false,
    };
}

impl Default for Notify {
    fn default() -> Self {
        Self {
            success: false,
            failure: true,
            delay: true,
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
    /// How much of the message a report of failure returns; the house decides when nobody says.
    pub returned: Option<Returned>,
}

/// How much of a message a report of failure returns (RFC 3461 §4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Returned {
    /// The whole message.
    Full,
    /// Its header only.
    Headers,
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
    /// For reports, by us or by the next host.
    pub reporting: Reporting,
    /// Whether the client declared that addresses or header are in UTF-8 (RFC 6531).
    pub utf8: bool,
    /// Header lines that go above the content of every recipient's copy, ending in CRLF: the
    /// Received line of this hop (RFC 5321 §4.4).
    pub trace_header: Vec<u8>,
}
