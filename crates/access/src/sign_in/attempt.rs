//! The way of one sign-in through app passwords, throttle, memory, hash and rules.

use std::{sync::Arc, time::Duration};

use hikyaku_db::{Database, Hint, Lane};
use hikyaku_directory::{
    AccountScope, LoginName,
    credentials::{self, CredentialVersion},
    password::{HashPool, PasswordHash},
};
use hikyaku_types::Secret;

use super::{
    ClientAddress, Credential, SignInError, SignInPolicy, SignedIn, Try,
    cache::{Mac, MacOf, Verdict, VerifiedCache},
    candidate::{self, AppPasswords, Candidate, StoredPassword},
    metrics::Counters,
    rules,
    throttle::{Subject, Throttle},
};
use crate::{
    app_passwords::AppSecret,
    history::{Counts, History, Outcome, Seen},
};

/// What all clones of [`super::SignIn`] share.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) db: Database,
    pub(super) pool: HashPool,
    throttle: Throttle,
    cache: VerifiedCache,
    pub(super) counters: Counters,
    pub(super) history: History,
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
    /// The password was known from before.
    Known(Verdict),
    /// The password was compared.
    Compared(Verdict),
    /// It is right, and here is its hash with the present parameters.
    Upgrade(PasswordHash),
    /// Others failed in the meantime.
    Throttled(Duration),
}

/// A try of an account that exists, for the history.
#[derive(Debug, Clone, Copy)]
struct Known<'a> {
    candidate: &'a Candidate,
    wanted: Try<'a>,
}

impl Service {
    pub(super) fn new(db: Database, policy: &SignInPolicy) -> Self {
        Self {
            history: History::new(db.clone()),
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
        wanted: Try<'_>,
    ) -> Result<SignedIn, SignInError> {
        let login = LoginName::parse(wanted.login);
        let secret = AppSecret::parse(wanted.password);
        let candidate = self.candidate(login.clone(), secret.is_some()).await?;
        if let (Some(secret), Some(candidate)) = (&secret, &candidate)
            && let Some(app) = candidate.app_password(secret)
        {
            let known = Known { candidate, wanted };
            return self.with_app_password(known, app);
        }
        self.with_password(login, candidate, wanted).await
    }

    /// The secret is right: nobody guesses one, so neither throttle nor lock is asked.
    fn with_app_password(
        &self,
        known: Known<'_>,
        app: &crate::app_passwords::AppPassword,
    ) -> Result<SignedIn, SignInError> {
        let Known { candidate, wanted } = known;
        self.counters.app_passwords.count();
        let now = self.db.now();
        let credential = Credential::App(app.id);
        let open = app.opens(wanted.protocol, wanted.from.ip, now)
            && rules::may_use(candidate, wanted.protocol)
            && rules::may_come_from(candidate, wanted.protocol, wanted.from.ip);
        let outcome = if open {
            let account = candidate.account.scope.account;
            self.throttle.succeeded(account, wanted.from, now);
            Outcome::Success
        } else {
            Outcome::NotAllowed
        };
        self.note(known, outcome, Counts::No, Some((credential, &app.label)));
        if open {
            Ok(signed_in(candidate.clone(), credential))
        } else {
            Err(SignInError::NotAllowed)
        }
    }

    async fn with_password(
        self: &Arc<Self>,
        login: Option<LoginName>,
        candidate: Option<Candidate>,
        wanted: Try<'_>,
    ) -> Result<SignedIn, SignInError> {
        let attempt = self.attempt(login.as_ref(), candidate.as_ref(), wanted);
        let subject = attempt.subject;
        let checked = self.checked(attempt, wanted.password).await;
        let Some(candidate) = candidate else {
            // Only an account's own hash can have matched.
            checked?.verdict()?;
            return Err(SignInError::Denied);
        };
        let known = Known {
            candidate: &candidate,
            wanted,
        };
        let checked = checked?;
        let compared = matches!(checked, Checked::Compared(_));
        match checked.verdict() {
            Ok(Verdict::Right) => {}
            Ok(Verdict::Wrong) => {
                let counts = self.counts(&candidate, wanted.from, compared);
                self.note(known, Outcome::WrongPassword, counts, None);
                return Err(SignInError::Denied);
            }
            Err(error) => {
                self.note(known, Outcome::Throttled, Counts::No, None);
                return Err(error);
            }
        }
        let result = self.decide(&candidate, wanted, subject);
        let credential = candidate.password.as_ref().map(|stored| stored.version);
        let credential = credential.map(Credential::Password);
        let outcome = match &result {
            Ok(()) => Outcome::Success,
            Err(SignInError::Denied) => Outcome::Locked,
            Err(SignInError::MustChange) => Outcome::MustChange,
            Err(SignInError::AppPasswordNeeded) => Outcome::AppPasswordNeeded,
            Err(_) => Outcome::NotAllowed,
        };
        let named = credential.map(|credential| (credential, ""));
        self.note(known, outcome, Counts::No, named);
        result?;
        let credential = credential.ok_or(SignInError::Denied)?;
        Ok(signed_in(candidate, credential))
    }

    /// What else decides, for somebody who knows the password.
    fn decide(
        &self,
        candidate: &Candidate,
        wanted: Try<'_>,
        subject: Subject,
    ) -> Result<(), SignInError> {
        let (account, now) = (candidate.account.scope.account, self.db.now());
        let locked = candidate.locked_until.is_some_and(|until| now < until);
        if locked && !self.throttle.knows(account, wanted.from, now) {
            // As for any other wrong password: a lock that told a right guess would be none.
            self.throttle.failed(subject, wanted.from, now);
            return Err(SignInError::Denied);
        }
        self.throttle.succeeded(account, wanted.from, now);
        rules::check(candidate, wanted.protocol, wanted.from.ip)
    }

    /// Whether a failure counts for the lock: one that is new, from a network where the account has
    /// not signed in lately.
    fn counts(&self, candidate: &Candidate, from: ClientAddress, compared: bool) -> Counts {
        let account = candidate.account.scope.account;
        if compared && !self.throttle.knows(account, from, self.db.now()) {
            Counts::Yes
        } else {
            Counts::No
        }
    }

    /// Remembers a try for the history, off the way of the sign-in.
    fn note(
        &self,
        known: Known<'_>,
        outcome: Outcome,
        counts: Counts,
        credential: Option<(Credential, &str)>,
    ) {
        let Known { candidate, wanted } = known;
        let app_password = match credential {
            Some((Credential::App(id), label)) => Some((id, label.to_owned())),
            _ => None,
        };
        self.history.note(Seen {
            scope: candidate.account.scope,
            at: self.db.now(),
            protocol: wanted.protocol,
            ip: wanted.from.ip,
            client: wanted.client.to_owned(),
            outcome,
            counts,
            app_password,
        });
    }

    async fn candidate(
        &self,
        login: Option<LoginName>,
        app: bool,
    ) -> Result<Option<Candidate>, SignInError> {
        let Some(login) = login else {
            return Ok(None);
        };
        let app = if app {
            AppPasswords::Read
        } else {
            AppPasswords::LeftOut
        };
        self.db
            .read(move |tx| candidate::find(tx, &login, app))
            .await
            .map_err(SignInError::Temporary)
    }

    fn attempt(
        &self,
        login: Option<&LoginName>,
        candidate: Option<&Candidate>,
        wanted: Try<'_>,
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
            from: wanted.from,
            mac: self.cache.mac(of, wanted.password),
            stored,
        }
    }

