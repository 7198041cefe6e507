//! What the sign-in service counts.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{SignInError, SignedIn};

/// Counters since the start of the process, for `/metrics`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct SignInMetrics {
    /// Sign-ins that succeeded.
    pub succeeded: u64,
    /// Sign-ins with a wrong password or an unknown name.
    pub denied: u64,
    /// Right secrets that may not be used that way.
    pub not_allowed: u64,
    /// Tries that came too soon after failures.
    pub throttled: u64,
    /// Tries that found the queue of computations full.
    pub busy: u64,
    /// Tries that failed with the database.
    pub failed: u64,
    /// Sign-ins with an app password, which cost no hash.
    pub app_passwords: u64,
    /// Passwords that were known to be right or wrong without a computation.
    pub cache_hits: u64,
    /// Password hashes computed to check a sign-in.
    pub verifications: u64,
    /// Stored hashes replaced by ones with the present parameters.
    pub rehashed: u64,
}

/// The counters themselves.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) succeeded: Counter,
    pub(super) denied: Counter,
    pub(super) not_allowed: Counter,
    pub(super) throttled: Counter,
    pub(super) busy: Counter,
    pub(super) failed: Counter,
    pub(super) app_passwords: Counter,
    pub(super) cache_hits: Counter,
    pub(super) verifications: Counter,
    pub(super) rehashed: Counter,
}

#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub(super) fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counters {
    /// Counts what became of one sign-in.
    pub(super) fn outcome(&self, result: &Result<SignedIn, SignInError>) {
        match result {
            Ok(_) => &self.succeeded,
            Err(SignInError::Denied) => &self.denied,
            Err(
                SignInError::NotAllowed | SignInError::MustChange | SignInError::AppPasswordNeeded,
            ) => &self.not_allowed,
            Err(SignInError::Throttled { .. }) => &self.throttled,
            Err(SignInError::Busy { .. }) => &self.busy,
            Err(SignInError::Temporary(_)) => &self.failed,
        }
        .count();
    }

    pub(super) fn snapshot(&self) -> SignInMetrics {
        SignInMetrics {
            succeeded: self.succeeded.read(),
            denied: self.denied.read(),
            not_allowed: self.not_allowed.read(),
            throttled: self.throttled.read(),
            busy: self.busy.read(),
            failed: self.failed.read(),
            app_passwords: self.app_passwords.read(),
            cache_hits: self.cache_hits.read(),
            verifications: self.verifications.read(),
            rehashed: self.rehashed.read(),
        }
    }
}
