//! The token of a key.

use std::fmt::Write as _;

use hikyaku_types::Secret;

/// What every token begins with, so that a leaked one is recognised for what it is.
const BEGINNING: &str = "hik_";
/// Random bytes of a token.
const BYTES: usize = 32;
/// Characters of a token that are stored and shown, to recognise it.
const SHOWN_CHARS: usize = BEGINNING.len() + 6;

/// A new token. Made before the transaction, which may run more than once.
#[derive(Debug, Clone)]
pub struct Token(Secret);

impl Token {
    /// A token that nobody has.
    pub fn generate() -> Self {
        let bytes: [u8; BYTES] = rand::random();
        let mut text = String::from(BEGINNING);
        for byte in bytes {
            let _ = write!(text, "{byte:02x}");
        }
        Self(Secret::new(text))
    }

    /// What its maker is shown, once.
    pub fn secret(&self) -> &Secret {
        &self.0
    }

    /// What is stored of it.
    pub(crate) fn hash(&self) -> String {
        hash(&self.0)
    }

    /// How it begins.
    pub(super) fn shown(&self) -> &str {
        self.0.expose().get(..SHOWN_CHARS).unwrap_or(BEGINNING)
    }
}

/// What is stored of a token, and what it is found by.
pub(crate) fn hash(token: &Secret) -> String {
    blake3::hash(token.expose().as_bytes()).to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_tokens_are_alike_and_little_of_them_is_shown() {
        let (one, two) = (Token::generate(), Token::generate());
        assert_ne!(hash(one.secret()), hash(two.secret()));
        assert_eq!(one.secret().expose().len(), BEGINNING.len() + 2 * BYTES);
        assert_eq!(one.shown().len(), SHOWN_CHARS);
        assert!(!format!("{one:?}").contains(one.shown()));
    }
}
