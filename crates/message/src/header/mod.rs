//! Header fields: finding them, unfolding them, and reading the structured ones.
//!
//! Fields are byte ranges; a value is copied only when it is read. The scanners here are total:
//! each takes any bytes, in linear time, and gives the best reading of them.

pub mod address;
pub mod civil;
pub mod date;
mod field;
mod fold;
mod lexer;
pub mod message_id;
pub mod mime;
pub mod parameter;
pub mod select;

pub(crate) use field::{Ending, FieldScanner, Scanned};
pub use field::{Field, Fields};
pub use fold::unfold;

use std::borrow::Cow;

use crate::charset::{self, Charset};

/// A structured field's value, unfolded, as UTF-8; `near` is the charset of text next to it.
///
/// Structured fields are read after this step, because raw ISO-2022-JP and Shift_JIS text uses
/// the bytes of `"`, `(`, `,`, `<`, `@` and `\` within its characters.
pub(crate) fn structured_text(value: &[u8], near: Option<Charset>) -> Cow<'_, str> {
    match unfold(value) {
        Cow::Borrowed(bytes) => charset::decode_unlabelled_near(bytes, near),
        Cow::Owned(bytes) => Cow::Owned(charset::decode_unlabelled_near(&bytes, near).into_owned()),
    }
}
