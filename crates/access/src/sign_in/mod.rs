//! Sign-in: one service for every protocol.
//!
//! A sign-in goes: name → account with everything that decides (one query) → its app passwords,
//! when the secret has the form of one → throttle → what is remembered about this password → a slot
//! of the hash pool → throttle and memory again (others may have tried meanwhile) → the hash → lock
//! and rules (status, switches, networks, which password opens what) → the history, off the way.
//!
//! Because the result is counted before the slot is given back, no number of parallel tries gets
//! past the throttle by more than the number of slots, and because that happens on the hashing
//! thread, a client that hangs up early is counted too.
//!
//! To the outside an unknown name is a known one with a wrong password: the same error, the same
//! counters, the same hash to compute. Whether an account may sign in (status, switches) is told
//! only to who knows the password. An account without a password is an unknown name.

mod attempt;
mod cache;
mod candidate;
mod metrics;
mod rules;
mod standing;
mod throttle;
mod watch;

use std::{net::IpAddr, sync::Arc, time::Duration};

use hikyaku_db::{Database, DbError};
use hikyaku_directory::{
    Account, AccountScope, LoginName,
    credentials::{CredentialVersion, MustChange},
    password::{HashPool, HashPoolOptions},
};
use hikyaku_types::{AppPasswordId, Secret, Timestamp};

pub use metrics::SignInMetrics;
pub use standing::scope_of;
pub(crate) use standing::standing;
pub use throttle::{ClosedZone, Rate, ThrottlePolicy};
pub use watch::SignInWatch;

use attempt::Service;

use crate::{history::History, policy::SecurityPolicy};

/// A login name that no account has, as a keyed hash: of fixed size, and of no use to who reads
/// the memory.
type NameDigest = [u8; 32];

/// The ways to sign in that an account can have switched off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// Submission of mail.
    Smtp,
    /// IMAP.
    Imap,
    /// POP3.
    Pop3,
    /// Webmail and the account pages.
    Web,
}

impl Protocol {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Smtp, Self::Imap, Self::Pop3, Self::Web];

    /// The way of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|protocol| protocol.word() == word)
    }

    /// The word in the log, in tables and in the API.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Imap => "imap",
            Self::Pop3 => "pop3",
            Self::Web => "web",
        }
    }
}

/// Where a client connects from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress {
    /// Its address.
    pub ip: IpAddr,
    /// Whether that is in the closed zone of the configuration.
    pub closed_zone: bool,
}

/// What the operator decides about sign-ins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignInPolicy {
    /// How hashes are computed.
    pub hashing: HashPoolOptions,
    /// When guessing is slowed down.
    pub throttle: ThrottlePolicy,
    /// How long a checked password is remembered. Default [`SignInPolicy::DEFAULT_CACHE_TTL`];
    /// zero remembers none.
    pub cache_ttl: Duration,
    /// Right passwords remembered at most, and as many wrong ones. Default
    /// [`SignInPolicy::DEFAULT_CACHE_CAPACITY`].
    pub cache_capacity: usize,
}

impl SignInPolicy {
    /// Five minutes: most clients poll more often, and one hash per five minutes is little.
    pub const DEFAULT_CACHE_TTL: Duration = Duration::from_mins(5);
    /// About 20 MB when full.
    pub const DEFAULT_CACHE_CAPACITY: usize = 100_000;
    /// What a client is told to wait when the queue of computations is full: the time in which a
    /// full queue empties, about.
    pub const BUSY_RETRY: Duration = Duration::from_secs(5);
}

impl Default for SignInPolicy {
    fn default() -> Self {
        Self {
            hashing: HashPoolOptions::default(),
            throttle: ThrottlePolicy::default(),
            cache_ttl: Self::DEFAULT_CACHE_TTL,
            cache_capacity: Self::DEFAULT_CACHE_CAPACITY,
        }
    }
}

/// Who has signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// The scope of everything this client may do.
    pub scope: AccountScope,
    /// The account as it is now.
    pub account: Account,
    /// What was right.
    pub credential: Credential,
    /// Whether the password has to be changed before anything else; only in a browser is somebody
    /// signed in who has to.
    pub must_change: MustChange,
    /// Since when a second factor is on, which a browser is to be asked for.
    pub second_factor_at: Option<Timestamp>,
    /// What the tenant decided.
    pub policy: SecurityPolicy,
}

/// The secret that somebody signed in with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Credential {
    /// The main password, in this version.
    Password(CredentialVersion),
    /// An app password.
    App(AppPasswordId),
}

