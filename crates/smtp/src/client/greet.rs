//! From the connection to the point where messages can be offered: greeting, EHLO, TLS, AUTH.

use std::net::SocketAddr;

use hikyaku_net::{ClosedZone, Connection, ConnectionOptions, StartTlsError, TlsClient};
use hikyaku_smtp_proto::client::{Extensions, ServerReply, hello};
use hikyaku_transport::queue::TroubleKind;
use tokio::time::Instant;

use super::{
    ClientMetrics, ClientOptions, SmartHost, SmartHostTls, dial::dial, failure::Failure,
    guard::is_this_machine, remote::Remote, sign_in::sign_in,
};

/// What protects a connection.
#[derive(Debug, Clone, Copy)]
pub(super) enum Protection<'a> {
    /// TLS if the other side offers it.
    Opportunistic(&'a TlsClient),
    /// No TLS: it broke a moment ago.
    Without,
    /// What the operator said of the smart host.
    SmartHost(&'a SmartHost),
}

/// A host and one of its addresses.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target<'a> {
    pub(super) host: &'a str,
    pub(super) address: SocketAddr,
}

/// The state of one greeting.
pub(super) struct Greeting<'a> {
    pub(super) options: &'a ClientOptions,
    pub(super) metrics: &'a ClientMetrics,
    pub(super) target: Target<'a>,
    pub(super) deadline: Instant,
}

