//! AUTHENTICATE.

use crate::parse::{Cursor, Parsed};

/// AUTHENTICATE (RFC 3501 §6.2.2), with an initial response (RFC 4959).
///
/// ```abnf
/// authenticate = "AUTHENTICATE" SP auth-type [SP initial-resp]
/// initial-resp = base64 / "="
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Authenticate {
    /// The SASL mechanism, in capitals.
    pub mechanism: String,
    /// The first response, still in base64 (`=` for an empty one), if it came at once.
    pub initial: Option<Vec<u8>>,
}

impl Authenticate {
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        cursor.space()?;
        let mechanism = cursor.atom("a SASL mechanism")?.to_ascii_uppercase();
        let mut initial = None;
        // Or it was a space at the end of the line.
        if cursor.take(b' ') && !cursor.is_at_end() {
            let is_base64 =
                |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
            initial = Some(
                cursor
                    .take_some(is_base64, "an initial response in base64")?
                    .to_vec(),
            );
        }
        Ok(Self { mechanism, initial })
    }
}

// It holds a password.
impl std::fmt::Debug for Authenticate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authenticate")
            .field("mechanism", &self.mechanism)
            .finish_non_exhaustive()
    }
}
