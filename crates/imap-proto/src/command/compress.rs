//! COMPRESS.

use crate::parse::{Cursor, Parsed};

/// How to compress (RFC 4978 §3).
///
/// ```abnf
/// compress  = "COMPRESS" SP algorithm
/// algorithm = "DEFLATE"
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Raw DEFLATE streams (RFC 1951).
    Deflate,
}

impl Compression {
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        cursor.space()?;
        let start = cursor.clone();
        let name = cursor.atom("DEFLATE")?;
        if name.eq_ignore_ascii_case("DEFLATE") {
            return Ok(Self::Deflate);
        }
        start.expected("DEFLATE")
    }
}
