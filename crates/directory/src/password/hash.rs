//! Password hashes: argon2id as PHC strings (RFC 9106; the string names its own parameters), and
//! those of other systems until they are upgraded.

use std::{borrow::Cow, fmt};

use argon2::{
    Algorithm, Argon2, Params, PasswordHash as Phc, PasswordHasher as _, PasswordVerifier as _,
    Version,
};
use hikyaku_types::Secret;
use unicode_normalization::{UnicodeNormalization as _, is_nfc};
use zeroize::Zeroizing;

use super::foreign::Foreign;

/// How much work a guess at a password costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashParams {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// Why parameters cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "argon2id needs 8 KiB of memory per lane up to {max_memory} KiB, 1 to {max_passes} passes and \
     1 to {max_lanes} lanes",
    max_memory = HashParams::MAX_MEMORY_KIB,
    max_passes = HashParams::MAX_PASSES,
    max_lanes = HashParams::MAX_LANES
)]
pub struct HashParamsError;

impl HashParams {
    /// The memory of one computation at most, also for hashes made elsewhere: 256 MiB. One with
    /// more would stop the server when its owner signs in.
    pub const MAX_MEMORY_KIB: u32 = 256 * 1024;
    /// Passes over the memory at most.
    pub const MAX_PASSES: u32 = 64;
    /// Lanes at most.
    pub const MAX_LANES: u32 = 16;

    /// The default, which is OWASP's first choice for argon2id: 19 MiB, two passes, one lane. About
    /// 20 ms on one core.
    pub const DEFAULT: Self = Self {
        memory_kib: 19_456,
        passes: 2,
        lanes: 1,
    };

    /// The cheapest there is, for tests: protects nothing.
    pub const UNSAFE_FOR_TESTS: Self = Self {
        memory_kib: 8,
        passes: 1,
        lanes: 1,
    };

    /// Parameters of one's own.
    pub const fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, HashParamsError> {
        let usable = lanes >= 1
            && lanes <= Self::MAX_LANES
            && passes >= 1
            && passes <= Self::MAX_PASSES
            && memory_kib >= 8 * lanes
            && memory_kib <= Self::MAX_MEMORY_KIB;
        if usable {
            Ok(Self {
                memory_kib,
                passes,
                lanes,
            })
        } else {
            Err(HashParamsError)
        }
    }

    fn of(hash: &Phc) -> Option<Self> {
        let params = Params::try_from(hash).ok()?;
        Self::new(params.m_cost(), params.t_cost(), params.p_cost()).ok()
    }

    fn argon2(self) -> Argon2<'static> {
        let params = Params::new(self.memory_kib, self.passes, self.lanes, None)
            .expect("invariant: the constructor admits nothing argon2 refuses");
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
    }
}

impl Default for HashParams {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Why a text cannot be a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// Nothing there.
    #[error("the password is empty")]
    Empty,
    /// Over [`PasswordHash::MAX_PASSWORD_BYTES`].
    #[error(
        "the password is longer than {} bytes",
        PasswordHash::MAX_PASSWORD_BYTES
    )]
    TooLong,
    /// A line end or another control character: mail clients cannot send it.
    #[error("the password has a control character")]
    ControlCharacter,
}

/// A password's hash: an argon2 PHC string, or one of another system, whose cost is within our
/// limits.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

/// Why a text is not a hash that we can verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordHashError {
    /// Of no scheme we know, or not complete.
    #[error(
        "not a password hash that is known here: argon2, $5$, $6$, $2a$, $2b$, $2y$, $1$, \
         {{SSHA}}, {{SSHA256}}, {{SSHA512}}"
    )]
    Malformed,
    /// Its parameters cost more than we spend, or are none.
    #[error("the hash would cost too much to check, or too little: its rounds are out of bounds")]
    OutOfBounds,
}

impl PasswordHash {
    /// Bytes of a password at most: far above what anybody types, and little to compute.
    pub const MAX_PASSWORD_BYTES: usize = 1024;

