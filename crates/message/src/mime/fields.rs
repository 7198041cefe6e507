//! The fields that make an envelope and a part.

use std::collections::HashSet;

use crate::{
    charset::Charset,
    envelope::{Address, Envelope},
    header::{
        Field,
        address::{self, Cut},
        date, message_id,
        mime::{self, Read},
        unfold,
    },
    limits::{MAX_ADDRESSES, MAX_FIELD_BYTES, MAX_REFERENCES, MAX_TEXT_FIELD_BYTES},
    problem::{Problem, Problems},
    structure::{ContentType, Part, TransferEncoding},
    text::HeaderText,
};

/// Longest field name that means something here.
const MAX_KNOWN_NAME: usize = 32;

/// A field's name in lower case; empty when it is longer than any that is known.
fn lower_name<'b>(message: &[u8], field: Field, buffer: &'b mut [u8; MAX_KNOWN_NAME]) -> &'b [u8] {
    let name = field.name.of(message);
    let Some(lower) = buffer.get_mut(..name.len()) else {
        return &[];
    };
    lower.copy_from_slice(name);
    lower.make_ascii_lowercase();
    lower
}

/// What the fields of one message share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) problems: Problems,
    /// Addresses that may still be kept, of all envelopes together.
    pub(super) addresses_left: usize,
}

/// The envelope in `fields`.
pub(super) fn envelope(message: &[u8], fields: &[Field], shared: &mut Shared) -> Envelope {
    let mut envelope = Envelope::default();
    let near = charset_nearby(message, fields);
    let mut buffer = [0; MAX_KNOWN_NAME];
    for &field in fields {
        let name = lower_name(message, field, &mut buffer);
        let mut reader = Reader {
            message,
            field,
            near,
            shared,
        };
        match name {
            b"date" if reader.is_first(envelope.date.is_some()) => {
                envelope.sent_at = date::parse(field.value.of(message));
                if envelope.sent_at.is_none() {
                    reader.report(Problem::BadDate);
                }
                envelope.date = Some(reader.verbatim());
            }
            b"subject" if reader.is_first(envelope.subject.is_some()) => {
                envelope.subject = Some(reader.text());
            }
            b"message-id" if reader.is_first(envelope.message_id.is_some()) => {
                envelope.message_id = Some(reader.verbatim());
            }
            b"in-reply-to" if reader.is_first(envelope.in_reply_to.is_some()) => {
                envelope.in_reply_to = Some(reader.verbatim());
            }
            b"from" => {
                reader.is_first(!envelope.from.is_empty());
                reader.addresses(&mut envelope.from);
            }
            b"sender" if reader.is_first(!envelope.sender.is_empty()) => {
                reader.addresses(&mut envelope.sender);
            }
            b"reply-to" => reader.addresses(&mut envelope.reply_to),
            b"to" => reader.addresses(&mut envelope.to),
            b"cc" => reader.addresses(&mut envelope.cc),
            b"bcc" => reader.addresses(&mut envelope.bcc),
            _ => {}
        }
    }
    envelope
}

/// The part that `fields` describe, without ranges and content.
pub(super) fn part(
    message: &[u8],
    fields: &[Field],
    default: ContentType,
    shared: &mut Shared,
) -> Part {
    let mut part = Part::default();
    let near = charset_nearby(message, fields);
    let mut content_type = None;
    let mut encoding = None;
    let mut buffer = [0; MAX_KNOWN_NAME];
    for &field in fields {
        let name = lower_name(message, field, &mut buffer);
        if !name.starts_with(b"content-") {
            continue;
        }
        let value = field.value.of(message);
        let mut reader = Reader {
            message,
            field,
            near,
            shared,
        };
        match name {
            b"content-type" if reader.is_first(content_type.is_some()) => {
                content_type = Some(reader.read(mime::content_type(value)));
                if let Some(None) = &content_type {
                    reader.report(Problem::BadContentType);
                }
            }
            b"content-disposition" if reader.is_first(part.disposition.is_some()) => {
                part.disposition = reader.read(mime::disposition(value));
            }
            b"content-transfer-encoding" if reader.is_first(encoding.is_some()) => {
                encoding = Some(TransferEncoding::parse(value));
            }
            b"content-id" if reader.is_first(part.id.is_some()) => part.id = mime::word(value),
            b"content-description" if reader.is_first(part.description.is_some()) => {
                part.description = Some(reader.text());
            }
            b"content-md5" if reader.is_first(part.md5.is_some()) => part.md5 = mime::word(value),
            b"content-language" if reader.is_first(!part.language.is_empty()) => {
                part.language = mime::languages(value);
            }
            b"content-location" if reader.is_first(part.location.is_some()) => {
                part.location = mime::word(value);
            }
            _ => {}
        }
    }
    part.encoding = encoding.unwrap_or_default();
    part.content_type = match content_type {
        Some(Some(content_type)) => content_type,
        // An unreadable type says at least that the default is not meant; but a text that is
        // shown is better than one that is not (RFC 2045 §5.2).
        Some(None) => ContentType::default(),
        None => default,
    };
    part
}

