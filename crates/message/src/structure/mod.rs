//! The structure of a message: a tree of parts as byte ranges.
//!
//! Invariants, kept by the parser and checked by the decoder of stored structures:
//! - [`Content::Multipart`] has at least one child, and exactly the parts whose type is
//!   `multipart/*` have it; exactly the parts of type `message/rfc822` and `message/global` have
//!   [`Content::Message`]. So a BODYSTRUCTURE can be written without special cases.
//! - A child's ranges lie within its parent's body, in order, without overlap.
//! - Depth and number of parts are bounded by [`MAX_DEPTH`](crate::limits::MAX_DEPTH) and
//!   [`MAX_PARTS`](crate::limits::MAX_PARTS).

mod content_type;
mod encoding;
mod section;

pub use content_type::{ContentType, Disposition, Parameter, ParameterForm};
pub use encoding::TransferEncoding;
pub use section::SectionPart;

use crate::{envelope::Envelope, range::ByteRange, text::HeaderText};

/// The structure of one message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Structure {
    /// The message itself as a part: its header is the message's header.
    pub root: Part,
}

impl Structure {
    /// All parts, embedded messages' parts included, parents before children.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        let mut waiting = vec![&self.root];
        std::iter::from_fn(move || {
            let part = waiting.pop()?;
            match &part.content {
                Content::Single => {}
                Content::Multipart(children) => waiting.extend(children.iter().rev()),
                Content::Message(embedded) => waiting.push(&embedded.root),
            }
            Some(part)
        })
    }
}

/// One part: a header and a body (RFC 2045 §2.5 "entity").
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Part {
    /// The header, the empty line after it included.
    pub header: ByteRange,
    /// The body as transferred. Its length is IMAP's octets.
    pub body: ByteRange,
    /// Number of line feeds in the body.
    pub lines: u32,
    /// Content-Type: effective, so `text/plain` where the field is absent or unreadable.
    pub content_type: ContentType,
    /// Content-Disposition.
    pub disposition: Option<Disposition>,
    /// Content-Transfer-Encoding.
    pub encoding: TransferEncoding,
    /// Content-ID as written, angle brackets included.
    pub id: Option<Box<str>>,
    /// Content-Description.
    pub description: Option<HeaderText>,
    /// Content-MD5.
    pub md5: Option<Box<str>>,
    /// Content-Language, its tags.
    pub language: Vec<Box<str>>,
    /// Content-Location.
    pub location: Option<Box<str>>,
    /// What the body consists of.
    pub content: Content,
}

/// What a part's body consists of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Content {
    /// One piece of data.
    #[default]
    Single,
    /// The children of a multipart, at least one.
    Multipart(Vec<Part>),
    /// A message.
    Message(Box<Embedded>),
}

/// The message in a `message/rfc822` or `message/global` part.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Embedded {
    /// Its envelope.
    pub envelope: Envelope,
    /// Its own header and body.
    pub root: Part,
}

impl Part {
    /// The children of a multipart; none for other parts.
    pub fn children(&self) -> &[Part] {
        match &self.content {
            Content::Multipart(children) => children,
            Content::Single | Content::Message(_) => &[],
        }
    }

    /// The embedded message, when there is one.
    pub fn embedded(&self) -> Option<&Embedded> {
        match &self.content {
            Content::Message(embedded) => Some(embedded),
            Content::Single | Content::Multipart(_) => None,
        }
    }

    /// Size of the body as transferred, in bytes (IMAP's octets).
    pub fn octets(&self) -> u32 {
        self.body.len()
    }

    /// The file name: of Content-Disposition, else Content-Type's `name`; decoded.
    pub fn file_name(&self) -> Option<String> {
        let from_disposition = self
            .disposition
            .as_ref()
            .and_then(|disposition| disposition.parameter("filename"));
        from_disposition
            .or_else(|| self.content_type.parameter("name"))
            .map(|text| text.decoded().into_owned())
    }

    /// Whether this part is meant to be saved rather than read inline: it says so, or it is
    /// a single piece of data that is no text, or has a file name.
    pub fn is_attachment(&self) -> bool {
        let marked = |kind: &str| {
            self.disposition
                .as_ref()
                .is_some_and(|found| found.is(kind))
        };
        match &self.content {
            Content::Multipart(_) => false,
            Content::Message(_) => !marked("inline"),
            Content::Single => {
                marked("attachment")
                    || (!self.content_type.is_text() && !marked("inline"))
                    || (self.content_type.is_text() && self.file_name().is_some())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ParsedMessage;

    fn root(header: &str) -> Part {
        ParsedMessage::parse(format!("{header}\n\nx").as_bytes())
            .structure
            .root
    }

    #[test]
    fn attachments_are_told_from_what_is_read_inline() {
        for (header, is_attachment) in [
            ("Content-Type: text/plain", false),
            (
                "Content-Type: text/plain\nContent-Disposition: attachment",
                true,
            ),
            ("Content-Type: text/plain; name=a.txt", true),
            (
                "Content-Type: text/plain\nContent-Disposition: inline; filename=a.txt",
                true,
            ),
            ("Content-Type: image/png", true),
            (
                "Content-Type: image/png\nContent-Disposition: inline",
                false,
            ),
            ("Content-Type: image/png\nContent-Disposition: x-odd", true),
            ("Content-Type: message/rfc822", true),
            (
                "Content-Type: message/rfc822\nContent-Disposition: inline",
                false,
            ),
            (
                "Content-Type: multipart/mixed; boundary=b\nContent-Disposition: attachment",
                false,
            ),
        ] {
            assert_eq!(root(header).is_attachment(), is_attachment, "{header}");
        }
    }

    #[test]
    fn the_dispositions_file_name_counts_more() {
        let both = root("Content-Type: a/b; name=n\nContent-Disposition: inline; filename=f");
        assert_eq!(both.file_name().as_deref(), Some("f"));
        assert_eq!(
            root("Content-Type: a/b; name=n").file_name().as_deref(),
            Some("n")
        );
        assert_eq!(root("Content-Type: a/b").file_name(), None);
    }

    #[test]
    fn parts_come_parents_first() {
        let message = "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: a/b\n\n\
                       --b\nContent-Type: message/rfc822\n\nContent-Type: c/d\n\n\n--b--\n";
        let structure = ParsedMessage::parse(message.as_bytes()).structure;
        let types: Vec<&str> = structure
            .parts()
            .map(|part| &*part.content_type.main)
            .collect();
        assert_eq!(types, ["multipart", "a", "message", "c"]);
    }
}
