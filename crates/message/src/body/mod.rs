//! The bodies of parts: transfer decoding, text, preview, and what a search looks at.

mod base64;
mod html;
mod part_text;
mod preview;
mod quoted_printable;
mod search;
mod transfer;

pub use html::to_text as html_to_text;
pub use part_text::{PartText, part_text};
pub use preview::preview;
pub use search::{HeaderValue, SearchText, SearchTexts, header_values, search_texts};
pub use transfer::{decode_part, decode_transfer};

pub(crate) use base64::Base64Decoder;
pub(crate) use quoted_printable::decode_word as decode_quoted_word;
