//! A mail server of somebody else, that does what a test tells it at each stage, and remembers
//! what it took.

mod script;
mod session;
mod stream;

use std::{
    net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Instant,
};

use anyhow::{Context as _, Result, bail};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::{ServerConfig, crypto::aws_lc_rs};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

pub use self::script::{Action, Rule, Stage};
use crate::{dns::loopback, line::PATIENCE};

/// What the server offers.
#[derive(Debug, Clone)]
pub struct Offer {
    /// Its name, in the greeting and in its certificate.
    pub name: String,
    /// Lines of its reply to EHLO, STARTTLS left out.
    pub extensions: Vec<String>,
    /// Whether it speaks TLS, and how.
    pub tls: RemoteTls,
    /// The login name and password that it knows.
    pub login: Option<(String, String)>,
}

impl Default for Offer {
    fn default() -> Self {
        let extensions = ["PIPELINING", "SIZE 50000000", "8BITMIME", "SMTPUTF8", "DSN"];
        Self {
            name: "mx.remote.example".to_owned(),
            extensions: extensions.map(str::to_owned).to_vec(),
            tls: RemoteTls::None,
            login: None,
        }
    }
}

/// How a remote speaks TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemoteTls {
    /// Not at all.
    None,
    /// STARTTLS, with a certificate of its own making.
    StartTls,
    /// STARTTLS is offered and accepted, and then comes nonsense.
    Broken,
    /// From the start, with a certificate of its own making.
    Implicit,
}

/// A message that came to its final dot.
#[derive(Debug, Clone)]
pub struct Taken {
    /// The number of the connection, from 1.
    pub connection: u64,
    /// The MAIL line.
    pub mail: String,
    /// The RCPT lines that were accepted.
    pub rcpts: Vec<String>,
    /// The message, without stuffed dots.
    pub content: Vec<u8>,
    /// Whether it came encrypted.
    pub encrypted: bool,
    /// Whether the client was told that it was accepted.
    pub acknowledged: bool,
}

impl Taken {
    /// The Message-ID without its brackets.
    pub fn id(&self) -> Result<String> {
        let text = String::from_utf8_lossy(&self.content);
        let header: Vec<String> = text.split("\r\n").map(str::to_owned).collect();
        crate::mail::message_id(&header)
    }

    /// The message as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.content).into_owned()
    }
}

/// The server; gone when dropped. Accepts everything unless told otherwise.
#[derive(Debug)]
pub struct FakeRemote {
    address: SocketAddr,
    certificate_pem: String,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    offer: Offer,
    tls: Arc<ServerConfig>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    rules: Vec<Rule>,
    taken: Vec<Taken>,
    /// What clients said, each line with its connection.
    heard: Vec<(u64, String)>,
    connections: u64,
    open: Vec<TcpStream>,
    is_over: bool,
}

impl FakeRemote {
    /// Starts with the usual offer on a free port of 127.0.0.2.
    pub fn start() -> Result<Self> {
        Self::with(Offer::default())
    }

    /// Starts with an offer on a free port of 127.0.0.2.
    pub fn with(offer: Offer) -> Result<Self> {
        Self::at(SocketAddr::new(loopback(2), 0), offer)
    }

    /// Starts on the same port of another loopback address: exchangers share one port.
    pub fn beside(&self, last: u8, offer: Offer) -> Result<Self> {
        Self::at(SocketAddr::new(loopback(last), self.address.port()), offer)
    }

    /// Starts at an address.
    pub fn at(address: SocketAddr, offer: Offer) -> Result<Self> {
        let listener =
            TcpListener::bind(address).with_context(|| format!("cannot listen at {address}"))?;
        let address = listener.local_addr()?;
        let (tls, certificate_pem) = certificate(&offer.name)?;
        let shared = Arc::new(Shared {
            offer,
            tls,
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let for_thread = Arc::clone(&shared);
        thread::spawn(move || accept(&listener, &for_thread));
        Ok(Self {
            address,
            certificate_pem,
            shared,
        })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its IP address.
    pub const fn ip(&self) -> IpAddr {
        self.address.ip()
    }

    /// Its certificate.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// Does this at a stage from now on. Rules that came later go first.
    pub fn on(&self, stage: Stage, action: Action) {
        self.rule(Rule::new(stage, action));
    }

    /// Does this at a stage once.
    pub fn once(&self, stage: Stage, action: Action) {
        self.rule(Rule::new(stage, action).times(1));
    }

    /// Obeys a rule.
    pub fn rule(&self, rule: Rule) {
        self.shared.lock().rules.push(rule);
    }

    /// Forgets all rules.
    pub fn behave(&self) {
        self.shared.lock().rules.clear();
    }

    /// Messages that came to their final dot so far.
    pub fn taken(&self) -> Vec<Taken> {
        self.shared.lock().taken.clone()
    }

    /// Those whose acceptance the client was told.
    pub fn acknowledged(&self) -> Vec<Taken> {
        let mut taken = self.taken();
        taken.retain(|message| message.acknowledged);
        taken
    }

    /// What clients said so far.
    pub fn heard(&self) -> Vec<String> {
        let state = self.shared.lock();
        state.heard.iter().map(|(_, line)| line.clone()).collect()
    }

    /// Connections so far.
    pub fn connections(&self) -> u64 {
        self.shared.lock().connections
    }

    /// Waits until so many messages were acknowledged; returns all of them.
    pub fn wait_for_mail(&self, count: usize) -> Result<Vec<Taken>> {
        self.wait(|state| state.taken.iter().filter(|m| m.acknowledged).count() >= count)
            .with_context(|| format!("{count} messages did not come"))?;
        Ok(self.acknowledged())
    }

    /// Waits until a client said a line that begins so, for the `times`th time.
    pub fn wait_to_hear(&self, line: &str, times: usize) -> Result<()> {
        let said = |state: &State| {
            state
                .heard
                .iter()
                .filter(|(_, l)| l.starts_with(line))
                .count()
        };
        self.wait(|state| said(state) >= times)
            .with_context(|| format!("nobody said {line:?}, only {:?}", self.heard()))
    }

    /// Waits for so many connections.
    pub fn wait_for_connections(&self, count: u64) -> Result<()> {
        self.wait(|state| state.connections >= count)
            .with_context(|| format!("{count} connections did not come"))
    }

    fn wait(&self, is_done: impl Fn(&State) -> bool) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.shared.lock();
        while !is_done(&state) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                drop(state);
                bail!("the remote {} waited for nothing", self.address);
            }
            let waited = self.shared.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(())
    }
}

impl Drop for FakeRemote {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.is_over = true;
        for stream in state.open.drain(..) {
            // It may be closed already.
            let _ = stream.shutdown(Shutdown::Both);
        }
        drop(state);
        self.shared.changed.notify_all();
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and tells those who wait for it.
    fn note<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.lock());
        self.changed.notify_all();
        result
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        let Ok(stream) = stream else { continue };
        let number = shared.note(|state| {
            state.connections += 1;
            state.open.extend(stream.try_clone());
            state.connections
        });
        if shared.lock().is_over {
            return;
        }
        let shared = Arc::clone(shared);
        thread::spawn(move || {
            if let Err(error) = session::serve(&shared, number, stream) {
                eprintln!(
                    "[remote {}] connection {number}: {error:#}",
                    shared.offer.name
                );
            }
        });
    }
}

fn certificate(name: &str) -> Result<(Arc<ServerConfig>, String)> {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(vec![name.to_owned()])?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)?;
    Ok((Arc::new(config), cert.pem()))
}
