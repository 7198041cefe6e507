//! How hints reach the other processes of the same database.

use std::sync::{Arc, OnceLock};

use super::Hint;

/// Takes hints to other processes. Without a route (SQLite: there is one process) they stay here.
#[derive(Debug, Default)]
pub(crate) struct EventCarrier {
    route: OnceLock<Arc<dyn Route>>,
}

/// One way to other processes, say PostgreSQL's NOTIFY.
pub(crate) trait Route: Send + Sync + std::fmt::Debug {
    /// Sends the hints of committed transactions, soon and coalesced. Never blocks.
    fn send(&self, hints: &[Hint]);
}

impl EventCarrier {
    /// Sends hints from now on by this route. The first route stays.
    pub(crate) fn connect(&self, route: Arc<dyn Route>) {
        // A second call would be a mistake of the store; its hints go the first route all the same.
        let _ = self.route.set(route);
    }

    /// Sends the hints of committed transactions.
    pub(crate) fn carry(&self, hints: &[Hint]) {
        if let Some(route) = self.route.get() {
            route.send(hints);
        }
    }
}
