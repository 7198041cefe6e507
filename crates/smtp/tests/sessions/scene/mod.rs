//! A mail host with a few people, for the transcripts: store, directory, transport and the ports,
//! over in-memory pipes.
//!
//! Words of `@open`: `smtp`, `submission`, `submissions` or `lmtp`; `internet` or `closed` (where
//! the client stands); then `name=value` for options of the port. Steps before `@open` change the
//! host: `@policy`, `@memory`, `@suspend`, `@activate`, `@password`. Steps about what came of it:
//! `@inbox`, `@message`, `@metric`, `@memory-left`, `@drain`.

mod people;
mod port;
mod tls;

use std::sync::Arc;

use hikyaku_access::{ClientAddress, Protocol, SignIn, SignInPolicy};
use hikyaku_blob::SpaceWatch;
use hikyaku_db::testing::TestDatabase;
use hikyaku_directory::{
    AccountStatus,
    accounts::{self, AccountChange},
    credentials,
    password::{HashParams, HashPoolOptions, PasswordHash},
};
use hikyaku_mailstore::{Fields, Limits, MailboxPath, Mailstore, Quota, UidSet};
use hikyaku_smtp::{MemoryBudget, Metrics, Rooms, SmtpService};
use hikyaku_transport::{Policy, Transport};
use hikyaku_types::ByteSize;
use tokio_util::sync::CancellationToken;

use hikyaku_testkit::transcript::{Kept, PATIENCE, Pipe, Scene, matches};
use people::People;
use tls::Certificate;

/// The host of a transcript.
pub(crate) struct Host {
    test: TestDatabase,
    people: People,
    policy: Policy,
    memory: MemoryBudget,
    store: Mailstore,
    sign_in: SignIn,
    certificate: Certificate,
    drain: CancellationToken,
    /// The port that was opened last, for its counters.
    metrics: Option<Arc<Metrics>>,
}

impl Host {
    pub(crate) async fn new(test: TestDatabase) -> Self {
        let people = People::create(&test.db).await;
        let hashing = HashPoolOptions {
            params: HashParams::UNSAFE_FOR_TESTS,
            ..Default::default()
        };
        let policy = SignInPolicy {
            hashing,
            ..SignInPolicy::default()
        };
        Self {
            store: Mailstore::new(test.db.clone(), Limits::default()),
            sign_in: SignIn::new(test.db.clone(), policy),
            test,
            people,
            policy: Policy::default(),
            memory: MemoryBudget::default(),
            certificate: Certificate::new("mx.example.test"),
            drain: CancellationToken::new(),
            metrics: None,
        }
    }

    /// No counter may be wrong after a transcript.
    pub(crate) async fn assert_consistent(&self) {
        let findings = self
            .store
            .check_all()
            .await
            .expect("the store can be checked");
        assert!(findings.is_empty(), "inconsistent: {findings:?}");
    }

    fn rooms(&self) -> Rooms {
        let db = self.test.db.clone();
        Rooms {
            transport: Transport::new(db.clone(), self.policy.clone(), SpaceWatch::elsewhere()),
            db,
            sign_in: self.sign_in.clone(),
            memory: self.memory.clone(),
        }
    }

    /// The messages in the INBOX of a person, as read.
    async fn inbox(&self, name: &str) -> Result<Vec<String>, String> {
        let scope = self.people.scope(name)?;
        let path = MailboxPath::inbox();
        let mailbox = self
            .store
            .mailbox(scope, &path)
            .await
            .map_err(|e| e.to_string())?;
        let mailbox = mailbox.ok_or("there is no INBOX")?.id;
        let rows = self
            .store
            .rows(
                scope,
                mailbox,
                &UidSet::all(),
                None,
                1_000,
                Fields::PLACEMENT,
            )
            .await
            .map_err(|e| e.to_string())?;
        let mut messages = Vec::new();
        for row in rows {
            let content = self.store.content(scope, row.message).await;
            let content = content.map_err(|e| e.to_string())?;
            messages.push(String::from_utf8_lossy(&content).into_owned());
        }
        Ok(messages)
    }

    /// `@inbox taro 2`: so many messages are there.
    async fn expect_count(&self, words: &[String]) -> Result<(), String> {
        let [name, count] = words else {
            return Err("@inbox NAME COUNT".to_owned());
        };
        let found = self.inbox(name).await?.len();
        if found.to_string() == *count {
            Ok(())
        } else {
            Err(format!("{found} messages are there"))
        }
    }

    /// `@message taro`: the newest message, line by line; `{...}` as a line is any lines.
    async fn expect_message(
        &self,
        words: &[String],
        body: &[String],
        kept: &mut Kept,
    ) -> Result<(), String> {
        let [name] = words else {
            return Err("@message NAME".to_owned());
        };
        let message = self.inbox(name).await?.pop().ok_or("no message is there")?;
        let whole = message
            .strip_suffix("\r\n")
            .ok_or("the message does not end with CRLF")?;
        let mut lines = whole.split("\r\n");
        let mut skipping = false;
        for pattern in body {
            if pattern == "{...}" {
                skipping = true;
                continue;
            }
            let mut found = lines.by_ref().take(if skipping { usize::MAX } else { 1 });
            if !found.any(|line| matches(pattern, line, kept)) {
                return Err(format!(
                    "no line like {pattern:?} where it should be in:\n{message}"
                ));
            }
            skipping = false;
        }
        match lines.next() {
            Some(line) if !skipping => {
                Err(format!("the message goes on with {line:?}:\n{message}"))
            }
            _ => Ok(()),
        }
    }

