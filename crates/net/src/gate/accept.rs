//! The accept loop of one listener, and the task of one session.

use std::{future::poll_fn, io, sync::Arc, task::Poll, time::Duration};

use tokio::time::{Instant, sleep};
use tracing::Instrument as _;

use super::{
    Shared,
    admission::{Admitted, ListenerShare},
};
use crate::{
    Connection, ConnectionOptions, Listener, NetMetrics, Peer, Refusal, Service, TlsMode,
    Transport, listener::Accepted,
};

/// First pause after the system failed to give a connection; it doubles up to [`MAX_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(10);
/// Longest such pause.
const MAX_PAUSE: Duration = Duration::from_secs(1);
/// Most clients turned away in a row with the reserve descriptor.
const MAX_SHED_AT_ONCE: usize = 64;
/// How often the log repeats that clients are turned away.
const LOG_INTERVAL: Duration = Duration::from_mins(1);

/// What the loop needs at every step.
struct Acceptor<S> {
    shared: Arc<Shared>,
    listener: Listener,
    service: Arc<S>,
    metrics: Arc<NetMetrics>,
    share: Arc<ListenerShare>,
    pause: Duration,
    last_warning: Option<Instant>,
}

/// Accepts until the gate stops.
pub(super) async fn run<S: Service>(
    shared: Arc<Shared>,
    listener: Listener,
    service: Arc<S>,
    metrics: Arc<NetMetrics>,
) {
    let stop = shared.tasks.stop.clone();
    let mut acceptor = Acceptor {
        share: ListenerShare::new(listener.options.max_connections),
        pause: FIRST_PAUSE,
        last_warning: None,
        shared,
        listener,
        service,
        metrics,
    };
    // Dropping a step loses nothing: accepted sockets are handed on without waiting.
    stop.run_until_cancelled(async {
        loop {
            acceptor.step().await;
        }
    })
    .await;
}

impl<S: Service> Acceptor<S> {
    async fn step(&mut self) {
        let accepted = poll_fn(|cx| {
            let mut reserve = self.shared.reserve();
            let accepted = self.listener.poll_accept(cx);
            if matches!(accepted, Poll::Ready(Ok(_))) {
                reserve.refill();
            }
            accepted
        });
        match accepted.await {
            Ok(accepted) => {
                self.pause = FIRST_PAUSE;
                self.admit(accepted);
            }
            Err(error) => {
                self.metrics.accept_failed();
                match fault(&error) {
                    Fault::OfTheClient => {}
                    Fault::NoDescriptors => {
                        self.warn(&error);
                        self.shed();
                        self.pause().await;
                    }
                    Fault::OfTheSystem => {
                        self.warn(&error);
                        self.pause().await;
                    }
                }
            }
        }
    }

    fn admit(&mut self, accepted: Accepted) {
        let peer = accepted.peer(&self.shared.options.zone);
        match self.shared.admission.admit(peer, &self.share) {
            Ok(admitted) => self.start(accepted, peer, admitted),
            Err(refusal) => {
                self.refuse(&accepted, refusal);
                let client = peer.ip();
                let (listener, reason) = (self.listener.options.name, refusal.label());
                tracing::debug!(listener, %client, reason, "client turned away");
                if self.may_warn() {
                    tracing::info!(listener, %client, reason, "turning clients away");
                }
            }
        }
    }

    fn refuse(&self, accepted: &Accepted, refusal: Refusal) {
        self.metrics.refused(refusal);
        if !matches!(self.listener.options.tls, TlsMode::Implicit(_)) {
            accepted.say(&self.service.refusal(refusal));
        }
    }

    /// Without descriptors `accept` fails and the clients wait in the kernel's queue. With the
    /// reserve descriptor they are taken from it and told.
    fn shed(&mut self) {
        let mut reserve = self.shared.reserve();
        if !reserve.spend() {
            reserve.refill();
            return;
        }
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        for _ in 0..MAX_SHED_AT_ONCE {
            match self.listener.poll_accept(&mut context) {
                Poll::Ready(Ok(accepted)) => {
                    self.refuse(&accepted, Refusal::NoDescriptors);
                    // The longer pauses are for when nothing can be done.
                    self.pause = FIRST_PAUSE;
                }
                Poll::Ready(Err(_)) | Poll::Pending => break,
            }
        }
        reserve.refill();
    }

    async fn pause(&mut self) {
        sleep(self.pause).await;
        self.pause = (self.pause * 2).min(MAX_PAUSE);
    }

    fn warn(&mut self, error: &io::Error) {
        if self.may_warn() {
            let listener = self.listener.options.name;
            tracing::warn!(listener, %error, "cannot accept connections");
        }
    }

    fn may_warn(&mut self) -> bool {
        let now = Instant::now();
        let quiet = self
            .last_warning
            .is_some_and(|last| now.duration_since(last) < LOG_INTERVAL);
        if !quiet {
            self.last_warning = Some(now);
        }
        !quiet
    }