    /// Takes a stored or imported hash: argon2, or what [`super::foreign`] knows.
    pub fn parse(text: &str) -> Result<Self, PasswordHashError> {
        if !text.starts_with("$argon2") {
            return Foreign::parse(text).map(|foreign| Self(foreign.stored()));
        }
        let phc = Phc::new(text).map_err(|_| PasswordHashError::Malformed)?;
        let argon2 = Algorithm::try_from(phc.algorithm.as_str()).is_ok();
        if !argon2 || phc.salt.is_none() || phc.hash.is_none() {
            return Err(PasswordHashError::Malformed);
        }
        HashParams::of(&phc).ok_or(PasswordHashError::OutOfBounds)?;
        Ok(Self(text.to_owned()))
    }

    /// Whether a text can be a password at all.
    pub fn check(password: &Secret) -> Result<(), PasswordError> {
        prepare(password).map(drop)
    }

    /// Hashes a password with a new salt. Takes the time the parameters say: not for an async task.
    pub fn compute(password: &Secret, params: HashParams) -> Result<Self, PasswordError> {
        let prepared = prepare(password)?;
        let hash = params
            .argon2()
            .hash_password(prepared.as_bytes())
            .expect("invariant: length and parameters are checked, the system has randomness");
        Ok(Self(hash.to_string()))
    }

    /// A hash that no password has, which costs the same to verify: for users that do not exist.
    pub fn unmatchable(params: HashParams) -> Self {
        let argon2 = params.argon2();
        let phc = Phc {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: argon2
                .params()
                .try_into()
                .expect("invariant: three small numbers fit"),
            salt: Some(
                random::<16>()
                    .as_slice()
                    .try_into()
                    .expect("16 bytes are a salt"),
            ),
            hash: Some(
                random::<32>()
                    .as_slice()
                    .try_into()
                    .expect("32 bytes are a hash"),
            ),
        };
        Self(phc.to_string())
    }

    /// Whether the password is the hash's. Takes the time the hash's own parameters say, whatever
    /// the password: not for an async task. The comparison takes constant time.
    pub fn verify(&self, password: &Secret) -> bool {
        if self.is_foreign() {
            let foreign = Foreign::parse(&self.0);
            return Self::check(password).is_ok()
                && foreign.is_ok_and(|hash| hash.verify(password.expose()));
        }
        let Ok(phc) = Phc::new(&self.0) else {
            return false;
        };
        // What cannot be a password costs as much as one.
        let (candidate, possible) = match prepare(password) {
            Ok(prepared) => (prepared, true),
            Err(_) => (Zeroizing::new(String::new()), false),
        };
        let matches = Argon2::default()
            .verify_password(candidate.as_bytes(), &phc)
            .is_ok();
        matches && possible
    }

    /// Whether a new hash of the same password should replace this one.
    pub fn differs_from(&self, params: HashParams) -> bool {
        let Ok(phc) = Phc::new(&self.0) else {
            return true;
        };
        phc.algorithm != Algorithm::Argon2id.ident()
            || phc.version != Some(Version::V0x13.into())
            || HashParams::of(&phc) != Some(params)
    }

    /// Whether another system made it, with another algorithm than argon2.
    pub fn is_foreign(&self) -> bool {
        !self.0.starts_with("$argon2")
    }

    /// The PHC string. It is a secret of its owner: not for logs.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// The password as hashed: NFC, so that it does not depend on the keyboard (RFC 8265 §4.2, of which
/// this is the part that matters), with non-ASCII spaces as plain ones.
fn prepare(password: &Secret) -> Result<Zeroizing<String>, PasswordError> {
    let text = password.expose();
    if text.is_empty() {
        return Err(PasswordError::Empty);
    }
    if text.len() > PasswordHash::MAX_PASSWORD_BYTES {
        return Err(PasswordError::TooLong);
    }
    if text.chars().any(char::is_control) {
        return Err(PasswordError::ControlCharacter);
    }
    Ok(Zeroizing::new(normalized(text).into_owned()))
}

fn normalized(text: &str) -> Cow<'_, str> {
    let odd_space = |c: char| c != ' ' && c.is_whitespace();
    if text.is_ascii() || (is_nfc(text) && !text.contains(odd_space)) {
        return Cow::Borrowed(text);
    }
    // Room for the longest expansion, so that no copy is left behind by growing.
    let mut out = String::with_capacity(text.len() * 3);
    out.extend(text.nfc().map(|c| if odd_space(c) { ' ' } else { c }));
    Cow::Owned(out)
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: HashParams = HashParams::UNSAFE_FOR_TESTS;

