//! Encoded words in headers (RFC 2047, RFC 2231 §5), read leniently and written strictly.

mod decode;
mod encode;
mod scan;

pub use decode::{decode, decode_near};
pub use encode::{encode, encode_phrase};

pub(crate) use decode::without_controls;
pub(crate) use encode::{encode_at, encode_phrase_at};
pub(crate) use scan::WordScanner;
