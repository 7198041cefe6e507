//! The thread that keeps the node number of this process leased.

use std::sync::Arc;

use crate::{
    error::DbError,
    ids::Wake,
    job::{Job, WriteJob},
    lease,
    store::{Shared, Store},
    tx::WriteTx,
};

/// Keeps the node number leased.
pub(crate) struct Keeper {
    store: Arc<Store>,
    shared: Arc<Shared>,
    holder: String,
}

impl Keeper {
    /// A keeper that has leased a number. Blocks.
    pub(crate) fn start(store: Arc<Store>, shared: Arc<Shared>) -> Result<Self, DbError> {
        let holder = lease::holder_name();
        let keeper = Self {
            store,
            shared,
            holder,
        };
        keeper.acquire()?;
        Ok(keeper)
    }

    /// Renews the lease until the ids are closed, then gives the number back.
    pub(crate) fn run(self) {
        let mut next = self.shared.ids.wait(lease::RENEW_EVERY);
        while next == Wake::Renew {
            next = match self.renew() {
                Ok(()) => self.shared.ids.wait(lease::RENEW_EVERY),
                Err(error) => {
                    tracing::warn!(%error, "the node number could not be renewed");
                    self.shared.ids.pause(lease::RETRY_EVERY)
                }
            };
        }
        self.release();
    }

    fn acquire(&self) -> Result<(), DbError> {
        let holder = self.holder.clone();
        let (_, last_ms) = self.shared.ids.standing();
        let lease = self.write(move |tx| lease::acquire(tx, &holder, last_ms))?;
        self.shared.ids.install(lease);
        tracing::debug!(node = lease.node, "node number leased");
        Ok(())
    }

    fn renew(&self) -> Result<(), DbError> {
        let (Some(lease), last_ms) = self.shared.ids.standing() else {
            return self.acquire();
        };
        let holder = self.holder.clone();
        if let Some(lease) = self.write(move |tx| lease::renew(tx, &holder, lease, last_ms))? {
            self.shared.ids.install(lease);
            return Ok(());
        }
        self.shared.ids.revoke();
        tracing::warn!(
            node = lease.node,
            "the node number was lost: taking another"
        );
        self.acquire()
    }

    fn release(&self) {
        let (Some(lease), last_ms) = self.shared.ids.end() else {
            return;
        };
        let holder = self.holder.clone();
        let released = self.write(move |tx| lease::release(tx, &holder, lease, last_ms));
        if let Err(error) = released {
            tracing::warn!(%error, "the node number could not be given back");
        }
    }

    /// Runs a write closure of the store itself and waits for it.
    fn write<T: Send + 'static>(
        &self,
        closure: impl Fn(&WriteTx<'_>) -> Result<T, DbError> + Send + 'static,
    ) -> Result<T, DbError> {
        let (job, answer) = Job::new(closure);
        self.store.write_internal(job as Box<dyn WriteJob>)?;
        answer.blocking_recv().unwrap_or(Err(DbError::Closed))
    }
}
