//! The secret of an app password: 16 symbols of 5 bits each.

use hikyaku_types::{AccountId, Id as _, Secret};
use zeroize::Zeroizing;

/// Letters and digits that nobody takes for another one: no `l` and `1`, no `o` and `0`.
const SYMBOLS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Symbols of a secret: 80 bits.
const LENGTH: usize = 16;
/// Symbols between two hyphens.
const GROUP: usize = 4;
/// What the hash is for, so that no other use of BLAKE3 gives the same.
const CONTEXT: &str = "hikyaku 2026-11-22 hash of an app password";

/// The secret itself, without hyphens. It does not print itself.
#[derive(Clone)]
pub struct AppSecret(Zeroizing<[u8; LENGTH]>);

impl AppSecret {
    /// A new one.
    pub fn generate() -> Self {
        let mut random = Zeroizing::new([0_u8; LENGTH]);
        rand::fill(random.as_mut_slice());
        let mut symbols = Zeroizing::new([0_u8; LENGTH]);
        for (symbol, byte) in symbols.iter_mut().zip(random.iter()) {
            let at = usize::from(byte % 32);
            *symbol = *SYMBOLS.get(at).expect("invariant: 32 symbols");
        }
        Self(symbols)
    }

    /// What somebody typed or pasted: with or without hyphens and spaces, in any case. Nothing for
    /// a text that cannot be one.
    pub fn parse(text: &Secret) -> Option<Self> {
        let mut symbols = Zeroizing::new([0_u8; LENGTH]);
        let mut length = 0;
        for byte in text.expose().bytes().filter(|byte| !b"- ".contains(byte)) {
            let byte = byte.to_ascii_lowercase();
            if !SYMBOLS.contains(&byte) {
                return None;
            }
            *symbols.get_mut(length)? = byte;
            length += 1;
        }
        (length == LENGTH).then_some(Self(symbols))
    }

    /// As it is shown, once: `abcd-efgh-ijkm-npqr`.
    pub fn shown(&self) -> Secret {
        let mut text = String::with_capacity(LENGTH + LENGTH / GROUP);
        for (at, symbol) in self.0.iter().enumerate() {
            if at > 0 && at % GROUP == 0 {
                text.push('-');
            }
            text.push(char::from(*symbol));
        }
        Secret::new(text)
    }

    /// What is stored of it for an account. Two hashes are compared in constant time.
    pub(crate) fn hash(&self, account: AccountId) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
        hasher.update(&account.to_i64().to_be_bytes());
        hasher.update(self.0.as_slice());
        hasher.finalize()
    }
}

impl std::fmt::Debug for AppSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AppSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_however_it_is_typed() {
        let alice = AccountId::from_i64(1);
        let secret = AppSecret::generate();
        let shown = secret.shown();
        let text = shown.expose();
        assert_eq!(text.len(), 19);
        assert_eq!(text.split('-').map(str::len).collect::<Vec<_>>(), [4; 4]);
        for typed in [
            text.to_owned(),
            text.replace('-', ""),
            text.replace('-', " "),
            text.to_uppercase(),
        ] {
            let read = AppSecret::parse(&typed.as_str().into()).unwrap();
            assert_eq!(read.hash(alice), secret.hash(alice), "{typed}");
        }
        assert_ne!(secret.hash(alice), secret.hash(AccountId::from_i64(2)));
        assert_ne!(secret.hash(alice), AppSecret::generate().hash(alice));
        assert_eq!(format!("{secret:?}"), "AppSecret(…)");
    }

    #[test]
    fn other_texts_are_no_secrets() {
        let long = "a".repeat(17);
        for text in [
            "",
            "abcd-efgh-ijkm-npq",
            "abcd-efgh-ijkl-npqr",
            "あbcd",
            &long,
        ] {
            assert!(AppSecret::parse(&text.into()).is_none(), "{text:?}");
        }
    }
}
