//! What a browser or a link is known by.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hikyaku_types::Secret;
use zeroize::Zeroizing;

/// A random token of 256 bits. Only its hash is stored: nobody who reads the database can use it.
/// It is found by that hash, so no comparison tells how far a guess was right.
pub struct Token(Zeroizing<[u8; Token::BYTES]>);

impl Token {
    /// Bytes of a token.
    const BYTES: usize = 32;

    /// A new one. Made outside of transactions: they may run again.
    pub fn random() -> Self {
        let mut bytes = Zeroizing::new([0; Self::BYTES]);
        rand::fill(bytes.as_mut_slice());
        Self(bytes)
    }

    /// The token of a cookie or a link; nothing for a text that cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).ok()?);
        let bytes: [u8; Self::BYTES] = bytes.as_slice().try_into().ok()?;
        Some(Self(Zeroizing::new(bytes)))
    }

    /// The text for the cookie or the link: 43 characters of base64url.
    pub fn to_secret(&self) -> Secret {
        Secret::new(URL_SAFE_NO_PAD.encode(self.0.as_slice()))
    }

    /// What is stored instead.
    pub(crate) fn hash(&self) -> [u8; 32] {
        blake3::derive_key("hikyaku 2026 token", self.0.as_slice())
    }

    /// The hash of a short code that only works together with this token: whoever reads the
    /// database cannot find the code by trying all of them.
    pub(crate) fn hash_code(&self, code: &Secret) -> [u8; 32] {
        *blake3::keyed_hash(&self.0, code.expose().as_bytes()).as_bytes()
    }
}

impl Clone for Token {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_comes_back_from_its_text_and_shows_nothing() {
        let token = Token::random();
        let text = token.to_secret();
        assert_eq!(text.expose().len(), 43);
        let again = Token::parse(text.expose()).unwrap();
        assert_eq!(again.hash(), token.hash());
        assert_ne!(Token::random().hash(), token.hash());
        assert_ne!(token.hash().as_slice(), token.0.as_slice());
        assert_eq!(format!("{token:?}"), "Token(…)");
    }

    #[test]
    fn what_is_no_token_is_refused() {
        for text in ["", "abc", &"A".repeat(42), &"A".repeat(44), &"*".repeat(43)] {
            assert!(Token::parse(text).is_none(), "{text}");
        }
        assert!(Token::parse(&"A".repeat(43)).is_some());
    }

    #[test]
    fn a_code_belongs_to_its_token() {
        let (one, two) = (Token::random(), Token::random());
        let code = Secret::from("123456");
        assert_eq!(one.hash_code(&code), one.hash_code(&code));
        assert_ne!(one.hash_code(&code), two.hash_code(&code));
        assert_ne!(one.hash_code(&code), one.hash_code(&Secret::from("123457")));
    }
}
