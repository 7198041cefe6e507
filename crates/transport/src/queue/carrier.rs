//! What the queue asks of whoever takes messages to other hosts, and what it hears back.
//!
//! The queue decides when, and what an answer means; the carrier knows how: names, connections,
//! the other side's protocol. Neither knows the other beyond these types.

use std::{borrow::Cow, fmt::Debug, net::IpAddr, time::Duration};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hikyaku_types::{Domain, EmailAddress};

use super::settle::one_line;
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
    /// Something of ours failed before anybody was spoken to.
    Local,
}

impl TroubleKind {
    const WORDS: [(Self, &'static str); 16] = [
        (Self::NoSuchDomain, "no_such_domain"),
        (Self::NullMx, "null_mx"),
        (Self::Dns, "dns"),
        (Self::Connect, "connect"),
        (Self::Timeout, "timeout"),
        (Self::Cut, "cut"),
        (Self::Tls, "tls"),
        (Self::Auth, "auth"),
        (Self::Protocol, "protocol"),
        (Self::Refused, "refused"),
        (Self::Recipient, "recipient"),
        (Self::NoUtf8, "no_utf8"),
        (Self::NoEightBit, "no_eight_bit"),
        (Self::TooBig, "too_big"),
        (Self::Loop, "loop"),
        (Self::Local, "local"),
    ];

    /// The word in the database, in answers of the API and in logs.
    pub fn as_str(self) -> &'static str {
        let known = Self::WORDS.iter().find(|(kind, _)| *kind == self);
        known.map_or("local", |(_, word)| word)
    }

    /// The kind of a word; nothing for one that is not known.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        let known = Self::WORDS.iter().find(|(_, known)| *known == word);
        known.map(|(kind, _)| *kind)
    }

    /// Whether other mail to the same destination would meet it too, so that all of it waits.
    pub(crate) const fn is_of_the_destination(self) -> bool {
        matches!(
            self,
            Self::Dns | Self::Connect | Self::Timeout | Self::Cut | Self::Tls | Self::Auth
        )
    }
}

/// `5.1.1 mx.example.net: 550 no such user`, as far as it is known; else the kind.
impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ", self.status)?;
        if let Some(host) = &self.host {
            write!(f, "{host}: ")?;
        }
        f.write_str(self.reply.as_deref().unwrap_or(self.kind.as_str()))
    }
}

impl Trouble {
    /// The same with the others' words as one line of bounded length, whatever they are.
    pub(crate) fn cleaned(&self) -> Self {
        Self {
            kind: self.kind,
            status: self.status_or("4.0.0").into_owned(),
            host: self.host.as_deref().map(one_line),
            reply: self.reply.as_deref().map(one_line),
        }
    }

    /// The status, or `other` when it is none.
    pub(crate) fn status_or<'a>(&'a self, other: &'a str) -> Cow<'a, str> {
        let mut parts = self.status.split('.');
        let class = matches!(parts.next(), Some("2" | "4" | "5"));
        let is_number =
            |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        let rest: Vec<&str> = parts.collect();
        if class && rest.len() == 2 && rest.iter().all(|part| is_number(part)) {
            Cow::Borrowed(&self.status)
        } else {
            Cow::Borrowed(other)
        }
    }
}
