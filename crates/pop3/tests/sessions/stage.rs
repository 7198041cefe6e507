//! A mail host with a few accounts, and POP3 connections to it.

use std::{collections::HashMap, net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use hikyaku_access::{SignIn, SignInPolicy};
use hikyaku_db::{Lane, testing::TestDatabase};
use hikyaku_directory::{
    Access, AccountScope, AccountStatus, PlatformScope,
    accounts::{self, AccountChange, NewAccount},
    credentials, domains, logins,
    password::{HashParams, PasswordHash},
    tenants::{self, NewTenant},
};
use hikyaku_mailstore::{
    AppendMessage, Fields, Limits as MailLimits, MailboxPath, Mailstore, MessageRow, Quota, UidSet,
    Which,
};
use hikyaku_net::{
    CertificateFiles, ClosedZone, Connection, ConnectionOptions, SelfSigned, Service as _,
    TlsServer, self_signed,
};
use hikyaku_pop3::{Limits, Pop3, Pop3Options};
use hikyaku_types::{Secret, Uid};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use rustls_pki_types::ServerName;
use tempfile::TempDir;
use tokio::{io::duplex, sync::watch};
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;

use hikyaku_testkit::transcript::{Kept, Pipe, Scene};

/// The host's name.
pub(crate) const HOST: &str = "mail.example.test";
/// Everybody's password.
const PASSWORD: &str = "himitsu no kotoba";

/// The messages that `! append NAME` brings.
const MESSAGES: [(&str, &[u8]); 6] = [
    (
        "plain",
        b"Subject: plain\r\nFrom: a@example.test\r\n\r\nfirst line\r\nsecond line\r\n",
    ),
    (
        "dots",
        b"Subject: dots\r\n\r\n.\r\n..two\r\n.three\r\nnot .at the start\r\n",
    ),
    ("unfinished", b"Subject: unfinished\r\n\r\nno line end"),
    ("header", b"Subject: header only\r\n\r\n"),
    ("utf8", "Subject: 日本語\r\n\r\nこんにちは\r\n".as_bytes()),
    ("barelf", b"Subject: bare\n\n.\nunix lines\n"),
];

/// The host.
pub(crate) struct Host {
    pub(crate) pop3: Arc<Pop3>,
    pub(crate) mail: Mailstore,
    pub(crate) drain: CancellationToken,
    scopes: HashMap<&'static str, AccountScope>,
    tls: TlsServer,
    signed: SelfSigned,
    sessions: watch::Sender<usize>,
    test: TestDatabase,
    _folder: TempDir,
}

/// Limits that let tests run without waiting.
pub(crate) fn quick_limits() -> Limits {
    Limits {
        failure_delay: Duration::ZERO,
        lock_patience: Duration::ZERO,
        ..Limits::default()
    }
}

impl Host {
    pub(crate) async fn new(test: TestDatabase) -> Self {
        let options = Pop3Options {
            host_name: HOST.to_owned(),
            limits: quick_limits(),
            ..Pop3Options::default()
        };
        Self::with(test, options).await
    }

    pub(crate) async fn with(test: TestDatabase, options: Pop3Options) -> Self {
        let scopes = create_accounts(&test).await;
        let mail = Mailstore::new(test.db.clone(), MailLimits::default());
        let mut policy = SignInPolicy::default();
        policy.hashing.params = HashParams::UNSAFE_FOR_TESTS;
        let sign_in = SignIn::new(test.db.clone(), policy);
        let folder = tempfile::tempdir().unwrap();
        let signed = self_signed(&[HOST.to_owned()], hikyaku_db::testing::START).unwrap();
        let tls = load_tls(&folder, &signed);
        Self {
            pop3: Arc::new(Pop3::new(sign_in, mail.clone(), options)),
            mail,
            drain: CancellationToken::new(),
            scopes,
            tls,
            signed,
            sessions: watch::Sender::new(0),
            test,
            _folder: folder,
        }
    }

    /// Waits until so many sessions are open.
    pub(crate) async fn until_sessions(&self, count: usize) {
        let mut sessions = self.sessions.subscribe();
        let reached = sessions.wait_for(|open| *open == count);
        let waited = tokio::time::timeout(Duration::from_secs(30), reached).await;
        waited.expect("the sessions end in time").unwrap();
    }

    /// What is in the INBOX of an account.
    pub(crate) async fn inbox(&self, account: &str) -> Vec<MessageRow> {
        let (scope, inbox) = self.inbox_of(account).await;
        let everything = UidSet::from_ranges([Uid::MIN..=Uid::MAX]);
        self.mail
            .rows(scope, inbox, &everything, None, 100, Fields::PLACEMENT)
            .await
            .unwrap()
    }

    pub(crate) async fn append(&self, account: &str, content: Bytes) {
        self.append_many(account, content, 1).await;
    }

    /// Appends the same message so many times.
    pub(crate) async fn append_many(&self, account: &str, content: Bytes, count: usize) {
        let (scope, inbox) = self.inbox_of(account).await;
        let message = AppendMessage {
            content,
            flags: hikyaku_mailstore::Flags::default(),
            internal_date: None,
        };
        let messages = vec![message; count];
        self.mail.append(scope, inbox, messages).await.unwrap();
    }

    /// A connection from an address, served in the background.
    pub(crate) async fn dial(&self, from: &str, secure: bool) -> Box<dyn Pipe> {
        let (client, server) = duplex(64 * 1024);
        let from: SocketAddr = from.parse().unwrap();
        let mut options = ConnectionOptions::new(ClosedZone::default().peer(from));
        options.drain = self.drain.clone();
        options.upgrade = (!secure).then(|| self.tls.clone());
        let (pop3, sessions, tls) = (
            Arc::clone(&self.pop3),
            self.sessions.clone(),
            self.tls.clone(),
        );
        sessions.send_modify(|open| *open += 1);
        tokio::spawn(async move {
            if secure {
                let accepted = tls.accept(Box::new(server), Duration::from_secs(30)).await;
                let (transport, info) = accepted.unwrap();
                pop3.serve(Connection::secured(transport, info, options))
                    .await;
            } else {
                pop3.serve(Connection::new(server, options)).await;
            }
            sessions.send_modify(|open| *open -= 1);
        });
        let client = Box::new(client);
        if secure {
            self.handshake(client).await
        } else {
            client
        }
    }

    async fn set_status(&self, account: &str, status: AccountStatus) {
        let change = AccountChange {
            status: Some(status),
            ..AccountChange::default()
        };
        self.change(account, change).await;
    }

    async fn set_password(&self, account: &str, password: &str) {
        let scope = self.scopes[account];
        let hash = PasswordHash::compute(&Secret::from(password), HashParams::UNSAFE_FOR_TESTS);
        let hash = hash.unwrap();
        self.test
            .db
            .write(Lane::Mail, move |tx| {
                credentials::set_password(tx, scope, &hash)
            })
            .await
            .unwrap();
    }

    async fn change(&self, account: &str, change: AccountChange) {
        let scope = self.scopes[account];
        self.test
            .db
            .write(Lane::Mail, move |tx| accounts::update(tx, scope, &change))
            .await
            .unwrap();
    }
}

impl Scene for Host {
    async fn open(&mut self, words: &[String]) -> Result<Box<dyn Pipe>, String> {
        match words {
            [kind] if kind == "local" => Ok(self.dial("127.0.0.1:4000", false).await),
            [kind] if kind == "internet" => Ok(self.dial("192.0.2.1:4000", false).await),
            [kind] if kind == "tls" => Ok(self.dial("192.0.2.1:4000", true).await),
            other => Err(format!("no connection of kind {other:?}")),
        }
    }

    async fn secure(&mut self, plain: Box<dyn Pipe>) -> Result<Box<dyn Pipe>, String> {
        Ok(self.handshake(plain).await)
    }

    async fn act(
        &mut self,
        name: &str,
        words: &[String],
        _body: &[String],
        _kept: &mut Kept,
    ) -> Result<(), String> {
        Self::act(self, &format!("{name} {}", words.join(" "))).await;
        Ok(())
    }
}

impl Host {
    /// The client's side of a TLS handshake.
    async fn handshake(&self, plain: Box<dyn Pipe>) -> Box<dyn Pipe> {
        let mut roots = RootCertStore::empty();
        roots.add(self.signed.certificate_der().clone()).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        // The certificate is valid by the clock of the test database, not by this machine's.
        let time = Arc::new(TestTime(self.test.db.now().seconds()));
        let config = ClientConfig::builder_with_details(provider, time)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector = TlsConnector::from(Arc::new(config));
        let name = ServerName::try_from(HOST).unwrap();
        Box::new(connector.connect(name, plain).await.unwrap())
    }

    /// Does what a transcript, or a test, says in words.
    pub(crate) async fn act(&self, words: &str) {
        match words.split_whitespace().collect::<Vec<_>>().as_slice() {
            ["append", names @ ..] => {
                for name in names {
                    let found = MESSAGES.iter().find(|(known, _)| known == name);
                    let (_, content) = found.unwrap_or_else(|| panic!("no message {name}"));
                    self.append("taro", Bytes::from_static(content)).await;
                }
            }
            ["inbox", count] => {
                let inbox = self.inbox("taro").await;
                assert_eq!(inbox.len(), count.parse::<usize>().unwrap());
            }
            ["copy", index] => {
                let (scope, inbox) = self.inbox_of("taro").await;
                let uid = self.inbox("taro").await[index.parse::<usize>().unwrap() - 1].uid;
                self.mail.copy(scope, inbox, &[uid], inbox).await.unwrap();
            }
            ["expunge", index] => {
                let (scope, inbox) = self.inbox_of("taro").await;
                let uid = self.inbox("taro").await[index.parse::<usize>().unwrap() - 1].uid;
                let which = Which::Exactly(&[uid]);
                self.mail.expunge(scope, inbox, which).await.unwrap();
            }
            ["suspend", account] => self.set_status(account, AccountStatus::Suspended).await,
            ["activate", account] => self.set_status(account, AccountStatus::Active).await,
            ["password", account, password @ ..] => {
                self.set_password(account, &password.join(" ")).await;
            }
            ["pop-off", account] => {
                let access = Some(Access {
                    pop: false,
                    ..Access::ALL
                });
                let change = AccountChange {
                    access,
                    ..AccountChange::default()
                };
                self.change(account, change).await;
            }
            ["drain"] => self.drain.cancel(),
            ["sessions", count] => self.until_sessions(count.parse().unwrap()).await,
            other => panic!("cannot do {other:?}"),
        }
    }

    async fn inbox_of(&self, account: &str) -> (AccountScope, hikyaku_types::MailboxId) {
        let scope = self.scopes[account];
        let inbox = self.mail.mailbox(scope, &MailboxPath::inbox()).await;
        (scope, inbox.unwrap().unwrap().id)
    }
}

#[derive(Debug)]
struct TestTime(i64);

impl rustls::time_provider::TimeProvider for TestTime {
    fn current_time(&self) -> Option<rustls_pki_types::UnixTime> {
        let seconds = u64::try_from(self.0).ok()?;
        Some(rustls_pki_types::UnixTime::since_unix_epoch(
            Duration::from_secs(seconds),
        ))
    }
}

fn load_tls(folder: &TempDir, signed: &SelfSigned) -> TlsServer {
    let files = CertificateFiles {
        certificate: folder.path().join("host.crt"),
        key: folder.path().join("host.key"),
    };
    std::fs::write(&files.certificate, &signed.certificate_pem).unwrap();
    std::fs::write(&files.key, &signed.key_pem).unwrap();
    TlsServer::load(vec![files]).unwrap()
}

/// `taro` (legacy login `taro-legacy`) and `hanako`, both at example.test.
async fn create_accounts(test: &TestDatabase) -> HashMap<&'static str, AccountScope> {
    let hash = PasswordHash::compute(&Secret::from(PASSWORD), HashParams::UNSAFE_FOR_TESTS);
    let hash = hash.unwrap();
    test.db
        .write(Lane::Mail, move |tx| {
            let operator = PlatformScope::operator();
            let tenant = tenants::create(tx, operator, &NewTenant::named("Example"))?;
            domains::create(tx, operator, tenant, &"example.test".parse().unwrap())?;
            let mut scopes = HashMap::new();
            for name in ["taro", "hanako"] {
                let address = format!("{name}@example.test").parse().unwrap();
                let mut person = NewAccount::person(address);
                person.password = Some(hash.clone());
                let scope = accounts::create(tx, operator, &person)?;
                hikyaku_mailstore::accounts::create(tx, scope, Quota::default()).unwrap();
                scopes.insert(name, scope);
            }
            logins::register(tx, scopes["taro"], "taro-legacy")?;
            Ok::<_, hikyaku_directory::DirectoryError>(scopes)
        })
        .await
        .unwrap()
}
