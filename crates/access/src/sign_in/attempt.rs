//! The way of one sign-in through throttle, memory and hash.

use std::{sync::Arc, time::Duration};

use hikyaku_db::{Database, Hint, Lane};
use hikyaku_directory::{
    Account, AccountScope, AccountStatus, LoginName,
    credentials::{self, CredentialVersion},
    password::{HashPool, PasswordHash},
    tenants::TenantStatus,
};
use hikyaku_types::Secret;

use super::{
    ClientAddress, Protocol, SignInError, SignInPolicy, SignedIn,
    cache::{Mac, MacOf, Verdict, VerifiedCache},
    candidate::{self, Candidate, StoredPassword},
    metrics::Counters,
    throttle::{Subject, Throttle},
};
/// What all clones of [`super::SignIn`] share.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) db: Database,
    pub(super) pool: HashPool,
    throttle: Throttle,
    cache: VerifiedCache,
    pub(super) counters: Counters,
    /// What unknown names are checked against.
    unmatchable: PasswordHash,
}

/// One try, with all that is needed to decide on it.
#[derive(Debug)]
struct Attempt {
    subject: Subject,
    from: ClientAddress,
    mac: Mac,
    /// The password to compare with, and whose it is.
    stored: Option<(AccountScope, StoredPassword)>,
}

/// What became of a try that got a slot.
#[derive(Debug)]
enum Checked {
    /// The password was compared, or known.
    Verdict(Verdict),
    /// It is right, and here is its hash with the present parameters.
    Upgrade(PasswordHash),
    /// Others failed in the meantime.
    Throttled(Duration),
}

impl Service {
    pub(super) fn new(db: Database, policy: &SignInPolicy) -> Self {
        Self {
            db,
            pool: HashPool::new(policy.hashing),
            throttle: Throttle::new(policy.throttle),
            cache: VerifiedCache::new(policy.cache_capacity, policy.cache_ttl),
            counters: Counters::default(),
            unmatchable: PasswordHash::unmatchable(policy.hashing.params),
        }
    }

    pub(super) async fn sign_in(
        self: &Arc<Self>,
        login: &str,
        password: &Secret,
        protocol: Protocol,
        from: ClientAddress,
    ) -> Result<SignedIn, SignInError> {
        let login = LoginName::parse(login);
        let candidate = self.candidate(login.clone()).await?;
        let attempt = self.attempt(login.as_ref(), candidate.as_ref(), password, from);
        if self.verdict(attempt, password).await? == Verdict::Wrong {
            return Err(SignInError::Denied);
        }
        // Only an account's own hash can have matched.
        let candidate = candidate.ok_or(SignInError::Denied)?;
        let stored = candidate.password.as_ref().ok_or(SignInError::Denied)?;
        let credential = stored.version;
        let scope = candidate.account.scope;
        self.throttle.succeeded(scope.account, from, self.db.now());
        if !may_use(&candidate, protocol) {
            return Err(SignInError::NotAllowed);
        }
        Ok(SignedIn {
            scope,
            account: candidate.account,
            credential,
        })
    }

    async fn candidate(&self, login: Option<LoginName>) -> Result<Option<Candidate>, SignInError> {
        let Some(login) = login else {
            return Ok(None);
        };
        self.db
            .read(move |tx| candidate::find(tx, &login))
            .await
            .map_err(SignInError::Temporary)
    }

    fn attempt(
        &self,
        login: Option<&LoginName>,
        candidate: Option<&Candidate>,
        password: &Secret,
        from: ClientAddress,
    ) -> Attempt {
        let digest = self.cache.digest(login);
        let scope = candidate.map(|candidate| candidate.account.scope);
        let stored = scope.zip(candidate.and_then(|candidate| candidate.password.clone()));
        let of = match &stored {
            Some((scope, stored)) => MacOf::Credential(scope.account, stored.version),
            None => MacOf::Nobody(digest),
        };
        Attempt {
            subject: scope.map_or(Subject::Nobody(digest), |scope| {
                Subject::Account(scope.account)
            }),
            from,
            mac: self.cache.mac(of, password),
            stored,
        }
    }