/// The charset that a header's Content-Type names, when the header has raw 8-bit text that is
/// probably in it too.
fn charset_nearby(message: &[u8], fields: &[Field]) -> Option<Charset> {
    let raw = fields
        .iter()
        .any(|field| !field.value.of(message).is_ascii());
    let field = fields
        .iter()
        .find(|field| raw && field.is(message, "content-type"))?;
    let content_type = mime::content_type(field.value.of(message)).value?;
    Charset::from_label(&content_type.charset()?)
}

/// The ids that link a message to its thread: References, then In-Reply-To, each once, at most
/// [`MAX_REFERENCES`].
pub(crate) fn references(message: &[u8], fields: &[Field]) -> Vec<Box<str>> {
    let mut ids: Vec<Box<str>> = Vec::new();
    for name in ["references", "in-reply-to"] {
        for field in fields.iter().filter(|field| field.is(message, name)) {
            let value = field.value.of(message);
            ids.extend(message_id::parse_list(
                value.get(..MAX_FIELD_BYTES).unwrap_or(value),
            ));
        }
    }
    let mut seen = HashSet::new();
    ids.retain(|id| seen.insert(id.clone()));
    if ids.len() > MAX_REFERENCES {
        let surplus = ids.len() - MAX_REFERENCES;
        ids.drain(1..=surplus);
    }
    ids
}

/// Reads one field and reports what is wrong with it.
struct Reader<'a, 's> {
    message: &'a [u8],
    field: Field,
    near: Option<Charset>,
    shared: &'s mut Shared,
}

impl Reader<'_, '_> {
    fn report(&mut self, problem: Problem) {
        let at = self.field.whole.start();
        self.shared.problems.report(problem, at);
    }

    /// Whether this is the first field of its name; a second one is reported.
    fn is_first(&mut self, seen: bool) -> bool {
        if seen {
            self.report(Problem::RepeatedField);
        }
        !seen
    }

    /// A text as a person reads it.
    fn text(&mut self) -> HeaderText {
        self.check_length(MAX_TEXT_FIELD_BYTES);
        mime::text(self.field.value.of(self.message), self.near)
    }

    /// A field that has no encoded words, like Date and Message-ID.
    fn verbatim(&mut self) -> HeaderText {
        self.check_length(MAX_TEXT_FIELD_BYTES);
        let raw = unfold(mime::head_of(self.field.value.of(self.message)));
        HeaderText::from_parts(&raw, &crate::charset::decode_unlabelled(&raw))
    }

    fn check_length(&mut self, limit: usize) {
        if self.field.value.of(self.message).len() > limit {
            self.report(Problem::FieldTooLong);
        }
    }

    /// Adds the field's addresses, as long as they fit: a list is kept whole or not at all, so
    /// that groups stay whole.
    fn addresses(&mut self, into: &mut Vec<Address>) {
        let list = address::parse_near(self.field.value.of(self.message), self.near);
        let count = list.addresses.len();
        // The marker that ends an open group may come on top.
        let fits = into.len() + count <= MAX_ADDRESSES + 1 && count <= self.shared.addresses_left;
        if list.cut == Cut::Yes || !fits {
            self.report(Problem::TooManyAddresses);
        }
        if fits {
            self.shared.addresses_left -= count;
            into.extend(list.addresses);
        }
    }

    fn read<T>(&mut self, read: Read<T>) -> Option<T> {
        if read.cut == Cut::Yes {
            self.report(Problem::TooManyParameters);
        }
        read.value
    }
}
