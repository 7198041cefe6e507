//! Undoing the transfer encoding of a body.

use std::borrow::Cow;

use super::{base64, quoted_printable};
use crate::structure::{Part, TransferEncoding};

/// The bytes of a body before it was encoded for transfer. Total: rubbish in the encoding is
/// skipped or kept as it is; an unknown encoding is taken for none.
pub fn decode_transfer<'a>(encoding: &TransferEncoding, body: &'a [u8]) -> Cow<'a, [u8]> {
    match encoding {
        TransferEncoding::Base64 => Cow::Owned(base64::decode(body)),
        TransferEncoding::QuotedPrintable => Cow::Owned(quoted_printable::decode(body)),
        _ => Cow::Borrowed(body),
    }
}

/// The decoded body of `part` of `message`.
pub fn decode_part<'a>(message: &'a [u8], part: &Part) -> Cow<'a, [u8]> {
    decode_transfer(&part.encoding, part.body.of(message))
}
