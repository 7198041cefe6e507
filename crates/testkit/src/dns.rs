//! A name server on loopback, over UDP and TCP, that says what a test tells it.

use std::{
    collections::HashMap,
    io::{Read as _, Write as _},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Instant,
};

use anyhow::{Context as _, Result, bail};
use hickory_proto::{
    op::{Message, OpCode, ResponseCode},
    rr::{
        Name, RData, Record, RecordType,
        rdata::{A, AAAA, CNAME, MX},
    },
};

use crate::line::PATIENCE;

/// How long answers hold, in seconds: not at all, so that a test can change its mind.
const TTL: u32 = 0;
/// CNAMEs that are followed at most.
const MAX_CNAMES: usize = 8;

/// What happens to questions about a name, instead of its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// SERVFAIL.
    ServFail,
    /// REFUSED.
    Refused,
    /// No answer at all.
    Silence,
    /// Over UDP nothing but the mark that the answer was too long for it.
    OnlyOverTcp,
    /// Octets that are no message.
    Nonsense,
}

/// The name server; gone when dropped. Names that it was not told do not exist.
#[derive(Debug)]
pub struct FakeDns {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    records: HashMap<(String, RecordType), Vec<RData>>,
    troubles: HashMap<String, Trouble>,
    asked: Vec<String>,
    is_over: bool,
}

/// How a question came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Over {
    Udp,
    Tcp,
}

impl FakeDns {
    /// Starts on a free port of 127.0.0.1.
    pub fn start() -> Result<Self> {
        let (udp, tcp) = sockets()?;
        let address = udp.local_addr()?;
        let shared = Arc::new(Shared::default());
        let (for_udp, for_tcp) = (Arc::clone(&shared), Arc::clone(&shared));
        thread::spawn(move || serve_udp(&udp, &for_udp));
        thread::spawn(move || serve_tcp(&tcp, &for_tcp));
        Ok(Self { address, shared })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The exchangers of a domain, with their preferences; `.` is the root.
    pub fn mx(&self, domain: &str, exchangers: &[(u16, &str)]) {
        let data = exchangers
            .iter()
            .map(|(preference, host)| RData::MX(MX::new(*preference, name(host))));
        self.tell(domain, RecordType::MX, data.collect());
    }

    /// The addresses of a host.
    pub fn host(&self, host: &str, addresses: &[IpAddr]) {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for address in addresses {
            match address {
                IpAddr::V4(ip) => v4.push(RData::A(A(*ip))),
                IpAddr::V6(ip) => v6.push(RData::AAAA(AAAA(*ip))),
            }
        }
        self.tell(host, RecordType::A, v4);
        self.tell(host, RecordType::AAAA, v6);
    }

    /// Another name for a name.
    pub fn alias(&self, alias: &str, target: &str) {
        let data = RData::CNAME(CNAME(name(target)));
        self.tell(alias, RecordType::CNAME, vec![data]);
    }

    /// Questions about a name go wrong in this way from now on.
    pub fn trouble(&self, domain: &str, trouble: Trouble) {
        self.shared.lock().troubles.insert(key(domain), trouble);
    }

    /// They are answered again.
    pub fn heal(&self, domain: &str) {
        self.shared.lock().troubles.remove(&key(domain));
    }

    /// The questions so far, such as `MX example.test. over UDP`.
    pub fn asked(&self) -> Vec<String> {
        self.shared.lock().asked.clone()
    }

    /// Waits for a question that begins so.
    pub fn wait_for(&self, question: &str) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.shared.lock();
        while !state.asked.iter().any(|asked| asked.starts_with(question)) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                bail!("nobody asked {question:?}, only {:?}", state.asked);
            }
            let waited = self.shared.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(())
    }

    fn tell(&self, domain: &str, kind: RecordType, data: Vec<RData>) {
        self.shared.lock().records.insert((key(domain), kind), data);
    }
}

