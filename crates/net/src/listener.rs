//! Sockets that wait for clients.

use std::{
    fs, io,
    net::SocketAddr,
    os::unix::{
        fs::{FileTypeExt as _, PermissionsExt as _},
        net::UnixStream as StdUnixStream,
    },
    path::{Path, PathBuf},
    task::{Context, Poll, ready},
    time::Duration,
};

use socket2::{Domain, SockAddr, SockRef, Socket, TcpKeepalive, Type};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use crate::{ClosedZone, Peer, TlsServer};

/// Connections the kernel completes and keeps for us while the accept loop is busy. The kernel
/// lowers it to its own limit (`net.core.somaxconn`, 4096 on Linux).
const MAX_BACKLOG: i32 = 4096;
/// Silence after which the kernel asks whether the client still exists, so that a session of a
/// machine that was switched off does not stay for ever.
const KEEPALIVE_AFTER: Duration = Duration::from_mins(5);
/// Time between such questions.
const KEEPALIVE_INTERVAL: Duration = Duration::from_mins(1);

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bind {
    /// A TCP port; port 0 takes a free one. An IPv6 address never takes IPv4 clients too: list
    /// both.
    Tcp(SocketAddr),
    /// A Unix socket, created with these permission bits. A leftover of a dead process is
    /// replaced.
    Unix {
        /// Its path.
        path: PathBuf,
        /// For example `0o600`.
        mode: u32,
    },
}

/// What TLS is to a listener.
#[derive(Debug, Clone)]
pub enum TlsMode {
    /// None at all.
    None,
    /// Sessions start in plain text and offer an upgrade.
    Upgrade(TlsServer),
    /// The handshake comes first.
    Implicit(TlsServer),
}

/// One place to listen at.
#[derive(Debug, Clone)]
pub struct ListenerOptions {
    /// Its name in logs and metrics: `smtp`, `imaps` …
    pub name: &'static str,
    /// Where.
    pub bind: Bind,
    /// TLS.
    pub tls: TlsMode,
    /// Most connections of this listener; 0 means that only the gate's total counts.
    pub max_connections: usize,
}

impl ListenerOptions {
    /// A TCP listener without a limit of its own.
    pub const fn tcp(name: &'static str, address: SocketAddr, tls: TlsMode) -> Self {
        Self {
            name,
            bind: Bind::Tcp(address),
            tls,
            max_connections: 0,
        }
    }
}

/// Why a listener could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("{name}: cannot listen at {place}")]
#[non_exhaustive]
pub struct BindError {
    /// The listener's name.
    pub name: &'static str,
    /// The address or path.
    pub place: String,
    /// What the system says.
    #[source]
    pub source: io::Error,
}

/// A bound socket. Clients can connect from now on; they are served once
/// [`crate::Gate::serve`] has it.
#[derive(Debug)]
pub struct Listener {
    pub(crate) options: ListenerOptions,
    socket: ListeningSocket,
    local: Option<SocketAddr>,
    /// Its drop removes the file of a Unix socket.
    _file: Option<SocketFile>,
}

#[derive(Debug)]
enum ListeningSocket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl ListeningSocket {
    fn local_addr(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(socket) => socket.local_addr().ok(),
            Self::Unix(_) => None,
        }
    }
}

/// A Unix socket's file, removed with its listener.
#[derive(Debug)]
struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Nothing can be done about a file that is gone or may not be removed.
        let _ = fs::remove_file(&self.0);
    }
}

/// An accepted socket before it becomes a connection.
#[derive(Debug)]
pub(crate) enum Accepted {
    Tcp(TcpStream, SocketAddr),
    Unix(UnixStream),
}

impl Listener {
    /// Opens the socket. Needs a running tokio runtime.
    pub fn bind(options: ListenerOptions) -> Result<Self, BindError> {
        let opened = match &options.bind {
            Bind::Tcp(address) => bind_tcp(*address),
            Bind::Unix { path, mode } => bind_unix(path, *mode),
        };
        match opened {
            Ok((socket, file)) => Ok(Self {
                local: socket.local_addr(),
                options,
                socket,
                _file: file,
            }),
            Err(source) => Err(BindError {
                name: options.name,
                place: match &options.bind {
                    Bind::Tcp(address) => address.to_string(),
                    Bind::Unix { path, .. } => path.display().to_string(),
                },
                source,
            }),
        }
    }

    /// The address, with the port that was really taken; none for a Unix socket.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.local
    }

    pub(crate) fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Accepted>> {
        Poll::Ready(match &self.socket {
            ListeningSocket::Tcp(socket) => {
                ready!(socket.poll_accept(cx)).map(|(stream, from)| Accepted::Tcp(stream, from))
            }
            ListeningSocket::Unix(socket) => {
                ready!(socket.poll_accept(cx)).map(|(stream, _)| Accepted::Unix(stream))
            }
        })
    }
}

impl Accepted {
    pub(crate) fn peer(&self, zone: &ClosedZone) -> Peer {
        match self {
            Self::Tcp(_, from) => zone.peer(*from),
            // Without a uid the process counts as nobody (65534).
            Self::Unix(stream) => Peer::local(stream.peer_cred().map_or(65_534, |c| c.uid())),
        }
    }

    pub(crate) fn local(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(stream, _) => stream.local_addr().ok(),
            Self::Unix(_) => None,
        }
    }

    /// Writes a line without waiting: the send buffer of a new socket is empty, so it fits.
    pub(crate) fn say(&self, line: &str) {
        // A client that is gone already needs no answer.
        let _ = match self {
            Self::Tcp(stream, _) => SockRef::from(stream).send(line.as_bytes()),
            Self::Unix(stream) => SockRef::from(stream).send(line.as_bytes()),
        };
    }

    /// Sets what every session wants: no delay for small replies, and keep-alive.
    pub(crate) fn prepare(&self) {
        if let Self::Tcp(stream, _) = self {
            let keepalive = TcpKeepalive::new()
                .with_time(KEEPALIVE_AFTER)
                .with_interval(KEEPALIVE_INTERVAL);
            // Both only improve what works without them.
            let _ = stream.set_nodelay(true);
            let _ = SockRef::from(stream).set_tcp_keepalive(&keepalive);
        }
    }
}

fn bind_tcp(address: SocketAddr) -> io::Result<(ListeningSocket, Option<SocketFile>)> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // Connections of an earlier process that linger in the kernel must not hinder a restart.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(MAX_BACKLOG)?;
    socket.set_nonblocking(true)?;
    let listener = TcpListener::from_std(socket.into())?;
    Ok((ListeningSocket::Tcp(listener), None))
}

fn bind_unix(path: &Path, mode: u32) -> io::Result<(ListeningSocket, Option<SocketFile>)> {
    remove_leftover(path)?;
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.bind(&SockAddr::unix(path)?)?;
    let file = SocketFile(path.to_owned());
    // Nobody can connect before `listen`, so the mode is right from the first client on.
    fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    socket.listen(MAX_BACKLOG)?;
    socket.set_nonblocking(true)?;
    let listener = UnixListener::from_std(std::os::fd::OwnedFd::from(socket).into())?;
    Ok((ListeningSocket::Unix(listener), Some(file)))
}

/// Removes the socket file of a process that is gone; anything else stays.
fn remove_leftover(path: &Path) -> io::Result<()> {
    let metadata = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    if !metadata.file_type().is_socket() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    match StdUnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        Ok(_) => Err(io::ErrorKind::AddrInUse.into()),
        Err(error) => Err(error),
    }
}
