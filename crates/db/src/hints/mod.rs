//! Hints: "something changed for this key, look again".
//!
//! A hint carries no data and may be dropped, doubled or delayed: whoever gets one reads the change
//! log from its last modseq. What is promised: a hint for a transaction is published after its
//! commit, and a subscriber that is told of a key after a change sees at least that change.

mod carrier;

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use hikyaku_types::{AccountId, TenantId};
use tokio::sync::Notify;

pub(crate) use self::carrier::{EventCarrier, Route};

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hint {
    /// Mail of an account: mailboxes, messages, flags.
    Mail(AccountId),
    /// An account itself: credentials, switches, status, quota.
    Account(AccountId),
    /// A tenant itself: its status.
    Tenant(TenantId),
    /// Domains and addresses.
    Directory,
    /// The queue of messages to deliver.
    Queue,
    /// Background work: submitted, cancelled, ended.
    Jobs,
    /// The outbox of notices.
    Notices,
}

/// How many locks the subscriptions are spread over.
const SHARDS: usize = 16;

/// The subscriptions of this process.
#[derive(Debug, Clone, Default)]
pub struct Hints {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    hasher: RandomState,
    shards: [Mutex<HashMap<Hint, Arc<Slot>>>; SHARDS],
}

/// One key that somebody listens to.
#[derive(Debug, Default)]
struct Slot {
    /// Counts the hints for this key.
    version: AtomicU64,
    changed: Notify,
}

impl Hints {
    /// Listens to one key from now on. Costs one map entry per key and one pointer per listener;
    /// hints for other keys do not touch it.
    pub fn subscribe(&self, hint: Hint) -> HintSubscription {
        let slot = Arc::clone(self.inner.shard(hint).entry(hint).or_default());
        HintSubscription {
            seen: slot.version.load(Ordering::Acquire),
            hint,
            slot,
            inner: Arc::clone(&self.inner),
        }
    }

    /// Tells the listeners of each key.
    pub(crate) fn publish(&self, hints: &[Hint]) {
        for hint in hints {
            let slot = self.inner.shard(*hint).get(hint).cloned();
            if let Some(slot) = slot {
                slot.wake();
            }
        }
    }

    /// Tells everybody: hints may have been lost.
    pub(crate) fn wake_all(&self) {
        for shard in &self.inner.shards {
            let slots: Vec<_> = lock(shard).values().cloned().collect();
            for slot in slots {
                slot.wake();
            }
        }
    }
}

impl Inner {
    fn shard(&self, hint: Hint) -> MutexGuard<'_, HashMap<Hint, Arc<Slot>>> {
        let at = self.hasher.hash_one(hint) as usize % SHARDS;
        lock(
            self.shards
                .get(at)
                .expect("invariant: a remainder is within the array"),
        )
    }
}

impl Slot {
    fn wake(&self) {
        self.version.fetch_add(1, Ordering::AcqRel);
        self.changed.notify_waiters();
    }
}

/// A listener to one key.
#[derive(Debug)]
pub struct HintSubscription {
    hint: Hint,
    slot: Arc<Slot>,
    seen: u64,
    inner: Arc<Inner>,
}

impl HintSubscription {
    /// Waits until there was a hint since the last call (or since the subscription). Any number of
    /// hints make one return. Cancel safe.
    pub async fn changed(&mut self) {
        loop {
            // Made before the look at the version: a hint in between wakes it.
            let notified = self.slot.changed.notified();
            let version = self.slot.version.load(Ordering::Acquire);
            if version != self.seen {
                self.seen = version;
                return;
            }
            notified.await;
        }
    }

    /// Whether there was a hint since the last [`HintSubscription::changed`], without waiting.
    pub fn has_changed(&self) -> bool {
        self.slot.version.load(Ordering::Acquire) != self.seen
    }

    /// The key.
    pub fn hint(&self) -> Hint {
        self.hint
    }
}

impl Drop for HintSubscription {
    fn drop(&mut self) {
        let mut shard = self.inner.shard(self.hint);
        // The map's pointer and this one: nobody else listens, and nobody can begin to while the
        // shard is locked.
        if Arc::strong_count(&self.slot) <= 2 {
            shard.remove(&self.hint);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use hikyaku_types::Id;

    use super::*;

    fn mail(id: i64) -> Hint {
        Hint::Mail(AccountId::from_i64(id))
    }

    #[tokio::test]
    async fn a_hint_reaches_the_listeners_of_its_key_only() {
        let hints = Hints::default();
        let (mut one, mut again, other) = (
            hints.subscribe(mail(1)),
            hints.subscribe(mail(1)),
            hints.subscribe(mail(2)),
        );
        hints.publish(&[mail(1), mail(1), mail(3)]);
        one.changed().await;
        again.changed().await;
        assert!(!one.has_changed() && !other.has_changed());
        hints.wake_all();
        assert!(one.has_changed() && other.has_changed());
    }

    #[tokio::test]
    async fn a_waiting_listener_is_woken_and_a_cancelled_wait_loses_nothing() {
        let hints = Hints::default();
        let mut listener = hints.subscribe(Hint::Queue);
        {
            let mut waiting = Box::pin(listener.changed());
            assert!(futures_poll(&mut waiting).await.is_none());
            hints.publish(&[Hint::Queue]);
        }
        listener.changed().await;
        assert!(!listener.has_changed());
    }

    #[test]
    fn the_last_listener_takes_its_key_along() {
        let hints = Hints::default();
        let (one, two) = (hints.subscribe(mail(1)), hints.subscribe(mail(1)));
        drop(one);
        assert_eq!(hints.inner.shard(mail(1)).len(), 1);
        drop(two);
        assert_eq!(hints.inner.shard(mail(1)).len(), 0);
    }

    async fn futures_poll<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
        std::future::poll_fn(|context| {
            std::task::Poll::Ready(match std::pin::Pin::new(&mut *future).poll(context) {
                std::task::Poll::Ready(output) => Some(output),
                std::task::Poll::Pending => None,
            })
        })
        .await
    }
}