/// A try to sign in.
#[derive(Debug, Clone, Copy)]
pub struct Try<'a> {
    /// The name as the client gave it.
    pub login: &'a str,
    /// The password.
    pub password: &'a Secret,
    /// The way.
    pub protocol: Protocol,
    /// Where the client connects from.
    pub from: ClientAddress,
    /// What the client calls itself, for the history; may be empty.
    pub client: &'a str,
}

/// Why nobody has signed in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignInError {
    /// The name or the password is wrong; which, is not told.
    #[error("the user name or the password is wrong")]
    Denied,
    /// The password is right, but the account may not sign in this way: switched off, suspended, or
    /// its tenant is.
    #[error("this account may not sign in this way")]
    NotAllowed,
    /// The password is right, and has to be changed first, in a browser.
    #[error("the password has to be changed first: sign in to the web page")]
    MustChange,
    /// The main password is right, but does not open this protocol: app passwords do.
    #[error("this needs an app password, made on the web page, instead of the main password")]
    AppPasswordNeeded,
    /// Too many failures before; nothing was checked.
    #[error("too many failed sign-ins, try again in {} seconds", retry_after.as_secs().max(1))]
    Throttled {
        /// When to try again.
        retry_after: Duration,
    },
    /// Too many sign-ins at this moment; nothing was checked.
    #[error("too many sign-ins at this moment")]
    Busy {
        /// When to try again.
        retry_after: Duration,
    },
    /// The database cannot answer.
    #[error("sign-in is not possible at this moment")]
    Temporary(#[source] DbError),
}

/// The sign-in service. Cheap to clone; all clones share counters, cache and hash pool.
#[derive(Debug, Clone)]
pub struct SignIn(Arc<Service>);

impl SignIn {
    /// The service over a database.
    pub fn new(db: Database, policy: SignInPolicy) -> Self {
        Self(Arc::new(Service::new(db, &policy)))
    }

    /// The pool that computes hashes, also for new passwords.
    pub fn hash_pool(&self) -> &HashPool {
        &self.0.pool
    }

    /// Counters since the start.
    pub fn metrics(&self) -> SignInMetrics {
        self.0.counters.snapshot()
    }

    /// Checks a name and a password for one protocol.
    ///
    /// Cancel safe: a try whose hash is being computed is counted all the same.
    pub async fn sign_in(
        &self,
        login: &str,
        password: &Secret,
        protocol: Protocol,
        from: ClientAddress,
    ) -> Result<SignedIn, SignInError> {
        self.attempt(Try {
            login,
            password,
            protocol,
            from,
            client: "",
        })
        .await
    }

    /// Checks a name and a password of a client that may have told what it is.
    ///
    /// Cancel safe, as [`SignIn::sign_in`].
    pub async fn attempt(&self, wanted: Try<'_>) -> Result<SignedIn, SignInError> {
        let result = self.0.sign_in(wanted).await;
        self.0.counters.outcome(&result);
        tell(wanted.login, wanted.protocol, &result);
        result
    }

    /// Who signed in, or tried to, as it waits to be written.
    pub fn history(&self) -> &History {
        &self.0.history
    }

    /// Watches whether a sign-in still holds, for the session that goes on with it.
    pub fn watch(&self, signed_in: &SignedIn, protocol: Protocol) -> SignInWatch {
        SignInWatch::new(Arc::clone(&self.0), signed_in, protocol)
    }
}

/// Logs what became of a sign-in: the line that support and tools like fail2ban look for. Where the
/// client stands is said by the session that the line belongs to.
fn tell(login: &str, protocol: Protocol, result: &Result<SignedIn, SignInError>) {
    let protocol = protocol.word();
    match result {
        Ok(signed_in) => tracing::info!(
            account.id = %signed_in.scope.account, account = %signed_in.account.address, protocol,
            "signed in"
        ),
        Err(SignInError::Temporary(error)) => tracing::warn!(
            protocol,
            error = error as &dyn std::error::Error,
            "sign-in not possible"
        ),
        Err(error) => {
            let login = shown(login);
            tracing::info!(%login, protocol, reason = %error, "sign-in refused");
        }
    }
}

/// A login name as the log shows it. What is no address is not shown: people type their password
/// into the wrong field.
fn shown(login: &str) -> String {
    match LoginName::parse(login) {
        Some(LoginName::Address(address)) => address.to_string(),
        Some(LoginName::Id(_)) => "(an id)".to_owned(),
        None => "(no name)".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_shows_addresses_only() {
        for (login, expected) in [
            (" Taro%Example.Test", "Taro@example.test"),
            ("correct-horse", "(an id)"),
            ("x@y@z\r\nroot", "(no name)"),
            ("", "(no name)"),
        ] {
            assert_eq!(shown(login), expected, "{login:?}");
        }
        let long = format!("{}@example.test", "x".repeat(10_000));
        assert_eq!(shown(&long), "(no name)");
    }
}