impl Greeting<'_> {
    /// Connects, and goes as far as the target asks.
    pub(super) async fn open(&self, protection: Protection<'_>) -> Result<Remote, Failure> {
        let mut remote = self.connect().await?;
        if let Protection::SmartHost(smart_host) = protection {
            self.open_smart_host(&mut remote, smart_host).await?;
            return Ok(remote);
        }
        self.not_this_machine(&remote)?;
        self.greeted(&mut remote).await?;
        self.not_ourselves(&mut remote)?;
        if let Protection::Opportunistic(client) = protection
            && remote.extensions.starttls
        {
            self.start_tls(&mut remote, client, Refusal::Tolerated)
                .await?;
        }
        Ok(remote)
    }

    async fn open_smart_host(
        &self,
        remote: &mut Remote,
        smart_host: &SmartHost,
    ) -> Result<(), Failure> {
        if let SmartHostTls::Implicit(client) = &smart_host.tls {
            self.encrypt(remote, client).await?;
        }
        self.greeted(remote).await?;
        if let SmartHostTls::StartTls(client) = &smart_host.tls {
            if !remote.extensions.starttls {
                remote.give_up();
                let failure = Failure::now(TroubleKind::Tls, "4.7.10").by(&remote.host);
                return Err(failure.saying("the host does not offer STARTTLS".to_owned()));
            }
            self.start_tls(remote, client, Refusal::Fatal).await?;
        }
        let Some(login) = &smart_host.login else {
            return Ok(());
        };
        let result = sign_in(remote, login, self.options.timeouts.auth).await;
        if result.is_err() {
            self.metrics.failed_sign_ins.count();
            remote.give_up();
        }
        result
    }

    /// Greeting and EHLO.
    async fn greeted(&self, remote: &mut Remote) -> Result<(), Failure> {
        let greeting = remote.reply(self.options.timeouts.greeting).await?;
        self.expect(remote, &greeting)?;
        self.hello(remote).await
    }

    async fn connect(&self) -> Result<Remote, Failure> {
        let (options, target) = (self.options, self.target);
        let left = self.deadline.saturating_duration_since(Instant::now());
        let limit = options.timeouts.connect.min(left);
        let unreachable = |error: &std::io::Error| {
            Failure::now(TroubleKind::Connect, "4.4.1")
                .by(target.host)
                .saying(format!("{}: {error}", target.address))
        };
        let stream = dial(target.address, options.sources, limit)
            .await
            .map_err(|error| unreachable(&error))?;
        let ours = stream.local_addr().map_err(|error| unreachable(&error))?;
        // Zones are for those who come to us; this end has none.
        let peer = ClosedZone::new(Vec::new()).peer(target.address);
        let mut connection = ConnectionOptions::new(peer);
        connection.write_timeout = options.timeouts.block;
        connection.local = Some(ours);
        let connection = Connection::new(stream, connection);
        Ok(Remote::new(
            connection,
            target.host,
            target.address,
            self.deadline,
        ))
    }

    /// EHLO, or HELO for a server that does not know it (RFC 5321 §3.2).
    async fn hello(&self, remote: &mut Remote) -> Result<(), Failure> {
        let limit = self.options.timeouts.hello;
        let name = self.options.hello.as_str();
        let mut reply = remote.command(&hello("EHLO", name), limit).await?;
        remote.extensions = if reply.is_success() {
            Extensions::of(&reply)
        } else {
            if matches!(reply.code(), 500 | 501 | 502 | 504 | 550) {
                reply = remote.command(&hello("HELO", name), limit).await?;
            }
            Extensions::default()
        };
        self.expect(remote, &reply)?;
        let first = reply.lines().first().map_or("", String::as_str);
        let name = first.split(' ').next().unwrap_or_default();
        name.clone_into(&mut remote.own_name);
        Ok(())
    }

    /// A host that calls itself by our own name is ourselves, or as bad: the mail would go in
    /// circles.
    fn not_ourselves(&self, remote: &mut Remote) -> Result<(), Failure> {
        let own = self.options.hello.as_str();
        if remote.own_name.eq_ignore_ascii_case(own) {
            remote.give_up();
            let failure = Failure::forever(TroubleKind::Loop, "5.4.6").by(&remote.host);
            return Err(failure.saying(format!("the host calls itself {own}, as this one does")));
        }
        Ok(())
    }

    fn not_this_machine(&self, remote: &Remote) -> Result<(), Failure> {
        let ours = remote.connection.local();
        if ours.is_some_and(|ours| is_this_machine(ours, remote.address)) {
            return Err(Failure::forever(TroubleKind::Loop, "5.4.6").by(self.target.host));
        }
        Ok(())
    }

    async fn start_tls(
        &self,
        remote: &mut Remote,
        client: &TlsClient,
        refusal: Refusal,
    ) -> Result<(), Failure> {
        let limit = self.options.timeouts.hello;
        let reply = remote.command(b"STARTTLS\r\n", limit).await?;
        if !reply.is_success() {
            if refusal == Refusal::Tolerated {
                return Ok(());
            }
            remote.give_up();
            let failure = Failure::refused(TroubleKind::Tls, &reply).passing();
            return Err(failure.by(&remote.host));
        }
        self.encrypt(remote, client).await?;
        // RFC 3207 §4.2: what was learned in plain text is forgotten.
        self.hello(remote).await
    }

    async fn encrypt(&self, remote: &mut Remote, client: &TlsClient) -> Result<(), Failure> {
        let limit = remote.within(self.options.timeouts.tls);
        let host = remote.host.clone();
        match remote
            .connection
            .start_tls_as_client(client, &host, limit)
            .await
        {
            Ok(_) => {
                self.metrics.encrypted.count();
                Ok(())
            }
            Err(error) => {
                self.metrics.broken_tls.count();
                remote.give_up();
                Err(Failure::now(TroubleKind::Tls, "4.7.5")
                    .by(&host)
                    .saying(in_words(&error)))
            }
        }
    }

    fn expect(&self, remote: &mut Remote, reply: &ServerReply) -> Result<(), Failure> {
        if reply.is_success() {
            return Ok(());
        }
        remote.give_up();
        Err(Failure::refused(TroubleKind::Refused, reply).by(self.target.host))
    }
}

/// What it means when a server that offers STARTTLS refuses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    Tolerated,
    Fatal,
}

/// The error with its causes, in one line.
fn in_words(error: &StartTlsError) -> String {
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        words.push_str(": ");
        words.push_str(&error.to_string());
        cause = error.source();
    }
    words.truncate(words.floor_char_boundary(MAX_WORDS));
    words
}

/// Octets of our own words about a failure at most.
const MAX_WORDS: usize = 300;
