//! ID.

use crate::parse::{Cursor, Parsed};

/// ID (RFC 2971): who the client says it is. Text that is no UTF-8 is mended; it is only logged.
///
/// ```abnf
/// id             = "ID" SP id-params-list
/// id-params-list = "(" [string SP nstring *(SP string SP nstring)] ")" / nil
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Id {
    /// Fields and their values.
    pub pairs: Vec<(String, Option<String>)>,
}

impl Id {
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        cursor.space()?;
        if cursor.take_word("NIL") {
            return Ok(Self { pairs: Vec::new() });
        }
        let limits = cursor.limits();
        let pairs = cursor.list((limits.id_pairs, "ID fields"), |cursor| {
            let field = cursor.string("a field name")?;
            cursor.space()?;
            let value = cursor.nstring("a value or NIL")?;
            if field
                .len()
                .max(value.as_ref().map_or(0, |value| value.len()))
                > limits.id_value
            {
                return cursor.too_much("an ID value");
            }
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            Ok((text(&field), value.as_deref().map(text)))
        })?;
        Ok(Self { pairs })
    }
}
