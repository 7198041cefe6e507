//! Small changes to a message that exists: for submission and delivery.
//!
//! Contents are immutable (design §3), so these give ranges and prefixes rather than change bytes.

use super::HeaderBlock;
use crate::{header::Fields, range::ByteRange};

/// A field, or group of fields, that a submitted message should have (RFC 6409 §8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Expected {
    /// Date.
    Date,
    /// Message-ID.
    MessageId,
    /// From.
    From,
    /// One of To, Cc and Bcc.
    Recipients,
}

/// What of the expected the header of `message` lacks.
pub fn lacking(message: &[u8]) -> Vec<Expected> {
    const WANTED: [(Expected, &[&str]); 4] = [
        (Expected::Date, &["Date"]),
        (Expected::MessageId, &["Message-ID"]),
        (Expected::From, &["From"]),
        (Expected::Recipients, &["To", "Cc", "Bcc"]),
    ];
    let mut lacking: Vec<_> = WANTED.to_vec();
    for field in Fields::of_message(message) {
        lacking.retain(|(_, names)| !names.iter().any(|name| field.is(message, name)));
    }
    lacking.into_iter().map(|(expected, _)| expected).collect()
}

/// `message` with `block` before its header. A message without any header gets the empty line
/// that makes its text the body.
pub fn prepend(block: &HeaderBlock, message: &[u8]) -> Vec<u8> {
    let mut whole = Vec::with_capacity(block.as_bytes().len() + message.len() + 2);
    whole.extend_from_slice(block.as_bytes());
    let starts_with_field = Fields::of_message(message).next().is_some();
    let starts_with_blank = message.starts_with(b"\r\n") || message.starts_with(b"\n");
    if !starts_with_field && !starts_with_blank {
        whole.extend_from_slice(b"\r\n");
    }
    whole.extend_from_slice(message);
    whole
}

/// The ranges of `message` that are left when the header fields with one of `names` are taken
/// out, as Bcc or a forged Return-Path; case does not matter. In order, adjacent ones joined.
pub fn without_fields(message: &[u8], names: &[&str]) -> Vec<ByteRange> {
    let mut kept = Vec::new();
    let mut start = 0;
    for field in Fields::of_message(message) {
        if names.iter().any(|name| field.is(message, name)) {
            if field.whole.start() > start {
                kept.push(ByteRange::new(start, field.whole.start()));
            }
            start = field.whole.end();
        }
    }
    if start < message.len() {
        kept.push(ByteRange::new(start, message.len()));
    }
    kept
}

/// The offset after the fields with one of `names` that `message` starts with, and after mbox's
/// `From ` line: what a delivery skips when it writes a Return-Path of its own.
pub fn skip_leading(message: &[u8], names: &[&str]) -> usize {
    let mut end = 0;
    for field in Fields::of_message(message) {
        if !names.iter().any(|name| field.is(message, name)) {
            return if end == 0 { field.whole.start() } else { end };
        }
        end = field.whole.end();
    }
    end
}

/// The bytes of `ranges`, one after the other.
pub fn assemble(message: &[u8], ranges: &[ByteRange]) -> Vec<u8> {
    let len = ranges.iter().map(|range| range.len() as usize).sum();
    let mut bytes = Vec::with_capacity(len);
    for range in ranges {
        bytes.extend_from_slice(range.of(message));
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &[u8] =
        b"Return-Path: <x@y>\r\nFrom: a@b\r\nBCC: c@d,\r\n e@f\r\nSubject: x\r\n\r\nBcc: body\r\n";

    #[test]
    fn missing_fields_are_seen() {
        assert_eq!(lacking(MESSAGE), [Expected::Date, Expected::MessageId]);
        let all = [
            Expected::Date,
            Expected::MessageId,
            Expected::From,
            Expected::Recipients,
        ];
        assert_eq!(lacking(b"\r\nDate: x\r\n"), all);
        assert_eq!(lacking(b"DATE: x\nmessage-id: y\nFROM: z\ncc: q\n\n"), []);
    }

    #[test]
    fn fields_are_taken_out_by_ranges() {
        let kept = without_fields(MESSAGE, &["Bcc", "return-path"]);
        assert_eq!(
            assemble(MESSAGE, &kept),
            b"From: a@b\r\nSubject: x\r\n\r\nBcc: body\r\n"
        );
        assert_eq!(
            without_fields(MESSAGE, &[]),
            [ByteRange::new(0, MESSAGE.len())]
        );
        assert_eq!(without_fields(b"Bcc: x", &["Bcc"]), []);
    }

    #[test]
    fn leading_fields_are_skipped() {
        assert_eq!(skip_leading(MESSAGE, &["Return-Path"]), 20);
        assert_eq!(skip_leading(MESSAGE, &["From"]), 0);
        assert_eq!(
            skip_leading(
                b"From a@b Mon\nReturn-Path: <x>\nTo: y\n\n",
                &["Return-Path"]
            ),
            30
        );
        assert_eq!(
            skip_leading(b"From a@b Mon\nTo: y\n\n", &["Return-Path"]),
            13
        );
        assert_eq!(skip_leading(b"", &["Return-Path"]), 0);
    }

    #[test]
    fn a_block_goes_before_the_header() {
        let block = HeaderBlock::new().structured("X-A", "1").unwrap();
        assert_eq!(
            prepend(&block, b"To: x\r\n\r\ny"),
            b"X-A: 1\r\nTo: x\r\n\r\ny"
        );
        assert_eq!(prepend(&block, b"\r\ny"), b"X-A: 1\r\n\r\ny");
        assert_eq!(prepend(&block, b"just text"), b"X-A: 1\r\n\r\njust text");
        assert_eq!(prepend(&block, b""), b"X-A: 1\r\n\r\n");
    }
}
