//! The tag that ties an answer to its command.

use crate::parse::{Cursor, Parsed, is_atom_char};

/// A valid tag.
///
/// ```abnf
/// tag = 1*<any ASTRING-CHAR except "+">
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Tag(String);

impl Tag {
    /// The tag of those bytes, if they are one.
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let valid = !bytes.is_empty() && bytes.iter().all(|byte| is_tag_char(*byte));
        valid.then(|| Self(String::from_utf8_lossy(bytes).into_owned()))
    }

    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        let start = cursor.clone();
        let bytes = cursor.take_some(is_tag_char, "a tag")?;
        Self::new(bytes).map_or_else(|| start.expected("a tag"), Ok)
    }

    /// The tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_tag_char(byte: u8) -> bool {
    byte != b'+' && (is_atom_char(byte) || byte == b']')
}