impl Drop for FakeDns {
    fn drop(&mut self) {
        self.shared.lock().is_over = true;
        // Wakes both threads; if that fails they are gone already.
        if let Ok(socket) = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)) {
            let _ = socket.send_to(&[], self.address);
        }
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer to a question; none is silence.
    fn answer(&self, question: &[u8], over: Over) -> Option<Vec<u8>> {
        let question = Message::from_vec(question).ok()?;
        let query = question.queries.first()?.clone();
        let mut state = self.lock();
        let asked = format!("{} {} over {over:?}", query.query_type(), query.name());
        state.asked.push(asked.to_uppercase().replace(
            &query.name().to_ascii().to_uppercase(),
            &query.name().to_ascii().to_lowercase(),
        ));
        self.changed.notify_all();
        let mut answer = Message::response(question.metadata.id, OpCode::Query);
        answer.metadata.recursion_desired = question.metadata.recursion_desired;
        answer.metadata.recursion_available = true;
        answer.add_query(query.clone());
        match state.troubles.get(&key(&query.name().to_ascii())) {
            Some(Trouble::Silence) => return None,
            Some(Trouble::Nonsense) => return Some(b"\xffnonsense".to_vec()),
            Some(Trouble::ServFail) => answer.metadata.response_code = ResponseCode::ServFail,
            Some(Trouble::Refused) => answer.metadata.response_code = ResponseCode::Refused,
            Some(Trouble::OnlyOverTcp) if over == Over::Udp => answer.metadata.truncation = true,
            Some(Trouble::OnlyOverTcp) | None => {
                state.fill(&mut answer, query.name(), query.query_type());
            }
        }
        answer.to_vec().ok()
    }
}

impl State {
    fn fill(&self, answer: &mut Message, asked: &Name, kind: RecordType) {
        let mut owner = asked.clone();
        for _ in 0..MAX_CNAMES {
            let at = |kind| self.records.get(&(key(&owner.to_ascii()), kind));
            if let Some(data) = at(kind) {
                for data in data {
                    answer.add_answer(Record::from_rdata(owner.clone(), TTL, data.clone()));
                }
                return;
            }
            let Some(RData::CNAME(target)) = at(RecordType::CNAME).and_then(|data| data.first())
            else {
                break;
            };
            let data = RData::CNAME(target.clone());
            answer.add_answer(Record::from_rdata(owner, TTL, data));
            owner = target.0.clone();
        }
        let owner = key(&owner.to_ascii());
        let exists = self.records.keys().any(|(name, _)| *name == owner);
        if !exists {
            answer.metadata.response_code = ResponseCode::NXDomain;
        }
    }
}

/// A UDP and a TCP socket of one port.
fn sockets() -> Result<(UdpSocket, TcpListener)> {
    for _ in 0..50 {
        let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        if let Ok(udp) = UdpSocket::bind(tcp.local_addr()?) {
            return Ok((udp, tcp));
        }
    }
    bail!("no port is free for both UDP and TCP")
}

fn serve_udp(socket: &UdpSocket, shared: &Shared) {
    let mut room = [0; 4096];
    while let Ok((length, from)) = socket.recv_from(&mut room) {
        if shared.lock().is_over {
            return;
        }
        if let Some(answer) = shared.answer(&room[..length], Over::Udp) {
            // A client that has gone is no concern of ours.
            let _ = socket.send_to(&answer, from);
        }
    }
}

fn serve_tcp(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        let Ok(stream) = stream else { continue };
        if shared.lock().is_over {
            return;
        }
        let shared = Arc::clone(shared);
        // An error ends this connection only.
        thread::spawn(move || serve_stream(stream, &shared));
    }
}

fn serve_stream(mut stream: TcpStream, shared: &Shared) -> Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    loop {
        let mut length = [0; 2];
        stream.read_exact(&mut length)?;
        let mut question = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut question)?;
        if let Some(answer) = shared.answer(&question, Over::Tcp) {
            let length = u16::try_from(answer.len()).context("an answer that is too long")?;
            stream.write_all(&[&length.to_be_bytes(), &answer[..]].concat())?;
        }
    }
}

fn name(text: &str) -> Name {
    let text = text.trim_end_matches('.');
    Name::from_ascii(format!("{text}.")).expect("a name that a test wrote")
}

fn key(text: &str) -> String {
    text.trim_end_matches('.').to_ascii_lowercase()
}

/// An address of the loopback network, for hosts beside one another.
pub fn loopback(last: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(127, 0, 0, last))
}

/// An IPv6 address at which nobody is (RFC 3849).
pub fn nowhere_v6() -> IpAddr {
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1))
}
