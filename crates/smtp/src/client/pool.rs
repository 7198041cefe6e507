//! Connections that wait for the next message.
//!
//! Each has a task that closes it at the end of its time; the lock is never held across a wait.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::future::join_all;
use hikyaku_types::Domain;

use super::{KeepLimits, remote::Remote};

/// Whose messages may go over a connection.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum RouteKey {
    /// Those for a domain.
    Domain(Domain),
    /// All.
    SmartHost,
}

/// Idle connections. Clones are the same pool.
#[derive(Debug, Clone)]
pub(super) struct Pool {
    limits: KeepLimits,
    quit: Duration,
    idle: Arc<Mutex<Idle>>,
}

#[derive(Debug, Default)]
struct Idle {
    routes: HashMap<RouteKey, Vec<(u64, Remote)>>,
    count: usize,
    next: u64,
    is_closed: bool,
}

impl Idle {
    fn remove(&mut self, route: &RouteKey, number: Option<u64>) -> Option<Remote> {
        let waiting = self.routes.get_mut(route)?;
        let at = match number {
            Some(number) => waiting.iter().position(|(own, _)| *own == number)?,
            // The youngest: it is the least likely to have been closed by the other side.
            None => waiting.len().checked_sub(1)?,
        };
        let (_, remote) = waiting.remove(at);
        if waiting.is_empty() {
            self.routes.remove(route);
        }
        self.count -= 1;
        Some(remote)
    }
}

impl Pool {
    pub(super) fn new(limits: KeepLimits, quit: Duration) -> Self {
        Self {
            limits,
            quit,
            idle: Arc::default(),
        }
    }

    /// A connection of this route.
    pub(super) fn take(&self, route: &RouteKey) -> Option<Remote> {
        self.lock().remove(route, None)
    }

    /// Keeps a connection for its time, if there is room; else it is left. Does not wait, and
    /// sends nothing now that it is kept.
    pub(super) fn put(&self, route: RouteKey, remote: Remote) {
        let mut idle = self.lock();
        let of_route = idle.routes.get(&route).map_or(0, Vec::len);
        let is_kept = remote.is_usable()
            && !idle.is_closed
            && !self.limits.idle.is_zero()
            && remote.messages < self.limits.messages
            && idle.count < self.limits.connections
            && of_route < self.limits.per_route;
        if !is_kept {
            drop(idle);
            remote.leave(self.quit);
            return;
        }
        let number = idle.next;
        idle.next += 1;
        idle.count += 1;
        let waiting = idle.routes.entry(route.clone()).or_default();
        waiting.push((number, remote));
        drop(idle);
        let pool = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(pool.limits.idle).await;
            let remote = pool.lock().remove(&route, Some(number));
            if let Some(remote) = remote {
                remote.quit(pool.quit).await;
            }
        });
    }

    /// Closes all, and whatever comes back later.
    pub(super) async fn close(&self) {
        let routes = {
            let mut idle = self.lock();
            idle.is_closed = true;
            idle.count = 0;
            std::mem::take(&mut idle.routes)
        };
        let remotes = routes.into_values().flatten();
        join_all(remotes.map(|(_, remote)| remote.quit(self.quit))).await;
    }

    fn lock(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
