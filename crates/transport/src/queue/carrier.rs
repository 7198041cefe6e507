//! What the queue asks of whoever takes messages to other hosts, and what it hears back.
//!
//! The queue decides when, and what an answer means; the carrier knows how: names, connections,
//! the other side's protocol. Neither knows the other beyond these types.

use std::{fmt::Debug, net::IpAddr, time::Duration};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hikyaku_types::{Domain, EmailAddress};

use crate::{Notify, OriginalRecipient, Reporting};

/// Takes messages to other hosts.
pub trait Carrier: Debug + Send + Sync + 'static {
    /// One attempt for all recipients of the parcel, over one connection (to the first exchanger
    /// that takes it). Never fails as a whole: one verdict per recipient, in their order. A verdict
    /// that is missing counts as [`TroubleKind::Cut`].
    ///
    /// Returns the moment the fate of all is certain (right after the reply to the final dot),
    /// before anything else is said on the connection: the queue records it at once, so that what
    /// the other side took is not sent again.
    fn carry(&self, parcel: Parcel) -> BoxFuture<'_, Vec<Verdict>>;

    /// Closes connections that stand idle: the house is closing.
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// Recipients of one message in one domain, for one attempt.
#[derive(Debug, Clone)]
pub struct Parcel {
    /// The domain of all recipients: its exchangers take the message.
    pub destination: Domain,
    /// MAIL FROM; nothing for the null sender.
    pub sender: Option<EmailAddress>,
    /// RCPT TO, at least one, at most [`super::RECIPIENTS_PER_PARCEL`].
    pub recipients: Vec<ParcelRecipient>,
    /// The whole message, lines ending in CRLF, not dot-stuffed.
    pub content: Bytes,
    /// Whether `content` has octets above 127 (RFC 6152).
    pub eight_bit: bool,
    /// Whether an address or the header needs RFC 6531.
    pub utf8: bool,
    /// What a host that reports for us must know (RFC 3461 §5.2).
    pub reporting: Reporting,
    /// How long the whole attempt may take; the queue gives up on it a little later.
    pub deadline: Duration,
}

/// One recipient of a parcel.
#[derive(Debug, Clone)]
pub struct ParcelRecipient {
    /// The address.
    pub address: EmailAddress,
    /// What the sender wants to hear; nothing when the sender did not say, and then the next host
    /// is not told either (RFC 3461 §5.2.1).
    pub notify: Option<Notify>,
    /// The address as the sender first wrote it.
    pub original: Option<OriginalRecipient>,
}

/// What became of one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The other side took it, and has the duty now.
    Sent(Receipt),
    /// Not now; trying again can help.
    Later(Trouble),
    /// Never; trying again cannot help.
    Never(Trouble),
}

/// Who took a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The name of the host.
    pub host: String,
    /// Its address.
    pub address: IpAddr,
    /// Its reply to the message: one line, cleaned.
    pub reply: String,
    /// The version and cipher suite of the connection, if it was encrypted.
    pub tls: Option<String>,
    /// Whether the host knows RFC 3461 and was told what the sender wants to hear: it reports, and
    /// we do not.
    pub dsn_passed_on: bool,
}

/// Why a recipient did not get a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// What kind of trouble; decides the explanation in reports.
    pub kind: TroubleKind,
    /// The enhanced status code (RFC 3463), such as `4.4.1`.
    pub status: String,
    /// The host that was spoken to, if any.
    pub host: Option<String>,
    /// Its own words: code and text in one line, cleaned, of bounded length.
    pub reply: Option<String>,
}

/// What went wrong. Each has a plain explanation in the languages of the house.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TroubleKind {
    /// The domain does not exist, or has neither exchangers nor addresses.
    NoSuchDomain,
    /// The domain says that it takes no mail (RFC 7505).
    NullMx,
    /// The name servers did not answer, or not in a usable way.
    Dns,
    /// No exchanger could be reached.
    Connect,
    /// The other side was silent for too long.
    Timeout,
    /// The connection broke.
    Cut,
    /// Encryption was required and could not be had.
    Tls,
    /// The smart host did not accept our name and password.
    Auth,
    /// The other side does not speak the protocol.
    Protocol,
    /// The other side refused the connection, the sender or the message, for now or for good.
    Refused,
    /// The other side refused the recipient, for now or for good.
    Recipient,
    /// The other side cannot take addresses or headers in UTF-8 (RFC 6531).
    NoUtf8,
    /// The other side cannot take 8-bit text, and the message cannot be rewritten.
    NoEightBit,
    /// The message is larger than the other side takes.
    TooBig,
    /// The mail of that domain leads back to this host, where the domain is not known.
    Loop,
}
