//! Charsets: the Japanese ones as mail really uses them, the others through `encoding_rs`.
//!
//! `encoding_rs` follows the WHATWG standard, which is about web pages. Mail differs
//! (dependencies §3.3): ISO-2022-JP comes in a dozen dialects, half of them without names, and
//! labels are missing or lie. So this layer walks the escape sequences itself, uses
//! `encoding_rs` for the tables, and checks each label against the bytes before it believes it.
//!
//! Everything here is total, in linear time, and the output is at most three times the input.

mod decode;
mod detect;
mod encode;
mod euc_jp;
mod iso_2022_jp;
mod jis;
mod kana;
mod label;
mod utf_7;

pub use decode::{Decoded, Fidelity, decode, decode_as, decode_unlabelled, decode_unlabelled_near};
pub use detect::detect;
pub use encode::{Encoded, Extensions, KanaWidth, Policy, Target, encode, encode_with};
pub use label::Charset;

pub(crate) use encode::cost_in_iso_2022_jp;
