//! HTTP/1.1 over connections of the gate.

use std::{borrow::Cow, time::Duration};

use axum::{Extension, Router};
use hikyaku_net::{Connection, Peer, PeerAddress, Refusal, Service};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tracing::{debug, warn};

/// How long a client may take to send the head of a request (slow clients hold a connection).
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
/// Bytes of a request's head at most.
const MAX_HEAD_BYTES: usize = 32 << 10;

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
        let service = TowerToHyperService::new(self.router.clone().layer(Extension(peer)));
        let io = TokioIo::new(connection.into_transport());
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT);
        builder.max_buf_size(MAX_HEAD_BYTES);
        let mut serving = std::pin::pin!(builder.serve_connection(io, service));
        let result = tokio::select! {
            result = serving.as_mut() => result,
            () = drain.cancelled() => {
                serving.as_mut().graceful_shutdown();
                serving.await
            }
        };
        if let Err(error) = result {
            debug!(%peer, %error, "an HTTP connection ended early");
        }
    }
}
