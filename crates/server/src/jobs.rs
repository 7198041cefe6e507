//! Which background work this server knows.

use std::sync::Arc;

use hikyaku_jobs::{Runner, RunnerOptions, Work};

use crate::Store;

impl Store {
    /// Begins to run jobs: those of others that died too. A command that opened the store itself
    /// does this when it asks for one.
    pub fn start_jobs(&self) -> Runner {
        let metrics = Arc::clone(&self.jobs);
        Runner::start(
            self.db.clone(),
            self.works(),
            RunnerOptions::default(),
            metrics,
        )
    }

    /// One of each kind.
    fn works(&self) -> Vec<Arc<dyn Work>> {
        let mut works = hikyaku_control::usage::works(&self.mailstore);
        let (hashing, window) = (
            self.hashing.params(),
            self.mailstore.limits().restore_window,
        );
        works.extend(hikyaku_control::bulk::works(hashing, window));
        works
    }
}