    /// Whether the password is right.
    async fn checked(
        self: &Arc<Self>,
        attempt: Attempt,
        password: &Secret,
    ) -> Result<Checked, SignInError> {
        if let Some(known) = self.without_hash(&attempt) {
            return Ok(known);
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
        Ok(checked)
    }

    /// What can be said without computing a hash.
    fn without_hash(&self, attempt: &Attempt) -> Option<Checked> {
        let now = self.db.now();
        if let Some(wait) = self.throttle.wait(attempt.subject, attempt.from, now) {
            return Some(Checked::Throttled(wait));
        }
        let known = self.cache.look(attempt.mac, now)?;
        self.counters.cache_hits.count();
        Some(Checked::Known(known))
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
            if stored.hash.is_foreign() {
                // A right password costs a new hash on top; so does a wrong one.
                let _ = self.unmatchable.verify(password);
            }
            return self.wrong(attempt);
        }
        self.cache.right(attempt.mac, self.db.now(), changes);
        if !stored.hash.differs_from(self.pool.params()) {
            return Checked::Compared(Verdict::Right);
        }
        match PasswordHash::compute(password, self.pool.params()) {
            Ok(hash) => Checked::Upgrade(hash),
            Err(_) => Checked::Compared(Verdict::Right),
        }
    }

    fn wrong(&self, attempt: &Attempt) -> Checked {
        let now = self.db.now();
        self.throttle.failed(attempt.subject, attempt.from, now);
        self.cache.wrong(attempt.mac, now);
        Checked::Compared(Verdict::Wrong)
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
            Self::Known(verdict) | Self::Compared(verdict) => Ok(verdict),
            Self::Upgrade(_) => Ok(Verdict::Right),
            Self::Throttled(retry_after) => Err(SignInError::Throttled { retry_after }),
        }
    }
}

fn signed_in(candidate: Candidate, credential: Credential) -> SignedIn {
    let must_change = candidate.password.map(|stored| stored.must_change);
    SignedIn {
        scope: candidate.account.scope,
        account: candidate.account,
        credential,
        must_change: must_change.unwrap_or_default(),
        second_factor_at: candidate.second_factor_at,
        policy: candidate.policy,
    }
}
