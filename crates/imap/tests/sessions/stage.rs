//! A mail host with a few accounts, and IMAP connections to it.

use std::{collections::HashMap, net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use hikyaku_access::{SignIn, SignInPolicy, lockout};
use hikyaku_db::{Lane, testing::TestDatabase};
use hikyaku_directory::{
    Access, AccountScope, AccountStatus, PlatformScope,
    accounts::{self, AccountChange, NewAccount},
    credentials::{self, MustChange},
    domains, logins,
    password::{HashParams, PasswordHash},
    tenants::{self, NewTenant},
};
use hikyaku_imap::{Imap, ImapOptions, Limits};
use hikyaku_mailstore::{
    AppendMessage, Flags, Limits as MailLimits, Mailbox, MailboxPath, Mailstore, Quota,
};
use hikyaku_net::{
    CertificateFiles, ClosedZone, Connection, ConnectionOptions, SelfSigned, Service as _,
    TlsServer, self_signed,
};
use hikyaku_testkit::transcript::{Kept, Pipe, Scene};
use hikyaku_types::{ByteSize, OffsetTimestamp, Secret, Timestamp};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use rustls_pki_types::ServerName;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, duplex},
    sync::watch,
};
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;

use crate::messages;

/// The host's name.
pub(crate) const HOST: &str = "mail.example.test";
/// Everybody's password.
const PASSWORD: &str = "himitsu no kotoba";

/// The host.
pub(crate) struct Host {
    pub(crate) imap: Arc<Imap>,
    pub(crate) mail: Mailstore,
    pub(crate) drain: CancellationToken,
    pub(crate) scopes: HashMap<&'static str, AccountScope>,
    /// Octets that fit into the pipe of a connection.
    pub(crate) pipe: usize,
    /// How long a piece of output may take to leave.
    pub(crate) write_timeout: Duration,
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
        message: 100_000,
        ..Limits::default()
    }
}

impl Host {
    pub(crate) async fn new(test: TestDatabase) -> Self {
        Self::with(test, quick_limits(), MailLimits::default()).await
    }

