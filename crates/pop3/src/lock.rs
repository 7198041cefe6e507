//! One session per mailbox at a time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use hikyaku_types::AccountId;
use tokio::{
    sync::Notify,
    time::{Instant, timeout_at},
};
use tokio_util::sync::CancellationToken;

/// The mailboxes in use by sessions of this process.
#[derive(Debug, Default)]
pub(crate) struct MaildropLocks {
    held: Mutex<HashMap<AccountId, Arc<Holder>>>,
    released: Notify,
}

/// The session that has a mailbox.
#[derive(Debug, Default)]
struct Holder {
    /// Since when it waits for its client; none while it works.
    idle_since: Mutex<Option<Instant>>,
    /// Cancelled when it shall give way.
    evicted: CancellationToken,
}

/// The right to be a mailbox's only session; its drop gives it back.
#[derive(Debug)]
pub(crate) struct MaildropLock {
    locks: Arc<MaildropLocks>,
    account: AccountId,
    holder: Arc<Holder>,
}

impl MaildropLocks {
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
            let since = *lock(&holder.idle_since);
            if since.is_some_and(|since| since.elapsed() >= idle) {
                holder.evicted.cancel();
            }
            return None;
        }
        let holder = Arc::<Holder>::default();
        held.insert(account, Arc::clone(&holder));
        Some(MaildropLock {
            locks: Arc::clone(self),
            account,
            holder,
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

    /// Comes when the session shall give way.
    pub(crate) async fn evicted(&self) {
        self.holder.evicted.cancelled().await;
    }
}

impl Drop for MaildropLock {
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