    /// `@memory-left octets`: a session that ends gives back what it held a moment after its client
    /// has seen the end.
    async fn expect_memory(&self, words: &[String]) -> Result<(), String> {
        let left = || self.memory.available().bytes().to_string();
        let wait = async {
            while words.first() != Some(&left()) {
                tokio::task::yield_now().await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, wait).await;
        waited.map_err(|_| format!("{} are left", left()))
    }

    /// `@metric name value`.
    fn expect_metric(&self, words: &[String]) -> Result<(), String> {
        let [name, value] = words else {
            return Err("@metric NAME VALUE".to_owned());
        };
        let metrics = self
            .metrics
            .as_ref()
            .ok_or("no port was opened")?
            .snapshot();
        let shown = format!("{metrics:?}");
        if shown.contains(&format!(" {name}: {value}")) {
            Ok(())
        } else {
            Err(format!("the counters are {shown}"))
        }
    }

    /// `@policy name=value`: the limits of the transport.
    fn set_policy(&mut self, words: &[String]) -> Result<(), String> {
        for word in words {
            let (name, value) = word.split_once('=').ok_or("@policy NAME=VALUE")?;
            let number: u64 = value.parse().map_err(|_| "not a number")?;
            match name {
                "max_message" => self.policy.max_message = ByteSize(number),
                "max_recipients" => {
                    self.policy.max_recipients = usize::try_from(number).unwrap_or(0);
                }
                "max_received" => {
                    self.policy.max_received_lines = usize::try_from(number).unwrap_or(0);
                }
                _ => return Err(format!("no policy {name}")),
            }
        }
        Ok(())
    }

    /// `@quota taro messages`.
    async fn set_quota(&self, words: &[String]) -> Result<(), String> {
        let [name, messages] = words else {
            return Err("@quota NAME MESSAGES".to_owned());
        };
        let scope = self.people.scope(name)?;
        let messages = messages.parse().map_err(|_| "not a number")?;
        let quota = Quota {
            messages,
            ..Quota::UNLIMITED
        };
        self.test
            .db
            .write(hikyaku_db::Lane::Mail, move |tx| {
                hikyaku_mailstore::accounts::set_quota(tx, scope, quota)
            })
            .await
            .map_err(|error| error.to_string())
    }

    /// `@suspend taro`, `@activate taro`.
    async fn set_status(&self, words: &[String], status: AccountStatus) -> Result<(), String> {
        let [name] = words else {
            return Err("@suspend NAME".to_owned());
        };
        let scope = self.people.scope(name)?;
        let change = AccountChange {
            status: Some(status),
            ..AccountChange::default()
        };
        self.test
            .db
            .write(hikyaku_db::Lane::Mail, move |tx| {
                accounts::update(tx, scope, &change)
            })
            .await
            .map_err(|error| error.to_string())
    }

    /// `@password taro new-password`.
    async fn set_password(&self, words: &[String]) -> Result<(), String> {
        let [name, password] = words else {
            return Err("@password NAME PASSWORD".to_owned());
        };
        let scope = self.people.scope(name)?;
        let password = password.as_str().into();
        let hash = PasswordHash::compute(&password, HashParams::UNSAFE_FOR_TESTS);
        let hash = hash.map_err(|error| error.to_string())?;
        self.test
            .db
            .write(hikyaku_db::Lane::Mail, move |tx| {
                credentials::set_password(tx, scope, &hash)
            })
            .await
            .map_err(|error| error.to_string())
    }

    /// `@throttle taro@example.test`: so many wrong passwords that the account is throttled.
    async fn throttle(&self, words: &[String]) -> Result<(), String> {
        let [login] = words else {
            return Err("@throttle LOGIN".to_owned());
        };
        let ip = "203.0.113.1".parse().expect("an address");
        let from = ClientAddress {
            ip,
            closed_zone: false,
        };
        for attempt in 0..10_000 {
            let wrong = format!("wrong-{attempt}").into();
            let tried = self
                .sign_in
                .sign_in(login, &wrong, Protocol::Smtp, from)
                .await;
            if matches!(tried, Err(hikyaku_access::SignInError::Throttled { .. })) {
                return Ok(());
            }
        }
        Err("nobody is throttled".to_owned())
    }
}

impl Scene for Host {
    async fn open(&mut self, words: &[String]) -> Result<Box<dyn Pipe>, String> {
        let port = port::Port::parse(words, &self.certificate, &self.drain)?;
        let service = Arc::new(SmtpService::new(self.rooms(), port.options.clone()));
        self.metrics = Some(Arc::clone(service.metrics()));
        port.open(service, &self.certificate).await
    }

    async fn secure(&mut self, plain: Box<dyn Pipe>) -> Result<Box<dyn Pipe>, String> {
        self.certificate.connect(plain).await
    }

    async fn act(
        &mut self,
        name: &str,
        words: &[String],
        body: &[String],
        kept: &mut Kept,
    ) -> Result<(), String> {
        match name {
            "policy" => self.set_policy(words),
            "quota" => self.set_quota(words).await,
            "throttle" => self.throttle(words).await,
            "suspend" => self.set_status(words, AccountStatus::Suspended).await,
            "activate" => self.set_status(words, AccountStatus::Active).await,
            "password" => self.set_password(words).await,
            "inbox" => self.expect_count(words).await,
            "message" => self.expect_message(words, body, kept).await,
            "metric" => self.expect_metric(words),
            "memory" => {
                let octets = words.first().and_then(|word| word.parse().ok());
                self.memory = MemoryBudget::new(ByteSize(octets.ok_or("@memory OCTETS")?));
                Ok(())
            }
            "memory-left" => self.expect_memory(words).await,
            "drain" => {
                self.drain.cancel();
                Ok(())
            }
            _ => Err(format!("this scene knows no @{name}")),
        }
    }
}