    /// Whether the password is right.
    async fn verdict(
        self: &Arc<Self>,
        attempt: Attempt,
        password: &Secret,
    ) -> Result<Verdict, SignInError> {
        if let Some(known) = self.without_hash(&attempt) {
            return known.verdict();
        }
        let stored = attempt
            .stored
            .as_ref()
            .map(|(scope, stored)| (*scope, stored.version));
        let (service, password) = (Arc::clone(self), password.clone());
        let checked = self
            .pool
            .run(move || service.check(&attempt, &password))
            .await
            .map_err(|_busy| SignInError::Busy {
                retry_after: SignInPolicy::BUSY_RETRY,
            })?;
        if let (Checked::Upgrade(hash), Some((scope, version))) = (&checked, stored) {
            self.upgrade(scope, version, hash.clone()).await;
        }
        checked.verdict()
    }

    /// What can be said without computing a hash.
    fn without_hash(&self, attempt: &Attempt) -> Option<Checked> {
        let now = self.db.now();
        if let Some(wait) = self.throttle.wait(attempt.subject, attempt.from, now) {
            return Some(Checked::Throttled(wait));
        }
        let known = self.cache.look(attempt.mac, now)?;
        self.counters.cache_hits.count();
        Some(Checked::Verdict(known))
    }

    /// Compares the password, on a hashing thread, and remembers the result before the slot is
    /// free.
    fn check(&self, attempt: &Attempt, password: &Secret) -> Checked {
        if let Some(known) = self.without_hash(attempt) {
            return known;
        }
        self.counters.verifications.count();
        let Some((scope, stored)) = &attempt.stored else {
            // Costs what a known name costs; the result is known.
            let _ = self.unmatchable.verify(password);
            return self.wrong(attempt);
        };
        // Changes from here on end what is remembered; earlier ones made another version.
        let changes = self.db.hints().subscribe(Hint::Account(scope.account));
        if !stored.hash.verify(password) {
            return self.wrong(attempt);
        }
        self.cache.right(attempt.mac, self.db.now(), changes);
        if !stored.hash.differs_from(self.pool.params()) {
            return Checked::Verdict(Verdict::Right);
        }
        match PasswordHash::compute(password, self.pool.params()) {
            Ok(hash) => Checked::Upgrade(hash),
            Err(_) => Checked::Verdict(Verdict::Right),
        }
    }

    fn wrong(&self, attempt: &Attempt) -> Checked {
        let now = self.db.now();
        self.throttle.failed(attempt.subject, attempt.from, now);
        self.cache.wrong(attempt.mac, now);
        Checked::Verdict(Verdict::Wrong)
    }

    /// Stores a hash with the present parameters. A failure is no reason to refuse the sign-in: the
    /// next one tries again.
    async fn upgrade(&self, scope: AccountScope, version: CredentialVersion, hash: PasswordHash) {
        let written = self
            .db
            .write(Lane::Background, move |tx| {
                credentials::upgrade_hash(tx, scope, version, &hash)
            })
            .await;
        match written {
            Ok(true) => self.counters.rehashed.count(),
            Ok(false) => (),
            Err(error) => tracing::warn!(
                account.id = %scope.account,
                error = &error as &dyn std::error::Error,
                "a password hash could not be upgraded"
            ),
        }
    }
}

impl Checked {
    fn verdict(self) -> Result<Verdict, SignInError> {
        match self {
            Self::Verdict(verdict) => Ok(verdict),
            Self::Upgrade(_) => Ok(Verdict::Right),
            Self::Throttled(retry_after) => Err(SignInError::Throttled { retry_after }),
        }
    }
}

/// Whether an account may be used this way, by who knows its password.
pub(super) fn may_use(candidate: &Candidate, protocol: Protocol) -> bool {
    let account = &candidate.account;
    account.status == AccountStatus::Active
        && candidate.tenant == TenantStatus::Active
        && allows(account, protocol)
}

fn allows(account: &Account, protocol: Protocol) -> bool {
    match protocol {
        Protocol::Smtp => account.access.smtp,
        Protocol::Imap => account.access.imap,
        Protocol::Pop3 => account.access.pop,
        Protocol::Web => account.access.web,
    }
}
