//! Admission, sessions and their orderly end.
//!
//! One gate serves all listeners of a process, because the limits on connections are limits of
//! the process. Every connection is one task. At the end the gate stops accepting, tells the
//! sessions, waits, and only then ends what is left by force.

mod accept;
mod admission;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::timeout;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::admission::Admission;
use crate::{
    ClosedZone, Listener, NetMetrics, RateLimit, Service, WRITE_TIMEOUT, descriptors::Reserve,
};

/// How long the sessions ended by force may take to be gone; they only run destructors.
const ABORT_TIMEOUT: Duration = Duration::from_secs(5);

/// The limits on connections. In all of them 0 means no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GateLimits {
    /// Open connections of the process. Default 10,000; the operator sees to it that the limit
    /// of open files is higher (see [`crate::raise_file_limit`]). Local sockets are let in beyond
    /// it.
    pub total: usize,
    /// How many of these only clients of the closed zone may use, so that monitoring, LMTP and
    /// administrators get in when the Internet takes all the rest. Default 100.
    pub kept_for_closed_zone: usize,
    /// Open connections of one client ([`crate::ClientKey`]) from the Internet. Default 50: an
    /// office behind one address with a few dozen mail programs.
    pub per_client: usize,
    /// The same for a client in the closed zone, such as a webmail or a filter. Default 0.
    pub per_closed_zone_client: usize,
    /// New connections of one client from the Internet. Default 240 per minute.
    pub new_per_client: RateLimit,
}

impl Default for GateLimits {
    fn default() -> Self {
        Self {
            total: 10_000,
            kept_for_closed_zone: 100,
            per_client: 50,
            per_closed_zone_client: 0,
            new_per_client: RateLimit::per_minute(240),
        }
    }
}

/// How a gate works.
#[derive(Debug, Clone)]
pub struct GateOptions {
    /// The networks that count as the closed zone. Default: loopback.
    pub zone: ClosedZone,
    /// The limits on connections.
    pub limits: GateLimits,
    /// How long a TLS handshake at the start of a connection may take. Default 20 seconds.
    pub handshake_timeout: Duration,
    /// How long a piece of output may take. Default [`WRITE_TIMEOUT`].
    pub write_timeout: Duration,
}

impl Default for GateOptions {
    fn default() -> Self {
        Self {
            zone: ClosedZone::default(),
            limits: GateLimits::default(),
            handshake_timeout: Duration::from_secs(20),
            write_timeout: WRITE_TIMEOUT,
        }
    }
}

/// How a drain went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrainReport {
    /// Sessions that were open at its start.
    pub sessions: usize,
    /// Those of them that had to be ended by force.
    pub aborted: usize,
}

/// The gate. Clones are the same gate.
#[derive(Clone)]
pub struct Gate {
    shared: Arc<Shared>,
}

struct Shared {
    options: GateOptions,
    admission: Admission,
    /// Locked for each accept; see [`Reserve`].
    reserve: Mutex<Reserve>,
    tasks: Tasks,
    metrics: Mutex<Vec<(&'static str, Arc<NetMetrics>)>>,
}

/// The tasks and the three steps of ending them.
#[derive(Default)]
struct Tasks {
    accept_loops: TaskTracker,
    sessions: TaskTracker,
    /// Step one: no new clients.
    stop: CancellationToken,
    /// Step two: sessions end at the next opportunity.
    drain: CancellationToken,
    /// Step three: sessions are dropped where they wait.
    abort: CancellationToken,
}

impl Gate {
    /// A gate without listeners.
    pub fn new(options: GateOptions) -> Self {
        Self {
            shared: Arc::new(Shared {
                admission: Admission::new(options.limits),
                options,
                reserve: Mutex::new(Reserve::take()),
                tasks: Tasks::default(),
                metrics: Mutex::default(),
            }),
        }
    }

    /// Starts serving what connects to `listener`.
    pub fn serve<S: Service>(&self, listener: Listener, service: Arc<S>) -> Arc<NetMetrics> {
        let metrics = Arc::<NetMetrics>::default();
        self.shared
            .metrics
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((listener.options.name, Arc::clone(&metrics)));
        let accepting = accept::run(
            Arc::clone(&self.shared),
            listener,
            service,
            Arc::clone(&metrics),
        );
        self.shared.tasks.accept_loops.spawn(accepting);
        metrics
    }

    /// The counters of every listener, by its name (a name may occur more than once).
    pub fn metrics(&self) -> Vec<(&'static str, Arc<NetMetrics>)> {
        self.shared
            .metrics
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Sessions open now.
    pub fn open_sessions(&self) -> usize {
        self.shared.tasks.sessions.len()
    }

    /// The networks that count as the closed zone.
    pub fn zone(&self) -> &ClosedZone {
        &self.shared.options.zone
    }

    /// Ends everything: closes the listeners, tells the sessions, waits up to `grace` for them,
    /// then drops those that are left. A client that connects meanwhile finds a closed port.
    pub async fn drain(&self, grace: Duration) -> DrainReport {
        let tasks = &self.shared.tasks;
        tasks.stop.cancel();
        tasks.accept_loops.close();
        tasks.accept_loops.wait().await;
        let sessions = tasks.sessions.len();
        tasks.drain.cancel();
        tasks.sessions.close();
        let mut aborted = 0;
        if timeout(grace, tasks.sessions.wait()).await.is_err() {
            aborted = tasks.sessions.len();
            tracing::warn!(sessions = aborted, "ending sessions by force");
            tasks.abort.cancel();
            if timeout(ABORT_TIMEOUT, tasks.sessions.wait()).await.is_err() {
                let left = tasks.sessions.len();
                tracing::error!(
                    sessions = left,
                    "sessions do not end: they block their thread"
                );
            }
        }
        DrainReport { sessions, aborted }
    }
}

impl Shared {
    fn reserve(&self) -> MutexGuard<'_, Reserve> {
        self.reserve.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate")
            .field("options", &self.shared.options)
            .field("open_sessions", &self.open_sessions())
            .finish_non_exhaustive()
    }
}
