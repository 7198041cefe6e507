//! One session per mailbox at a time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use hikyaku_db::{Database, DbError};
use hikyaku_types::AccountId;
use tokio::{
    sync::Notify,
    time::{Instant, timeout_at},
};
use tokio_util::sync::CancellationToken;

use crate::shared_lock::{self, SharedLock};

/// The mailboxes in use by sessions of this process.
#[derive(Debug, Default)]
pub(crate) struct MaildropLocks {
    held: Mutex<HashMap<AccountId, Arc<Holder>>>,
    released: Notify,
}

/// The session that has a mailbox.
#[derive(Debug, Default)]
pub(crate) struct Holder {
    /// Since when it waits for its client; none while it works.
    idle_since: Mutex<Option<Instant>>,
    /// Cancelled when it shall give way.
    evicted: CancellationToken,
}

/// The right to be a mailbox's only session; its drop gives it back.
#[derive(Debug)]
pub(crate) struct MaildropLock {
    holder: Arc<Holder>,
    /// None only while it is dropped.
    place: Option<Place>,
    /// Among all processes, where there may be several.
    shared: Option<SharedLock>,
}

/// The entry of a session among those of this process; its drop removes it.
#[derive(Debug)]
pub(crate) struct Place {
    locks: Arc<MaildropLocks>,
    account: AccountId,
}

impl Holder {
    /// Gives way when the client has been silent for `idle`.
    pub(crate) fn give_way(&self, idle: Duration) {
        let since = *lock(&self.idle_since);
        if since.is_some_and(|since| since.elapsed() >= idle) {
            self.evict();
        }
    }

    /// Gives way at once.
    pub(crate) fn evict(&self) {
        self.evicted.cancel();
    }
}

impl MaildropLocks {
    /// Takes the mailbox as [`Self::acquire`] does, among all processes on this database.
    pub(crate) async fn acquire_in(
        self: &Arc<Self>,
        db: &Database,
        account: AccountId,
        patience: Duration,
        idle: Duration,
    ) -> Result<Option<MaildropLock>, DbError> {
        let deadline = Instant::now() + patience;
        let Some(mut taken) = self.acquire(account, patience, idle).await else {
            return Ok(None);
        };
        if shared_lock::is_shared(db) {
            taken.shared = shared_lock::take(db, account, &taken.holder, idle, deadline).await?;
            if taken.shared.is_none() {
                return Ok(None);
            }
        }
        Ok(Some(taken))
    }

    /// Takes the mailbox. If another session has it, waits up to `patience` for its end; one that
    /// has been idle for `idle` is told to give way.
    pub(crate) async fn acquire(
        self: &Arc<Self>,
        account: AccountId,
        patience: Duration,
        idle: Duration,
    ) -> Option<MaildropLock> {
        let deadline = Instant::now() + patience;
        loop {
            // Registered before the look, so that a release in between is not missed.
            let released = self.released.notified();
            if let Some(lock) = self.try_acquire(account, idle) {
                return Some(lock);
            }
            if timeout_at(deadline, released).await.is_err() {
                return self.try_acquire(account, idle);
            }
        }
    }

    fn try_acquire(self: &Arc<Self>, account: AccountId, idle: Duration) -> Option<MaildropLock> {
        let mut held = lock(&self.held);
        if let Some(holder) = held.get(&account) {
            holder.give_way(idle);
            return None;
        }
        let holder = Arc::<Holder>::default();
        held.insert(account, Arc::clone(&holder));
        Some(MaildropLock {
            holder,
            place: Some(Place {
                locks: Arc::clone(self),
                account,
            }),
            shared: None,
        })
    }
}

impl MaildropLock {
    /// The session begins to wait for its client.
    pub(crate) fn waits(&self) {
        *lock(&self.holder.idle_since) = Some(Instant::now());
    }

    /// The session works.
    pub(crate) fn works(&self) {
        *lock(&self.holder.idle_since) = None;
    }

    /// Gives the mailbox back; afterwards the next session can have it, in any process.
    pub(crate) async fn release(mut self) {
        if let (Some(shared), Some(place)) = (self.shared.take(), self.place.take()) {
            shared.release(place).await;
        }
    }

    /// Comes when the session shall give way.
    pub(crate) async fn evicted(&self) {
        self.holder.evicted.cancelled().await;
    }
}

impl Drop for MaildropLock {
    fn drop(&mut self) {
        // The place in this process is free when the one among all processes is.
        if let (Some(shared), Some(place)) = (self.shared.take(), self.place.take()) {
            shared.give_back(place);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.locks.held).remove(&self.account);
        self.locks.released.notify_waiters();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Values are replaced as a whole: a panic elsewhere leaves none half written.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use hikyaku_types::Id as _;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const IDLE: Duration = Duration::from_mins(2);

    fn account(raw: i64) -> AccountId {
        AccountId::from_i64(raw)
    }

    #[tokio::test(start_paused = true)]
    async fn a_mailbox_has_one_session() {
        let locks = Arc::<MaildropLocks>::default();
        let first = locks.acquire(account(1), SECOND, IDLE).await.unwrap();
        let start = Instant::now();
        assert!(locks.acquire(account(1), SECOND, IDLE).await.is_none());
        assert_eq!(start.elapsed(), SECOND);
        let other = locks.acquire(account(2), SECOND, IDLE).await;
        assert!(other.is_some(), "another mailbox is another matter");
        drop(first);
        assert!(locks.acquire(account(1), SECOND, IDLE).await.is_some());
        assert!(lock(&locks.held).contains_key(&account(2)));
        drop(other);
        assert!(lock(&locks.held).is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_that_ends_in_time_is_waited_for() {
        let locks = Arc::<MaildropLocks>::default();
        let first = locks.acquire(account(1), SECOND, IDLE).await.unwrap();
        let ending = async {
            tokio::time::sleep(SECOND / 2).await;
            drop(first);
        };
        let (second, ()) = tokio::join!(locks.acquire(account(1), SECOND, IDLE), ending);
        assert!(second.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn only_an_idle_session_gives_way() {
        let locks = Arc::<MaildropLocks>::default();
        let first = locks.acquire(account(1), SECOND, IDLE).await.unwrap();
        tokio::time::advance(IDLE * 2).await;
        assert!(locks.acquire(account(1), SECOND, IDLE).await.is_none());
        first.waits();
        tokio::time::advance(IDLE / 2).await;
        assert!(locks.acquire(account(1), SECOND, IDLE).await.is_none());
        first.works();
        tokio::time::advance(IDLE).await;
        assert!(locks.acquire(account(1), SECOND, IDLE).await.is_none());
        assert!(!first.holder.evicted.is_cancelled());

        first.waits();
        tokio::time::advance(IDLE).await;
        let giving_way = async {
            first.evicted().await;
            drop(first);
        };
        let (second, ()) = tokio::join!(locks.acquire(account(1), SECOND, IDLE), giving_way);
        assert!(second.is_some());
    }
}
