//! What is worked out about a message before the transaction: hash, compression, structure.

use bytes::Bytes;
use hikyaku_mailstore::Content;
use hikyaku_message::ParsedMessage;

use crate::prefix::Begins;

/// Bytes of a Message-ID that the trace keeps; longer ones are no real ones.
const MAX_MESSAGE_ID: usize = 250;

/// Characters of a Subject that a report shows in its own: enough to recognise the message.
const MAX_SUBJECT: usize = 120;

/// Bytes of a message's header that a report returns; of a longer one the first fields.
const MAX_RETURNED_HEADER: usize = 64 << 10;

/// A message ready to be written.
pub(super) struct Prepared {
    content: Content,
    header: Bytes,
    subject: String,
    message_id: String,
    received_lines: usize,
    begins: Begins,
}

impl Prepared {
    /// Parses, hashes and compresses: about the time of reading the message twice.
    pub(super) fn new(message: &Bytes) -> Self {
        let parsed = ParsedMessage::parse(message);
        Self {
            message_id: shown(parsed.message_id.as_deref().unwrap_or_default()),
            received_lines: received_lines(message, &parsed),
            begins: begins(message, &parsed),
            header: header(message, &parsed),
            subject: subject(&parsed),
            content: Content::from_parsed(message, &parsed),
        }
    }

    /// What the mail store writes.
    pub(super) const fn content(&self) -> &Content {
        &self.content
    }

    /// The Message-ID as the trace shows it; empty when there is none.
    pub(super) fn message_id(&self) -> &str {
        &self.message_id
    }

    /// The fields of the header, as far as a report returns them.
    pub(super) fn header(&self) -> &[u8] {
        &self.header
    }

    /// The Subject as people read it, as far as a report shows it; empty when there is none.
    pub(super) fn subject(&self) -> &str {
        &self.subject
    }

    /// What the content begins with.
    pub(super) const fn begins(&self) -> Begins {
        self.begins
    }

    /// Received lines: the servers this message has passed.
    pub(super) const fn received_lines(&self) -> usize {
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

/// Whole fields only. The bytes are those of the message, not a copy.
fn header(message: &Bytes, parsed: &ParsedMessage) -> Bytes {
    let ends = parsed.fields.iter().map(|field| field.whole.end());
    let end = ends.take_while(|end| *end <= MAX_RETURNED_HEADER).last();
    message.slice(..end.unwrap_or(0).min(message.len()))
}

fn subject(parsed: &ParsedMessage) -> String {
    let subject = parsed.envelope.subject.as_ref();
    let decoded = subject.map(|subject| subject.decoded()).unwrap_or_default();
    let shown = decoded.chars().filter(|c| !c.is_control());
    shown.take(MAX_SUBJECT).collect()
}

fn received_lines(message: &[u8], parsed: &ParsedMessage) -> usize {
    parsed
        .fields
        .iter()
        .filter(|field| field.is(message, "received"))
        .count()
}

/// One line of bounded length without control characters, whatever the sender wrote.
fn shown(raw: &str) -> String {
    raw.chars()
        .filter(|c| !c.is_control())
        .take(MAX_MESSAGE_ID)
        .collect()
}
