//! Password hashing on threads of its own, so many at a time that memory stays bounded.
//!
//! One computation takes the memory its parameters say (19 MiB by default). The number of slots
//! bounds the memory, the queue bounds how long anybody waits: who comes when it is full is told to
//! come again instead of piling up.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use hikyaku_types::Secret;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{HashParams, PasswordError, PasswordHash};

/// How much hashing goes on at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashPoolOptions {
    /// What new hashes cost.
    pub params: HashParams,
    /// Computations at once. Default: one per processor; more would only take memory.
    pub slots: usize,
    /// Computations that may wait. Default [`HashPoolOptions::DEFAULT_QUEUE`].
    pub queue: usize,
}

impl HashPoolOptions {
    /// About five seconds of waiting per slot with the default parameters.
    pub const DEFAULT_QUEUE: usize = 256;
}

impl Default for HashPoolOptions {
    fn default() -> Self {
        Self {
            params: HashParams::DEFAULT,
            slots: thread::available_parallelism().map_or(1, usize::from),
            queue: Self::DEFAULT_QUEUE,
        }
    }
}

/// The queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are waiting to be checked")]
pub struct Busy;

/// Why [`HashPool::hash`] made no hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HashError {
    /// The text cannot be a password.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The queue is full.
    #[error(transparent)]
    Busy(#[from] Busy),
}

/// The threads that compute password hashes. Cheap to clone; all clones share slots and queue.
#[derive(Debug, Clone)]
pub struct HashPool(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    options: HashPoolOptions,
    slots: Arc<Semaphore>,
    waiting: AtomicUsize,
}

impl HashPool {
    /// A pool with these options; at least one slot.
    pub fn new(options: HashPoolOptions) -> Self {
        let slots = options.slots.clamp(1, Semaphore::MAX_PERMITS);
        Self(Arc::new(Inner {
            options: HashPoolOptions { slots, ..options },
            slots: Arc::new(Semaphore::new(slots)),
            waiting: AtomicUsize::new(0),
        }))
    }

    /// What new hashes cost.
    pub fn params(&self) -> HashParams {
        self.0.options.params
    }

    /// How many computations run at once.
    pub fn slots(&self) -> usize {
        self.0.options.slots
    }

    /// How many computations wait right now.
    pub fn waiting(&self) -> usize {
        self.0.waiting.load(Ordering::Relaxed)
    }

    /// Hashes a new password.
    pub async fn hash(&self, password: Secret) -> Result<PasswordHash, HashError> {
        let params = self.params();
        Ok(self
            .run(move || PasswordHash::compute(&password, params))
            .await??)
    }

    /// Runs one computation in a slot. When the caller goes away, one that has begun ends all the
    /// same, holding its slot; one that waits gives its place up.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let permit = self.slot().await?;
        let task = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(permit);
            result
        });
        match task.await {
            Ok(result) => Ok(result),
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime shuts down before the work began.
                Err(_) => Err(Busy),
            },
        }
    }

    async fn slot(&self) -> Result<OwnedSemaphorePermit, Busy> {
        if let Ok(permit) = Arc::clone(&self.0.slots).try_acquire_owned() {
            return Ok(permit);
        }
        let _place = Place::take(&self.0)?;
        Arc::clone(&self.0.slots)
            .acquire_owned()
            .await
            .map_err(|_| Busy)
    }
}

/// A place in the queue, given up when dropped.
struct Place<'a>(&'a Inner);

impl<'a> Place<'a> {
    fn take(inner: &'a Inner) -> Result<Self, Busy> {
        let taken = inner
            .waiting
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |waiting| {
                (waiting < inner.options.queue).then_some(waiting + 1)
            });
        match taken {
            Ok(_) => Ok(Self(inner)),
            Err(_) => Err(Busy),
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn pool(slots: usize, queue: usize) -> HashPool {
        HashPool::new(HashPoolOptions {
            params: HashParams::UNSAFE_FOR_TESTS,
            slots,
            queue,
        })
    }

    #[tokio::test]
    async fn slots_bound_what_runs_and_the_queue_bounds_what_waits() {
        let pool = pool(1, 1);
        let (let_go, wait) = mpsc::channel::<()>();
        let (begun, begins) = tokio::sync::oneshot::channel();
        let clone = pool.clone();
        let running = tokio::spawn(async move {
            clone
                .run(move || {
                    begun.send(()).unwrap();
                    wait.recv().unwrap();
                })
                .await
        });
        begins.await.unwrap();
        let mut waiting = Box::pin(pool.run(|| 1));
        assert!(futures_poll(&mut waiting).await.is_none());
        assert_eq!(pool.waiting(), 1);
        assert_eq!(pool.run(|| 2).await, Err(Busy));
        // Who gives up leaves the place to the next.
        drop(waiting);
        assert_eq!(pool.waiting(), 0);
        let next = pool.run(|| 3);
        let_go.send(()).unwrap();
        assert_eq!(next.await, Ok(3));
        running.await.unwrap().unwrap();
        assert_eq!(pool.waiting(), 0);
    }

    /// Polls a future once.
    async fn futures_poll<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
        std::future::poll_fn(|context| {
            std::task::Poll::Ready(match std::pin::Pin::new(&mut *future).poll(context) {
                std::task::Poll::Ready(output) => Some(output),
                std::task::Poll::Pending => None,
            })
        })
        .await
    }

    #[tokio::test]
    async fn a_computation_that_has_begun_keeps_its_slot_when_its_caller_goes() {
        let pool = pool(1, 0);
        let (let_go, wait) = mpsc::channel::<()>();
        let (begun, begins) = tokio::sync::oneshot::channel();
        let clone = pool.clone();
        let caller = tokio::spawn(async move {
            clone
                .run(move || {
                    begun.send(()).unwrap();
                    wait.recv().unwrap();
                })
                .await
        });
        begins.await.unwrap();
        caller.abort();
        assert!(caller.await.unwrap_err().is_cancelled());
        assert_eq!(pool.run(|| ()).await, Err(Busy));
        let_go.send(()).unwrap();
        drop(pool.0.slots.acquire().await.unwrap());
        assert_eq!(pool.run(|| 1).await, Ok(1));
    }

    #[tokio::test]
    async fn passwords_are_hashed_with_the_pools_parameters() {
        let pool = pool(2, 8);
        let hash = pool.hash("secret".into()).await.unwrap();
        assert!(hash.verify(&"secret".into()) && !hash.differs_from(pool.params()));
        assert_eq!(
            pool.hash("".into()).await,
            Err(HashError::Password(PasswordError::Empty))
        );
    }
}