    fn hash(password: &str) -> PasswordHash {
        PasswordHash::compute(&password.into(), CHEAP).unwrap()
    }

    #[test]
    fn a_hash_matches_its_password_only() {
        let hash = hash("ひみつ１");
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=8,t=1,p=1$"));
        assert!(hash.verify(&"ひみつ１".into()));
        for wrong in ["ひみつ1", "ひみつ１ ", "", "x"] {
            assert!(!hash.verify(&wrong.into()), "{wrong:?}");
        }
        assert_ne!(
            hash,
            super::PasswordHash::compute(&"ひみつ１".into(), CHEAP).unwrap()
        );
        assert_eq!(format!("{hash:?}"), "PasswordHash(…)");
    }

    #[test]
    fn the_keyboard_does_not_matter() {
        // が typed as か with a combining mark, and an ideographic space.
        assert!(hash("が ぎ").verify(&"か\u{3099}\u{3000}き\u{3099}".into()));
    }

    #[test]
    fn what_cannot_be_a_password_is_refused_and_never_matches() {
        let long = "a".repeat(PasswordHash::MAX_PASSWORD_BYTES);
        assert!(hash(&long).verify(&long.as_str().into()));
        for (password, error) in [
            (String::new(), PasswordError::Empty),
            (long + "a", PasswordError::TooLong),
            ("a\r\nb".to_owned(), PasswordError::ControlCharacter),
        ] {
            let secret = Secret::new(password);
            assert_eq!(PasswordHash::compute(&secret, CHEAP), Err(error));
            assert!(!hash("x").verify(&secret));
        }
    }

    #[test]
    fn hashes_with_other_parameters_are_verified_and_marked_for_a_new_one() {
        let strong = HashParams::new(16, 2, 2).unwrap();
        let old = hash("secret");
        assert!(old.differs_from(strong) && !old.differs_from(CHEAP));
        // Test vectors of the reference implementation.
        for (algorithm, raw) in [
            ("argon2id", "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"),
            ("argon2i", "wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA"),
        ] {
            let phc = format!("${algorithm}$v=19$m=65536,t=2,p=1$c29tZXNhbHQ${raw}");
            let imported = PasswordHash::parse(&phc).unwrap();
            assert!(imported.verify(&"password".into()), "{phc}");
            assert!(!imported.verify(&"Password".into()), "{phc}");
            let same = HashParams::new(65536, 2, 1).unwrap();
            assert_eq!(imported.differs_from(same), phc.starts_with("$argon2i$"));
        }
    }

    #[test]
    fn hashes_that_cost_too_much_or_are_none_are_refused() {
        let salted = "c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        for (text, error) in [
            (String::new(), PasswordHashError::Malformed),
            ("plain".to_owned(), PasswordHashError::Malformed),
            (
                "$argon2id$v=19$m=8,t=1,p=1".to_owned(),
                PasswordHashError::Malformed,
            ),
            (
                format!("$scrypt$ln=8,r=8,p=1${salted}"),
                PasswordHashError::Malformed,
            ),
            (
                format!("$argon2id$v=19$m=262145,t=1,p=1${salted}"),
                PasswordHashError::OutOfBounds,
            ),
            (
                format!("$argon2id$v=19$m=8,t=65,p=1${salted}"),
                PasswordHashError::OutOfBounds,
            ),
            (
                format!("$argon2id$v=19$m=256,t=1,p=17${salted}"),
                PasswordHashError::OutOfBounds,
            ),
        ] {
            assert_eq!(PasswordHash::parse(&text), Err(error), "{text}");
        }
        let edge = format!("$argon2id$v=19$m=262144,t=64,p=16${salted}");
        assert!(PasswordHash::parse(&edge).is_ok());
        assert_eq!(HashParams::new(7, 1, 1), Err(HashParamsError));
    }

    #[test]
    fn the_hash_of_nobody_looks_and_costs_like_any_other() {
        let nobody = PasswordHash::unmatchable(CHEAP);
        assert_eq!(PasswordHash::parse(nobody.as_str()), Ok(nobody.clone()));
        assert!(!nobody.differs_from(CHEAP));
        assert!(!nobody.verify(&"".into()) && !nobody.verify(&"secret".into()));
        assert_eq!(nobody.as_str().len(), hash("secret").as_str().len());
        assert_ne!(nobody, PasswordHash::unmatchable(CHEAP));
    }
}
