//! What a report shows of the message that it is about.

use bytes::Bytes;
use hikyaku_message::ParsedMessage;

/// Bytes of a Message-ID that the trace keeps; longer ones are no real ones.
const MAX_MESSAGE_ID: usize = 250;

/// Characters of a Subject that a report shows in its own: enough to recognise the message.
const MAX_SUBJECT: usize = 120;

/// Bytes of a message's header that a report returns; of a longer one the first fields.
const MAX_RETURNED_HEADER: usize = 64 << 10;

/// The parts of a message that make it known again.
#[derive(Debug, Clone)]
pub(crate) struct Original {
    /// The fields of the header, as far as a report returns them.
    pub(crate) header: Bytes,
    /// The Subject as people read it, as far as a report shows it; empty when there is none.
    pub(crate) subject: String,
    /// The Message-ID as the trace shows it; empty when there is none.
    pub(crate) message_id: String,
}

impl Original {
    /// The parts of a message.
    pub(crate) fn of(message: &Bytes, parsed: &ParsedMessage) -> Self {
        Self {
            header: header(message, parsed),
            subject: subject(parsed),
            message_id: shown(parsed.message_id.as_deref().unwrap_or_default()),
        }
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

/// One line of bounded length without control characters, whatever the sender wrote.
fn shown(raw: &str) -> String {
    raw.chars()
        .filter(|c| !c.is_control())
        .take(MAX_MESSAGE_ID)
        .collect()
}
