//! What is worked out about a message before the transaction: hash, compression, structure.

use bytes::Bytes;
use hikyaku_blob::Contents;
use hikyaku_mailstore::{Content, MailError};
use hikyaku_message::ParsedMessage;
use hikyaku_types::TenantId;

use crate::{prefix::Begins, report::Original};

/// A message ready to be written.
pub(crate) struct Prepared {
    content: Content,
    original: Original,
    received_lines: usize,
    begins: Begins,
    octets: Octets,
}

/// Which octets above 127 a message has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Octets {
    /// Anywhere.
    pub(crate) eight_bit: bool,
    /// In its header.
    pub(crate) in_header: bool,
}

impl Prepared {
    /// Parses, hashes and compresses: about the time of reading the message twice.
    pub(crate) fn new(contents: &Contents, message: &Bytes) -> Self {
        let parsed = ParsedMessage::parse(message);
        Self {
            original: Original::of(message, &parsed),
            octets: octets(message, &parsed),
            received_lines: received_lines(message, &parsed),
            begins: begins(message, &parsed),
            content: Content::parsed(contents, message, &parsed),
        }
    }

    /// Uploads a large content for these tenants.
    pub(crate) async fn upload(
        self,
        contents: &Contents,
        tenants: &[TenantId],
    ) -> Result<Self, MailError> {
        Ok(Self {
            content: self.content.upload(contents, tenants).await?,
            ..self
        })
    }

    /// What the mail store writes.
    pub(crate) const fn content(&self) -> &Content {
        &self.content
    }

    /// What a report shows of it.
    pub(crate) const fn original(&self) -> &Original {
        &self.original
    }

    /// Its octets above 127.
    pub(crate) const fn octets(&self) -> Octets {
        self.octets
    }

    /// What the content begins with.
    pub(crate) const fn begins(&self) -> Begins {
        self.begins
    }

    /// Received lines: the servers this message has passed.
    pub(crate) const fn received_lines(&self) -> usize {
        self.received_lines
    }
}

fn begins(message: &[u8], parsed: &ParsedMessage) -> Begins {
    let empty_line = message.starts_with(b"\r\n") || message.starts_with(b"\n");
    if parsed.fields.is_empty() && !empty_line {
        Begins::WithText
    } else {
        Begins::WithHeader
    }
}

fn octets(message: &[u8], parsed: &ParsedMessage) -> Octets {
    let end = parsed.fields.last().map_or(0, |field| field.whole.end());
    let header = message.get(..end).unwrap_or(message);
    Octets {
        eight_bit: !message.is_ascii(),
        in_header: !header.is_ascii(),
    }
}

fn received_lines(message: &[u8], parsed: &ParsedMessage) -> usize {
    parsed
        .fields
        .iter()
        .filter(|field| field.is(message, "received"))
        .count()
}
