//! MIME entities and whole messages under construction.

use memchr::memmem;

use super::{
    BuildError, HeaderBlock,
    transfer::{base64, canonical_line_ends, lines_are_sendable, quoted_printable},
};
use crate::charset::{self, Target};

/// A part: its MIME header fields and its encoded body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    header: HeaderBlock,
    body: Vec<u8>,
}

/// A whole message: `header`, MIME-Version, and `entity`.
pub fn message(header: &HeaderBlock, entity: &Entity) -> Result<Vec<u8>, BuildError> {
    let header = header
        .clone()
        .structured("MIME-Version", "1.0")?
        .append(&entity.header);
    let mut message = header.into_bytes();
    message.extend_from_slice(b"\r\n");
    message.extend_from_slice(&entity.body);
    Ok(message)
}

impl Entity {
    /// A text part, `text/<subtype>`, in `target`'s charset, or in UTF-8 where that cannot hold
    /// the text. The encoding is the most readable one that is safe: 7bit, quoted-printable where
    /// most is ASCII, else base64. Line ends become CRLF.
    pub fn text(subtype: &str, text: &str, target: Target) -> Result<Self, BuildError> {
        let text = canonical_line_ends(text);
        let mut target = target;
        let mut encoded = charset::encode(target, &text);
        if encoded.unmappable > 0 {
            target = Target::Utf8;
            encoded = charset::encode(target, &text);
        }
        let bytes = encoded.bytes;
        let (encoding, body) = if bytes.is_ascii() && lines_are_sendable(&bytes) {
            ("7bit", bytes)
        } else if target != Target::Iso2022Jp && is_mostly_ascii(&bytes) {
            ("quoted-printable", quoted_printable(&bytes))
        } else {
            ("base64", base64(&bytes))
        };
        let media_type = format!("text/{subtype}");
        let header = HeaderBlock::new()
            .with_parameters("Content-Type", &media_type, &[("charset", target.name())])?
            .structured("Content-Transfer-Encoding", encoding)?;
        Ok(Self { header, body })
    }

    /// A file: base64, with its name in RFC 2231's form where it needs it.
    pub fn attachment(media_type: &str, name: &str, bytes: &[u8]) -> Result<Self, BuildError> {
        let header = HeaderBlock::new()
            .with_parameters("Content-Type", media_type, &[])?
            .structured("Content-Transfer-Encoding", "base64")?
            .with_parameters("Content-Disposition", "attachment", &[("filename", name)])?;
        Ok(Self {
            header,
            body: base64(bytes),
        })
    }

    /// A message, whole, as `message/rfc822`; or, where it cannot be sent as lines, as an attached
    /// file: RFC 2046 §5.2.1 forbids to encode an embedded message.
    pub fn embedded(message: &[u8]) -> Result<Self, BuildError> {
        if !lines_are_sendable(message) {
            return Self::attachment("application/octet-stream", "message.eml", message);
        }
        Self::verbatim("message/rfc822", message)
    }

    /// The header of a message, as `text/rfc822-headers` (RFC 6522 §4); or as an attached file
    /// where it cannot be sent as lines.
    pub fn embedded_header(header: &[u8]) -> Result<Self, BuildError> {
        if !lines_are_sendable(header) {
            return Self::attachment("application/octet-stream", "header.txt", header);
        }
        Self::verbatim("text/rfc822-headers", header)
    }

    /// Groups of fields, as in `message/delivery-status` (RFC 3464 §2.1) and
    /// `message/disposition-notification`.
    pub fn field_groups(media_type: &str, groups: &[HeaderBlock]) -> Result<Self, BuildError> {
        let body: Vec<&[u8]> = groups.iter().map(HeaderBlock::as_bytes).collect();
        Self::verbatim(media_type, &body.join(b"\r\n".as_slice()))
    }

    fn verbatim(media_type: &str, body: &[u8]) -> Result<Self, BuildError> {
        let encoding = if body.is_ascii() { "7bit" } else { "8bit" };
        let header = HeaderBlock::new()
            .with_parameters("Content-Type", media_type, &[])?
            .structured("Content-Transfer-Encoding", encoding)?;
        Ok(Self {
            header,
            body: body.to_vec(),
        })
    }

    /// A multipart. The boundary is made of `unique`, letters and digits that the caller makes
    /// unique, and never occurs in the parts.
    pub fn multipart(
        subtype: &str,
        parameters: &[(&str, &str)],
        parts: &[Entity],
        unique: &str,
    ) -> Result<Self, BuildError> {
        let usable = unique.len() <= 48 && unique.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !usable || parts.is_empty() {
            return Err(BuildError::Invalid("boundary".into()));
        }
        let boundary = free_boundary(parts, unique);
        let mut all = parameters.to_vec();
        all.push(("boundary", &boundary));
        let eight_bit = parts.iter().any(|part| !part.body.is_ascii());
        let encoding = if eight_bit { "8bit" } else { "7bit" };
        let header = HeaderBlock::new()
            .with_parameters("Content-Type", &format!("multipart/{subtype}"), &all)?
            .structured("Content-Transfer-Encoding", encoding)?;
        let mut body = Vec::new();
        for part in parts {
            body.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
            body.extend_from_slice(part.header.as_bytes());
            body.extend_from_slice(b"\r\n");
            body.extend_from_slice(&part.body);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        Ok(Self { header, body })
    }

    /// Adds a field to the part's header, like Content-ID or Content-Description.
    #[must_use]
    pub fn with_header(mut self, fields: &HeaderBlock) -> Self {
        self.header = self.header.append(fields);
        self
    }

    /// Whether the part holds bytes outside ASCII, so that it needs 8BITMIME (RFC 6152).
    pub fn needs_8bit(&self) -> bool {
        !self.body.is_ascii()
    }
}

/// `=_` cannot occur in quoted-printable or base64; a counter keeps it off everything else.
fn free_boundary(parts: &[Entity], unique: &str) -> String {
    let mut counter = 0_usize;
    loop {
        let boundary = format!("=_{unique}_{counter}");
        let taken = |part: &Entity| {
            memmem::find(&part.body, boundary.as_bytes()).is_some()
                || memmem::find(part.header.as_bytes(), boundary.as_bytes()).is_some()
        };
        if !parts.iter().any(taken) {
            return boundary;
        }
        counter += 1;
    }
}

/// Whether quoted-printable is not longer than base64.
fn is_mostly_ascii(bytes: &[u8]) -> bool {
    let eight_bit = bytes.iter().filter(|byte| !byte.is_ascii()).count();
    eight_bit <= bytes.len() / 6
}