    fn start(&self, accepted: Accepted, peer: Peer, admitted: Admitted) {
        accepted.prepare();
        let shared = &self.shared;
        let session = Session {
            options: ConnectionOptions {
                peer,
                local: accepted.local(),
                upgrade: match &self.listener.options.tls {
                    TlsMode::Upgrade(server) => Some(server.clone()),
                    TlsMode::None | TlsMode::Implicit(_) => None,
                },
                drain: shared.tasks.drain.clone(),
                write_timeout: shared.options.write_timeout,
                metrics: Arc::clone(&self.metrics),
            },
            implicit: match &self.listener.options.tls {
                TlsMode::Implicit(server) => Some(server.clone()),
                TlsMode::None | TlsMode::Upgrade(_) => None,
            },
            handshake_timeout: shared.options.handshake_timeout,
        };
        let guard = SessionGuard::new(&self.metrics, self.listener.options.name, peer, admitted);
        let service = Arc::clone(&self.service);
        let abort = shared.tasks.abort.clone();
        shared.tasks.sessions.spawn(async move {
            let guard = guard;
            let serving = session.run(accepted, service, guard.listener);
            if abort.run_until_cancelled(serving).await.is_none() {
                guard.metrics.was_aborted();
            }
        });
    }
}

/// What becomes a connection.
struct Session {
    options: ConnectionOptions,
    implicit: Option<crate::TlsServer>,
    handshake_timeout: Duration,
}

impl Session {
    async fn run<S: Service>(self, accepted: Accepted, service: Arc<S>, listener: &'static str) {
        let transport: Box<dyn Transport> = match accepted {
            Accepted::Tcp(stream, _) => Box::new(stream),
            Accepted::Unix(stream) => Box::new(stream),
        };
        let (client, metrics) = (self.options.peer.ip(), Arc::clone(&self.options.metrics));
        let connection = match self.implicit {
            None => Connection::with_tls(transport, None, self.options),
            Some(server) => {
                let drain = self.options.drain.clone();
                let handshake = server.accept(transport, self.handshake_timeout);
                match drain.run_until_cancelled(handshake).await {
                    None => return,
                    Some(Ok((transport, tls))) => {
                        metrics.tls_succeeded();
                        Connection::with_tls(transport, Some(tls), self.options)
                    }
                    Some(Err(error)) => {
                        metrics.tls_failed();
                        let source = std::error::Error::source(&error).map(ToString::to_string);
                        tracing::debug!(listener, %client, %error, source, "no TLS");
                        return;
                    }
                }
            }
        };
        let span = tracing::info_span!("session", listener, id = %connection.id(), %client);
        service.serve(connection).instrument(span).await;
    }
}

/// What must happen at the end of a session, however it ends.
struct SessionGuard {
    metrics: Arc<NetMetrics>,
    listener: &'static str,
    peer: Peer,
    _admitted: Admitted,
}

impl SessionGuard {
    fn new(
        metrics: &Arc<NetMetrics>,
        listener: &'static str,
        peer: Peer,
        admitted: Admitted,
    ) -> Self {
        metrics.opened();
        Self {
            metrics: Arc::clone(metrics),
            listener,
            peer,
            _admitted: admitted,
        }
    }
}

impl Drop for SessionGuard {
    fn drop(&mut self) {
        self.metrics.closed();
        if std::thread::panicking() {
            self.metrics.panicked();
            let (listener, peer) = (self.listener, self.peer);
            tracing::error!(listener, %peer, "a session panicked; the others go on");
        }
    }
}

/// Whose fault a failed accept is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// The client was gone before we took it: go on at once.
    OfTheClient,
    /// This process, or the machine, is out of file descriptors.
    NoDescriptors,
    /// Memory or something else: wait a little.
    OfTheSystem,
}

fn fault(error: &io::Error) -> Fault {
    use rustix::io::Errno;
    let Some(errno) = Errno::from_io_error(error) else {
        return Fault::OfTheSystem;
    };
    match errno {
        Errno::MFILE | Errno::NFILE => Fault::NoDescriptors,
        // Linux hands pending network errors of the new socket to accept(2).
        Errno::CONNABORTED
        | Errno::CONNRESET
        | Errno::INTR
        | Errno::PROTO
        | Errno::PERM
        | Errno::NETDOWN
        | Errno::NETUNREACH
        | Errno::HOSTDOWN
        | Errno::HOSTUNREACH
        | Errno::NOPROTOOPT
        | Errno::NONET
        | Errno::OPNOTSUPP => Fault::OfTheClient,
        _ => Fault::OfTheSystem,
    }
}

#[cfg(test)]
mod tests {
    use rustix::io::Errno;

    use super::*;

    #[test]
    fn only_a_lack_of_descriptors_sheds_clients() {
        for (errno, expected) in [
            (Errno::MFILE, Fault::NoDescriptors),
            (Errno::NFILE, Fault::NoDescriptors),
            (Errno::CONNABORTED, Fault::OfTheClient),
            (Errno::HOSTUNREACH, Fault::OfTheClient),
            (Errno::NOMEM, Fault::OfTheSystem),
            (Errno::NOBUFS, Fault::OfTheSystem),
        ] {
            assert_eq!(fault(&errno.into()), expected, "{errno}");
        }
        assert_eq!(fault(&io::ErrorKind::Other.into()), Fault::OfTheSystem);
    }
}
