//! Passwords that a machine makes up.

use rand::RngExt as _;

/// Letters and digits that nobody mistakes for one another on paper.
const ALPHABET: &[u8] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
/// Characters of a made-up password: about 116 bits.
const LENGTH: usize = 20;

/// A random password.
pub fn random_password() -> String {
    let mut rng = rand::rng();
    (0..LENGTH)
        .filter_map(|_| ALPHABET.get(rng.random_range(0..ALPHABET.len())))
        .map(|byte| char::from(*byte))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_passwords_are_long_and_differ() {
        let (one, other) = (random_password(), random_password());
        assert_eq!(one.len(), LENGTH);
        assert_ne!(one, other);
    }
}
