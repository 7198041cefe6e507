//! Hashes that other systems made, as administrators bring them along: SHA-crypt (`$5$`, `$6$`),
//! bcrypt (`$2a$`, `$2b$`, `$2y$`), MD5-crypt (`$1$`), salted SHA of directories (`{SSHA}`,
//! `{SSHA256}`, `{SSHA512}`). Each is checked as it is and replaced by argon2id when its owner
//! signs in.
//!
//! Invariants:
//! - What is parsed is complete: salt and digest have the lengths of their scheme, and the cost is
//!   within our limits, so that nobody's hash can eat the processor.
//! - The password is taken as its bytes: other systems do not normalise.
//! - Digests are compared in constant time.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use md5::{Digest as _, Md5};
use sha_crypt::{PasswordVerifier as _, ShaCrypt};
use subtle::ConstantTimeEq as _;

use super::PasswordHashError;

/// Rounds of SHA-crypt at most: 500,000, a hundred times its default and about a second.
pub const MAX_SHA_CRYPT_ROUNDS: u32 = 500_000;
/// The cost of bcrypt at most: 14, about a second.
pub const MAX_BCRYPT_COST: u32 = 14;
/// Bytes of a hash of another system at most: 512, twice the longest.
const MAX_LENGTH: usize = 512;
/// Bytes of the salt of a salted SHA, at least and at most: 4 to 64.
const SALT_BYTES: std::ops::RangeInclusive<usize> = 4..=64;

/// A hash of another system.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Foreign<'a> {
    scheme: Scheme,
    text: &'a str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    ShaCrypt,
    Bcrypt,
    Md5Crypt,
    Ssha(Sha),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sha {
    One,
    Two256,
    Two512,
}

/// What LDAP servers and Dovecot write in front of a hash that names its own scheme.
const CRYPT_PREFIXES: [&str; 5] = [
    "{CRYPT}",
    "{SHA256-CRYPT}",
    "{SHA512-CRYPT}",
    "{BLF-CRYPT}",
    "{MD5-CRYPT}",
];
const SALTED: [(&str, Sha); 3] = [
    ("{SSHA}", Sha::One),
    ("{SSHA256}", Sha::Two256),
    ("{SSHA512}", Sha::Two512),
];

impl<'a> Foreign<'a> {
    /// Takes a stored or imported hash.
    pub(super) fn parse(text: &'a str) -> Result<Self, PasswordHashError> {
        if text.len() > MAX_LENGTH || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(PasswordHashError::Malformed);
        }
        for (prefix, sha) in SALTED {
            if let Some(rest) = without_prefix(text, prefix) {
                let (scheme, text) = (Scheme::Ssha(sha), rest);
                salted(sha, rest).ok_or(PasswordHashError::Malformed)?;
                return Ok(Self { scheme, text });
            }
        }
        let stripped = CRYPT_PREFIXES
            .iter()
            .find_map(|one| without_prefix(text, one));
        let text = stripped.unwrap_or(text);
        let scheme = match text.get(..3) {
            Some("$5$" | "$6$") => check_sha_crypt(text).map(|()| Scheme::ShaCrypt),
            Some("$1$") => check_md5_crypt(text).map(|()| Scheme::Md5Crypt),
            _ => check_bcrypt(text).map(|()| Scheme::Bcrypt),
        }?;
        Ok(Self { scheme, text })
    }

    /// As it is stored: with the prefix only where nothing else names the scheme.
    pub(super) fn stored(&self) -> String {
        let prefix = match self.scheme {
            Scheme::Ssha(sha) => SALTED.iter().find(|(_, of)| *of == sha),
            _ => None,
        };
        format!("{}{}", prefix.map_or("", |(prefix, _)| prefix), self.text)
    }

    /// Whether the password is the hash's.
    pub(super) fn verify(&self, password: &str) -> bool {
        match self.scheme {
            Scheme::ShaCrypt => sha_crypt::PasswordHash::new(self.text).is_ok_and(|hash| {
                ShaCrypt::default()
                    .verify_password(password.as_bytes(), &hash)
                    .is_ok()
            }),
            Scheme::Bcrypt => bcrypt::verify(password, self.text).unwrap_or(false),
            Scheme::Md5Crypt => md5_crypt_fits(self.text, password.as_bytes()),
            Scheme::Ssha(sha) => salted(sha, self.text).is_some_and(|(digest, salt)| {
                let found = digest_of(sha, password.as_bytes(), &salt);
                bool::from(found.ct_eq(&digest))
            }),
        }
    }
}

/// The rest behind a prefix in any case.
fn without_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix)
        .then(|| text.get(prefix.len()..))
        .flatten()
}

/// `$5$rounds=5000$salt$digest`, the rounds optional.
fn check_sha_crypt(text: &str) -> Result<(), PasswordHashError> {
    let malformed = PasswordHashError::Malformed;
    let mut parts = text.split('$').skip(1);
    let digest_length = match parts.next() {
        Some("5") => 43,
        _ => 86,
    };
    let mut salt = parts.next().ok_or(malformed)?;
    if let Some(rounds) = salt.strip_prefix("rounds=") {
        let rounds: u32 = rounds.parse().map_err(|_| malformed)?;
        if !(1_000..=MAX_SHA_CRYPT_ROUNDS).contains(&rounds) {
            return Err(PasswordHashError::OutOfBounds);
        }
        salt = parts.next().ok_or(malformed)?;
    }
    let digest = parts.next().ok_or(malformed)?;
    let fits = (1..=16).contains(&salt.len())
        && digest.len() == digest_length
        && [salt, digest].into_iter().all(is_crypt_base64)
        && parts.next().is_none();
    if fits { Ok(()) } else { Err(malformed) }
}

