//! HTTP/1.1 and HTTP/2 over connections of the gate.

use std::{borrow::Cow, time::Duration};

use axum::{Extension, Router};
use hikyaku_net::{Connection, Peer, PeerAddress, Refusal, Service};
use hyper::server::conn::{http1, http2};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::client::Security;

/// How long a client may take to send the head of a request (slow clients hold a connection).
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
/// Bytes of a request's head at most.
const MAX_HEAD_BYTES: usize = 32 << 10;
/// Requests of one HTTP/2 connection that are worked on at once: what a page of a console loads.
const MAX_STREAMS: u32 = 64;
/// How often an HTTP/2 client is asked whether it is still there; a dead one goes after one more.
const KEEP_ALIVE: Duration = Duration::from_mins(1);

/// What an HTTPS listener offers (RFC 7301), best first.
pub const ALPN: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Who may speak to this listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Callers {
    /// Whoever reaches it.
    Anybody,
    /// Processes of this user, or root.
    User(u32),
}

/// Serves a router to whoever the listener lets in.
#[derive(Debug, Clone)]
pub struct HttpService {
    router: Router,
    callers: Callers,
}

type Io = TokioIo<Box<dyn hikyaku_net::Transport>>;

impl HttpService {
    /// For HTTP and HTTPS listeners.
    pub const fn network(router: Router) -> Self {
        Self {
            router,
            callers: Callers::Anybody,
        }
    }

    /// For the local socket: only processes of `uid`, or root, are let in (design §6).
    pub const fn local(router: Router, uid: u32) -> Self {
        Self {
            router,
            callers: Callers::User(uid),
        }
    }

    fn admits(&self, peer: Peer) -> bool {
        match (self.callers, peer.address) {
            (Callers::Anybody, _) => true,
            (Callers::User(ours), PeerAddress::Local { uid }) => uid == ours || uid == 0,
            (Callers::User(_), _) => false,
        }
    }
}

impl Service for HttpService {
    fn refusal(&self, _refusal: Refusal) -> Cow<'static, str> {
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".into()
    }

    async fn serve(&self, connection: Connection) {
        let peer = connection.peer();
        if !self.admits(peer) {
            warn!(%peer, "a stranger at the control socket was turned away");
            return;
        }
        let drain = connection.drain_token().clone();
        let tls = connection.tls();
        let security = tls.map_or(Security::Plain, |_| Security::Encrypted);
        let second = tls.is_some_and(|tls| tls.alpn.as_deref() == Some(b"h2"));
        let router = self.router.clone();
        let service =
            TowerToHyperService::new(router.layer(Extension(peer)).layer(Extension(security)));
        let io = TokioIo::new(connection.into_transport());
        let result = if second {
            serve_second(io, service, &drain).await
        } else {
            serve_first(io, service, &drain).await
        };
        if let Err(error) = result {
            debug!(%peer, %error, "an HTTP connection ended early");
        }
    }
}

async fn serve_first(
    io: Io,
    service: TowerToHyperService<Router>,
    drain: &CancellationToken,
) -> hyper::Result<()> {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT);
    builder.max_buf_size(MAX_HEAD_BYTES);
    let mut serving = std::pin::pin!(builder.serve_connection(io, service));
    tokio::select! {
        result = serving.as_mut() => result,
        () = drain.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    }
}

async fn serve_second(
    io: Io,
    service: TowerToHyperService<Router>,
    drain: &CancellationToken,
) -> hyper::Result<()> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(MAX_HEAD_BYTES as u32)
        .keep_alive_interval(KEEP_ALIVE);
    let mut serving = std::pin::pin!(builder.serve_connection(io, service));
    tokio::select! {
        result = serving.as_mut() => result,
        () = drain.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    }
}
