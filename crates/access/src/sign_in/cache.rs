//! What is known about passwords that were checked a short while ago, so that a client that signs
//! in often does not cost a hash each time.
//!
//! Only keyed MACs are kept (BLAKE3 under a random key of this process) over account, credential
//! version and password: nothing that outlives the process or could be tried elsewhere. A change of
//! the password makes another version, so what was known before matches nothing any more, on every
//! node and without anybody telling. Besides, an entry ends with the account's next hint (any
//! change of credential, status or access) and after its time.
//!
//! Wrong passwords are remembered too, in a place of their own (a flood of them pushes no right one
//! out): a device that keeps an old password costs no hash each time and counts as one failure.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use hikyaku_db::HintSubscription;
use hikyaku_directory::{LoginName, credentials::CredentialVersion};
use hikyaku_types::{AccountId, Id as _, Secret, Timestamp};
use quick_cache::unsync::Cache;
use zeroize::Zeroizing;

use super::NameDigest;

/// The MAC of one password for one credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Mac([u8; 32]);

/// What a checked password turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The account's password.
    Right,
    /// Not.
    Wrong,
}

/// Whose password a MAC is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MacOf {
    /// This version of an account's password.
    Credential(AccountId, CredentialVersion),
    /// A name without a password.
    Nobody(NameDigest),
}

#[derive(Debug)]
pub(crate) struct VerifiedCache {
    key: Zeroizing<[u8; 32]>,
    ttl: Duration,
    right: Mutex<Cache<Mac, Right>>,
    wrong: Mutex<Cache<Mac, Timestamp>>,
}

#[derive(Debug)]
struct Right {
    at: Timestamp,
    /// Changes of the account since then.
    changes: HintSubscription,
}

impl VerifiedCache {
    /// A cache of up to `capacity` right and as many wrong passwords, each for `ttl`.
    pub(crate) fn new(capacity: usize, ttl: Duration) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        rand::fill(key.as_mut_slice());
        Self {
            key,
            ttl,
            right: Mutex::new(Cache::new(capacity.max(1))),
            wrong: Mutex::new(Cache::new(capacity.max(1))),
        }
    }

    /// A name that stands for no account, for counters and MACs.
    pub(crate) fn digest(&self, login: Option<&LoginName>) -> NameDigest {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        match login {
            Some(LoginName::Address(address)) => hasher
                .update(b"address\0")
                .update(address.canonical().as_bytes()),
            Some(LoginName::Id(id)) => hasher.update(b"id\0").update(id.as_str().as_bytes()),
            // All texts that are no names at all are one nobody.
            None => hasher.update(b"none\0"),
        };
        hasher.finalize().into()
    }

    /// The MAC of a password.
    pub(crate) fn mac(&self, of: MacOf, password: &Secret) -> Mac {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        match of {
            MacOf::Credential(account, version) => hasher
                .update(b"credential\0")
                .update(&account.to_i64().to_be_bytes())
                .update(&version.to_i64().to_be_bytes()),
            MacOf::Nobody(digest) => hasher.update(b"nobody\0").update(&digest),
        };
        hasher.update(password.expose().as_bytes());
        Mac(hasher.finalize().into())
    }

    /// What is known about a password.
    pub(crate) fn look(&self, mac: Mac, now: Timestamp) -> Option<Verdict> {
        let mut right = lock(&self.right);
        if let Some(entry) = right.get(&mac) {
            if self.fresh(entry.at, now) && !entry.changes.has_changed() {
                return Some(Verdict::Right);
            }
            right.remove(&mac);
        }
        drop(right);
        let mut wrong = lock(&self.wrong);
        let at = *wrong.get(&mac)?;
        if self.fresh(at, now) {
            return Some(Verdict::Wrong);
        }
        wrong.remove(&mac);
        None
    }

    /// Remembers a right password, until the account changes.
    pub(crate) fn right(&self, mac: Mac, now: Timestamp, changes: HintSubscription) {
        lock(&self.right).insert(mac, Right { at: now, changes });
    }

    /// Remembers a wrong password.
    pub(crate) fn wrong(&self, mac: Mac, now: Timestamp) {
        lock(&self.wrong).insert(mac, now);
    }

    /// Whether something learnt at `at` still counts. A clock that went back ends it.
    fn fresh(&self, at: Timestamp, now: Timestamp) -> bool {
        at <= now && now.since(at) < self.ttl
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // Entries are replaced as a whole: a panic elsewhere leaves none half written.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use hikyaku_db::{Hint, Hints};

    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000_000_000);
    const TTL: Duration = Duration::from_mins(5);

    fn alice() -> AccountId {
        AccountId::from_i64(7)
    }

    fn subscription() -> HintSubscription {
        Hints::default().subscribe(Hint::Account(alice()))
    }

    fn of(version: i64) -> MacOf {
        MacOf::Credential(alice(), CredentialVersion::from_i64(version))
    }

    #[test]
    fn entries_count_for_their_time_only() {
        let cache = VerifiedCache::new(10, TTL);
        let mac = cache.mac(of(1), &"secret".into());
        let wrong = cache.mac(of(1), &"guess".into());
        assert_eq!(cache.look(mac, NOW), None);
        cache.right(mac, NOW, subscription());
        cache.wrong(wrong, NOW);
        let end = NOW.plus(TTL);
        for (at, known) in [
            (NOW, true),
            (end.minus(Duration::from_millis(1)), true),
            (end, false),
            (NOW, false),
        ] {
            assert_eq!(cache.look(mac, at), known.then_some(Verdict::Right));
            assert_eq!(cache.look(wrong, at), known.then_some(Verdict::Wrong));
        }
        cache.right(mac, NOW, subscription());
        assert_eq!(cache.look(mac, NOW.minus(Duration::from_millis(1))), None);
    }

    #[test]
    fn macs_differ_by_account_version_password_and_process() {
        let cache = VerifiedCache::new(10, TTL);
        let mac = |of, password: &str| cache.mac(of, &password.into());
        let base = mac(of(1), "secret");
        assert_eq!(base, mac(of(1), "secret"));
        let other = MacOf::Credential(AccountId::from_i64(8), CredentialVersion::from_i64(1));
        for different in [
            mac(of(2), "secret"),
            mac(other, "secret"),
            mac(of(1), "Secret"),
        ] {
            assert_ne!(base, different);
        }
        assert_ne!(
            base,
            VerifiedCache::new(10, TTL).mac(of(1), &"secret".into())
        );
        let id = LoginName::parse("abc");
        let address = LoginName::parse("abc@x");
        assert_ne!(cache.digest(id.as_ref()), cache.digest(address.as_ref()));
        assert_ne!(cache.digest(id.as_ref()), cache.digest(None));
    }

    #[test]
    fn a_flood_of_wrong_passwords_pushes_no_right_one_out() {
        let cache = VerifiedCache::new(100, TTL);
        let right = cache.mac(of(1), &"secret".into());
        cache.right(right, NOW, subscription());
        for number in 0..10_000 {
            let guess = Secret::new(format!("guess{number}"));
            cache.wrong(cache.mac(of(1), &guess), NOW);
        }
        assert!(lock(&cache.wrong).len() <= 100);
        assert_eq!(cache.look(right, NOW), Some(Verdict::Right));
        for number in 0..10_000 {
            cache.right(cache.mac(of(number), &"x".into()), NOW, subscription());
        }
        assert!(lock(&cache.right).len() <= 100);
    }
}
