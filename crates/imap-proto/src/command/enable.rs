//! ENABLE.

use crate::parse::{Cursor, Parsed};

/// ENABLE (RFC 5161 §3.1): extensions that change what the server sends unasked.
///
/// ```abnf
/// enable = "ENABLE" 1*(SP capability)
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enable {
    /// Their names in capitals, known or not; one at least. What is not known is passed over.
    pub names: Vec<String>,
}

impl Enable {
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        cursor.space()?;
        let mut names = vec![name(cursor)?];
        // Or it was a space at the end of the line.
        while cursor.take(b' ') && !cursor.is_at_end() {
            if names.len() == cursor.limits().list_items {
                return cursor.too_much("extensions to enable");
            }
            names.push(name(cursor)?);
        }
        Ok(Self { names })
    }
}

fn name(cursor: &mut Cursor<'_>) -> Parsed<String> {
    Ok(cursor
        .atom("the name of an extension")?
        .to_ascii_uppercase())
}