/// `$2b$12$` and 22 characters of salt and 31 of digest.
fn check_bcrypt(text: &str) -> Result<(), PasswordHashError> {
    let malformed = PasswordHashError::Malformed;
    let parts: Vec<&str> = text.split('$').collect();
    let ["", "2a" | "2b" | "2y", cost, rest] = parts.as_slice() else {
        return Err(malformed);
    };
    if cost.len() != 2 || rest.len() != 53 || !is_crypt_base64(rest) {
        return Err(malformed);
    }
    let cost: u32 = cost.parse().map_err(|_| malformed)?;
    if (4..=MAX_BCRYPT_COST).contains(&cost) {
        Ok(())
    } else {
        Err(PasswordHashError::OutOfBounds)
    }
}

/// `$1$salt$digest`.
fn check_md5_crypt(text: &str) -> Result<(), PasswordHashError> {
    let parts: Vec<&str> = text.split('$').collect();
    match parts.as_slice() {
        ["", "1", salt, digest]
            if (1..=8).contains(&salt.len())
                && digest.len() == 22
                && [salt, digest].into_iter().all(|part| is_crypt_base64(part)) =>
        {
            Ok(())
        }
        _ => Err(PasswordHashError::Malformed),
    }
}

fn is_crypt_base64(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"./".contains(&byte))
}

/// Digest and salt of a salted SHA.
fn salted(sha: Sha, base64: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    let both = STANDARD.decode(base64).ok()?;
    let length = match sha {
        Sha::One => 20,
        Sha::Two256 => 32,
        Sha::Two512 => 64,
    };
    let (digest, salt) = both.split_at_checked(length)?;
    SALT_BYTES
        .contains(&salt.len())
        .then(|| (digest.to_vec(), salt.to_vec()))
}

fn digest_of(sha: Sha, password: &[u8], salt: &[u8]) -> Vec<u8> {
    match sha {
        Sha::One => sha1::Sha1::new()
            .chain_update(password)
            .chain_update(salt)
            .finalize()
            .to_vec(),
        Sha::Two256 => sha2::Sha256::new()
            .chain_update(password)
            .chain_update(salt)
            .finalize()
            .to_vec(),
        Sha::Two512 => sha2::Sha512::new()
            .chain_update(password)
            .chain_update(salt)
            .finalize()
            .to_vec(),
    }
}

/// Whether a password makes the MD5-crypt hash of a text that was checked.
fn md5_crypt_fits(text: &str, password: &[u8]) -> bool {
    let mut parts = text.split('$').skip(2);
    let (Some(salt), Some(digest)) = (parts.next(), parts.next()) else {
        return false;
    };
    let found = md5_crypt(password, salt.as_bytes());
    bool::from(found.as_bytes().ct_eq(digest.as_bytes()))
}

/// MD5-crypt, as the C libraries compute it since FreeBSD 2: a thousand rounds of MD5 over
/// password, salt and the digest before.
fn md5_crypt(password: &[u8], salt: &[u8]) -> String {
    let inner = Md5::new()
        .chain_update(password)
        .chain_update(salt)
        .chain_update(password)
        .finalize();
    let mut start = Md5::new();
    start.update(password);
    start.update(b"$1$");
    start.update(salt);
    for chunk in password.chunks(inner.len()) {
        start.update(inner.get(..chunk.len()).unwrap_or_default());
    }
    // The algorithm's own oddity: a zero for each set bit of the length, else the first character.
    let mut bits = password.len();
    while bits > 0 {
        let odd = bits & 1 == 1;
        start.update(if odd {
            &[0][..]
        } else {
            password.get(..1).unwrap_or_default()
        });
        bits >>= 1;
    }
    let mut digest = start.finalize();
    for round in 0..1_000 {
        let mut next = Md5::new();
        let (first, last): (&[u8], &[u8]) = if round % 2 == 1 {
            (password, &digest)
        } else {
            (&digest, password)
        };
        next.update(first);
        if round % 3 != 0 {
            next.update(salt);
        }
        if round % 7 != 0 {
            next.update(password);
        }
        next.update(last);
        let finished = next.finalize();
        digest = finished;
    }
    encode(digest.as_slice())
}

/// The digest of MD5-crypt as text: its bytes in an order of their own, six bits at a time.
fn encode(digest: &[u8]) -> String {
    const SYMBOLS: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const ORDER: [[usize; 3]; 5] = [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5]];
    let byte = |at: usize| u32::from(digest.get(at).copied().unwrap_or_default());
    let mut text = String::with_capacity(22);
    let mut push = |mut bits: u32, count: usize| {
        for _ in 0..count {
            let symbol = SYMBOLS
                .get((bits & 63) as usize)
                .copied()
                .unwrap_or_default();
            text.push(char::from(symbol));
            bits >>= 6;
        }
    };
    for [high, middle, low] in ORDER {
        push(byte(high) << 16 | byte(middle) << 8 | byte(low), 4);
    }
    push(byte(11), 2);
    text
}

#[cfg(test)]
mod tests;