    pub(crate) async fn with(test: TestDatabase, limits: Limits, mail_limits: MailLimits) -> Self {
        let scopes = create_accounts(&test).await;
        let mail = Mailstore::new(test.db.clone(), mail_limits);
        let mut policy = SignInPolicy::default();
        policy.hashing.params = HashParams::UNSAFE_FOR_TESTS;
        let sign_in = SignIn::new(test.db.clone(), policy);
        let folder = tempfile::tempdir().unwrap();
        let signed = self_signed(&[HOST.to_owned()], hikyaku_db::testing::START).unwrap();
        let tls = load_tls(&folder, &signed);
        let options = ImapOptions {
            host_name: HOST.to_owned(),
            limits,
        };
        Self {
            imap: Arc::new(Imap::new(sign_in, mail.clone(), options)),
            mail,
            drain: CancellationToken::new(),
            scopes,
            pipe: 64 * 1024,
            write_timeout: hikyaku_net::WRITE_TIMEOUT,
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

    /// Recomputes all counters: nothing may be inconsistent.
    pub(crate) async fn check(&self) {
        for scope in self.scopes.values() {
            let found = self.mail.check(*scope).await.unwrap();
            assert!(found.is_empty(), "{found:?}");
        }
    }

    pub(crate) async fn mailbox(&self, account: &str, path: &str) -> Mailbox {
        let path = MailboxPath::parse(path).unwrap();
        let found = self
            .mail
            .mailbox(self.scopes[account], &path)
            .await
            .unwrap();
        found.unwrap_or_else(|| panic!("no mailbox {path}"))
    }

    /// Appends messages as if they had been delivered now.
    pub(crate) async fn append(&self, account: &str, path: &str, contents: Vec<Bytes>) {
        self.append_at(account, path, contents, None).await;
    }

    async fn append_at(
        &self,
        account: &str,
        path: &str,
        contents: Vec<Bytes>,
        internal_date: Option<OffsetTimestamp>,
    ) {
        let mailbox = self.mailbox(account, path).await.id;
        let message = |content| AppendMessage {
            content,
            flags: Flags::default(),
            internal_date,
        };
        let messages = contents.into_iter().map(message).collect();
        self.mail
            .append(self.scopes[account], mailbox, messages)
            .await
            .unwrap();
    }

    /// A connection from an address, served in the background.
    pub(crate) async fn dial(&self, from: &str, secure: bool) -> Box<dyn Pipe> {
        let (client, server) = duplex(self.pipe);
        let from: SocketAddr = from.parse().unwrap();
        let mut options = ConnectionOptions::new(ClosedZone::default().peer(from));
        options.drain = self.drain.clone();
        options.write_timeout = self.write_timeout;
        options.upgrade = (!secure).then(|| self.tls.clone());
        let (imap, sessions, tls) = (
            Arc::clone(&self.imap),
            self.sessions.clone(),
            self.tls.clone(),
        );
        sessions.send_modify(|open| *open += 1);
        tokio::spawn(async move {
            if secure {
                let accepted = tls.accept(Box::new(server), Duration::from_secs(30)).await;
                let (transport, info) = accepted.unwrap();
                imap.serve(Connection::secured(transport, info, options))
                    .await;
            } else {
                imap.serve(Connection::new(server, options)).await;
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

    /// A connection on which this account has signed in.
    pub(crate) async fn signed_in(&self, account: &str) -> Box<dyn Pipe> {
        let mut pipe = self.dial("127.0.0.1:4000", false).await;
        let login = format!("login LOGIN {account}@example.test \"{PASSWORD}\"\r\n");
        pipe.write_all(login.as_bytes()).await.unwrap();
        let mut seen = Vec::new();
        while !seen.ends_with(b"Signed in\r\n") {
            let byte = pipe.read_u8().await.unwrap();
            seen.push(byte);
        }
        pipe
    }

    async fn change(&self, account: &str, change: AccountChange) {
        let scope = self.scopes[account];
        let write = self
            .test
            .db
            .write(Lane::Mail, move |tx| accounts::update(tx, scope, &change));
        write.await.unwrap();
    }

    async fn set_quota(&self, account: &str, bytes: u64, messages: u64) {
        let (scope, bytes) = (self.scopes[account], ByteSize(bytes));
        let quota = Quota { bytes, messages };
        let write = self.test.db.write(Lane::Mail, move |tx| {
            hikyaku_mailstore::accounts::set_quota(tx, scope, quota)
        });
        write.await.unwrap();
    }
}

impl Scene for Host {
    async fn open(&mut self, words: &[String]) -> Result<Box<dyn Pipe>, String> {
        match words {
            [kind] if kind == "local" => Ok(self.dial("127.0.0.1:4000", false).await),
            [kind] if kind == "internet" => Ok(self.dial("192.0.2.1:4000", false).await),
            [kind] if kind == "tls" => Ok(self.dial("192.0.2.1:4000", true).await),
            [account] if self.scopes.contains_key(account.as_str()) => {
                Ok(self.signed_in(account).await)
            }
            other => Err(format!("no connection of kind {other:?}")),
        }
    }

    async fn secure(&mut self, plain: Box<dyn Pipe>) -> Result<Box<dyn Pipe>, String> {
        Ok(self.handshake(plain).await)
    }

    async fn deflate(&mut self, plain: Box<dyn Pipe>) -> Result<Box<dyn Pipe>, String> {
        Ok(crate::deflate::deflated(plain))
    }

    async fn act(
        &mut self,
        name: &str,
        words: &[String],
        _body: &[String],
        _kept: &mut Kept,
    ) -> Result<(), String> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match (name, words.as_slice()) {
            ("append", [path, names @ ..]) => {
                let contents = names
                    .iter()
                    .map(|name| Bytes::from_static(messages::named(name)));
                self.append("taro", path, contents.collect()).await;
            }
            // INTERNALDATE in seconds since 1970 and minutes east.
            ("append-at", [at, offset, name]) => {
                let date = OffsetTimestamp {
                    at: Timestamp::from_seconds(at.parse().unwrap()),
                    offset_minutes: offset.parse().unwrap(),
                };
                let content = Bytes::from_static(messages::named(name));
                self.append_at("taro", "INBOX", vec![content], Some(date))
                    .await;
            }
            ("suspend", []) => {
                let status = Some(AccountStatus::Suspended);
                self.change(
                    "taro",
                    AccountChange {
                        status,
                        ..AccountChange::default()
                    },
                )
                .await;
            }
            ("second-factor", []) => {
                let (scope, now) = (self.scopes["taro"], self.mail.db().now());
                let on = self.mail.db().write(Lane::Mail, move |tx| {
                    lockout::set_second_factor(tx, scope, Some(now))
                });
                on.await.unwrap();
            }
            ("must-change", [account]) => {
                let scope = self.scopes[*account];
                let required = self.mail.db().write(Lane::Mail, move |tx| {
                    credentials::require_change(tx, scope, MustChange::AtNextSignIn)
                });
                required.await.unwrap();
            }
            ("imap-off", []) => {
                let access = Some(Access {
                    imap: false,
                    ..Access::ALL
                });
                self.change(
                    "taro",
                    AccountChange {
                        access,
                        ..AccountChange::default()
                    },
                )
                .await;
            }
            ("quota", [bytes]) => self.set_quota("taro", bytes.parse().unwrap(), 0).await,
            ("quota", [bytes, messages]) => {
                let (bytes, messages) = (bytes.parse().unwrap(), messages.parse().unwrap());
                self.set_quota("taro", bytes, messages).await;
            }
            ("drain", []) => self.drain.cancel(),
            ("sessions", [count]) => self.until_sessions(count.parse().unwrap()).await,
            (name, words) => return Err(format!("cannot do {name} {words:?}")),
        }
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
