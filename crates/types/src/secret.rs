//! Passwords and the like while they are in memory.

use std::fmt;

use zeroize::{Zeroize, Zeroizing};

/// A text that must not be shown: wiped from memory when dropped, not printed by `Debug`.
///
/// There is no `Display`, no serde and, on purpose, no `==`: a secret is checked against a
/// password hash or a keyed MAC, whose comparisons take constant time. A comparison of two texts
/// that stops at the first difference would tell how far a guess was right.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

/// Why bytes are not a secret that we accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not valid UTF-8")]
pub struct SecretError;

impl Secret {
    /// Takes the text over. The caller's own copies, if any, are the caller's to wipe.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Takes bytes from the wire over. What is not UTF-8 is wiped before the error returns.
    pub fn from_utf8(bytes: Vec<u8>) -> Result<Self, SecretError> {
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self::new(text)),
            Err(error) => {
                error.into_bytes().zeroize();
                Err(SecretError)
            }
        }
    }

    /// The text itself. Whoever calls this answers for where it goes.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is no text at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not even the length: it narrows a guess.
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_says_nothing_about_the_secret() {
        let short = Secret::from("a");
        let long = Secret::from("correct horse battery staple");
        assert_eq!(format!("{short:?}"), format!("{long:?}"));
        assert_eq!(format!("{:?}", Some(&long)), "Some(Secret(…))");
    }

    #[test]
    fn bytes_from_the_wire_must_be_text() {
        let secret = Secret::from_utf8("パスワード".as_bytes().to_vec()).unwrap();
        assert_eq!(secret.expose(), "パスワード");
        assert!(!secret.is_empty());
        assert_eq!(Secret::from_utf8(vec![0x80]).unwrap_err(), SecretError);
    }
}
