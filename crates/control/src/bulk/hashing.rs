//! Hashing many passwords on all processors.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
};

use hikyaku_directory::password::{HashParams, PasswordError, PasswordHash};
use hikyaku_types::Secret;

/// The hashes of passwords, in their order. Takes the time of all of them: not for an async task.
pub(super) fn hash_all(
    passwords: &[Secret],
    params: HashParams,
) -> Vec<Result<PasswordHash, PasswordError>> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(passwords.iter().map(|_| None).collect::<Vec<_>>());
    let work = || loop {
        let at = next.fetch_add(1, Relaxed);
        let Some(password) = passwords.get(at) else {
            return;
        };
        let hash = PasswordHash::compute(password, params);
        let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = results.get_mut(at) {
            *place = Some(hash);
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads.min(passwords.len()) {
            scope.spawn(work);
        }
    });
    let results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results
        .into_iter()
        .map(|hash| hash.expect("invariant: the threads take every place"))
        .collect()
}

/// Characters of a password that is made up: 16 of 55 are 92 bits.
const LENGTH: usize = 16;
/// Without those that are taken for one another.
const ALPHABET: &[u8] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// A password that nobody guesses.
pub(super) fn made_up() -> Secret {
    use rand::seq::IndexedRandom as _;
    let mut random = rand::rng();
    let letters = (0..LENGTH).map(|_| {
        let letter = ALPHABET.choose(&mut random);
        char::from(*letter.expect("invariant: the alphabet is not empty"))
    });
    Secret::new(letters.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_come_in_their_order_and_bad_passwords_are_told() {
        let passwords: Vec<Secret> = ["one", "", "three"]
            .iter()
            .map(|text| Secret::from(*text))
            .collect();
        let hashes = hash_all(&passwords, HashParams::UNSAFE_FOR_TESTS);
        assert!(hashes[0].is_ok() && hashes[2].is_ok());
        assert_eq!(hashes[1], Err(PasswordError::Empty));
        assert!(hash_all(&[], HashParams::UNSAFE_FOR_TESTS).is_empty());
        let (one, other) = (made_up(), made_up());
        assert_ne!(one.expose(), other.expose());
        assert_eq!(one.expose().len(), LENGTH);
    }
}
