//! Whether a sign-in still holds: an account that is suspended or deleted, a way in that is
//! switched off, a password that is changed end the sessions that are open, not only the next ones.

use std::{sync::Arc, time::Duration};

use hikyaku_db::{DbError, Hint, HintSubscription};
use hikyaku_directory::AccountScope;

use super::{
    Credential, Protocol, SignedIn,
    attempt::Service,
    candidate::{self, AppPasswords, Candidate},
    rules::{main_password_opens, may_use},
};

/// How long a session that waits lets pass before it asks a database again that could not answer.
const RETRY: Duration = Duration::from_secs(5);

/// One sign-in that is watched; made by [`super::SignIn::watch`].
///
/// A session asks [`SignInWatch::holds`] before each command, and while it waits for its client it
/// waits for [`SignInWatch::changed`] as well:
///
/// ```no_run
/// # async fn example(mut watch: hikyaku_access::SignInWatch) {
/// while watch.holds().await {
///     tokio::select! {
///         () = watch.changed() => {}
///         // line = connection.read_line() => …
///     }
/// }
/// # }
/// ```
#[derive(Debug)]
pub struct SignInWatch {
    service: Arc<Service>,
    scope: AccountScope,
    credential: Credential,
    protocol: Protocol,
    account: HintSubscription,
    tenant: HintSubscription,
    state: State,
}

/// What is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Something may have changed since the last look.
    Due,
    /// The last look failed.
    Unknown,
    /// It held at the last look.
    Holds,
    /// It is over for good, also when the account comes back.
    Ended,
}

impl SignInWatch {
    pub(super) fn new(service: Arc<Service>, signed_in: &SignedIn, protocol: Protocol) -> Self {
        let scope = signed_in.scope;
        let hints = service.db.hints();
        Self {
            scope,
            credential: signed_in.credential,
            protocol,
            account: hints.subscribe(Hint::Account(scope.account)),
            tenant: hints.subscribe(Hint::Tenant(scope.tenant)),
            service,
            // The account may have changed between the sign-in and the two lines above.
            state: State::Due,
        }
    }

    /// Whether the sign-in still holds. Asks the database after a change only. A database that
    /// cannot answer ends no session: what the client wants next needs it anyway.
    pub async fn holds(&mut self) -> bool {
        if self.account.has_changed() || self.tenant.has_changed() {
            self.changed().await;
        }
        if matches!(self.state, State::Due | State::Unknown) {
            self.state = match self.look().await {
                Ok(true) => State::Holds,
                Ok(false) => State::Ended,
                Err(error) => {
                    tracing::warn!(
                        account.id = %self.scope.account,
                        error = &error as &dyn std::error::Error,
                        "cannot look whether a sign-in still holds"
                    );
                    State::Unknown
                }
            };
        }
        self.state != State::Ended
    }

    /// Waits until [`SignInWatch::holds`] should be asked again. Cancel safe.
    pub async fn changed(&mut self) {
        let retry = self.state == State::Unknown;
        tokio::select! {
            () = self.account.changed() => {}
            () = self.tenant.changed() => {}
            () = tokio::time::sleep(RETRY), if retry => {}
        }
        if self.state != State::Ended {
            self.state = State::Due;
        }
    }

    async fn look(&self) -> Result<bool, DbError> {
        let scope = self.scope;
        let app = match self.credential {
            Credential::App(_) => AppPasswords::Read,
            Credential::Password(_) => AppPasswords::LeftOut,
        };
        let found = self
            .service
            .db
            .read(move |tx| candidate::of(tx, scope, app))
            .await?;
        Ok(found.is_some_and(|candidate| {
            may_use(&candidate, self.protocol) && self.credential_holds(&candidate)
        }))
    }

    /// Whether the secret of the sign-in still opens this way. An app password that ends while its
    /// session goes on ends at the next look.
    fn credential_holds(&self, candidate: &Candidate) -> bool {
        match self.credential {
            Credential::Password(version) => {
                let password = candidate.password.as_ref();
                password.is_some_and(|password| password.version == version)
                    && (self.protocol == Protocol::Web || main_password_opens(candidate))
            }
            Credential::App(id) => {
                let now = self.service.db.now();
                let app = candidate.app_password_of(id);
                app.is_some_and(|app| app.holds(now) && app.protocols.contains(&self.protocol))
            }
        }
    }
}
