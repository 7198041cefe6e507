//! One session per mailbox at a time, among all processes on one database.
//!
//! Beside the lock within this process a session has a turn in the database. It is kept while the
//! session lasts; a process that dies lets go when the time of the turn is over.

use std::{sync::Arc, time::Duration};

use hikyaku_db::{Database, DbError, Engine, Kept, Turn};
use hikyaku_types::AccountId;
use tokio::{
    sync::oneshot,
    task::JoinHandle,
    time::{Instant, sleep},
};
use tracing::warn;

use crate::lock::{Holder, Place};

/// How long a mailbox stays taken after the process of its session died (default 30 seconds).
const TURN: Duration = Duration::from_secs(30);
/// How often a session's turn is kept (default 10 seconds: two may fail).
const KEEP_EVERY: Duration = Duration::from_secs(10);
/// How often a session looks whether one of another process has let go (default 100 ms).
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A session's turn at its mailbox; its drop gives it back.
#[derive(Debug)]
pub(crate) struct SharedLock {
    end: oneshot::Sender<Place>,
    keeper: JoinHandle<()>,
}

impl SharedLock {
    /// Gives the turn back, then the place in this process.
    pub(crate) fn give_back(self, place: Place) -> JoinHandle<()> {
        // A keeper that is gone has nothing to give back.
        let _ = self.end.send(place);
        self.keeper
    }

    /// The same, and waits until it is done.
    pub(crate) async fn release(self, place: Place) {
        // A keeper that panicked has left the turn to its time.
        let _ = self.give_back(place).await;
    }
}

/// Whether other processes may serve the same mailboxes.
pub(crate) fn is_shared(db: &Database) -> bool {
    db.engine() == Engine::Postgres
}

/// Takes the turn, waiting for it until `deadline`. A holder that has been idle for `idle` gives
/// way when another process asks, and at once when its turn is lost.
pub(crate) async fn take(
    db: &Database,
    account: AccountId,
    holder: &Arc<Holder>,
    idle: Duration,
    deadline: Instant,
) -> Result<Option<SharedLock>, DbError> {
    let name = format!("pop3:{account}");
    loop {
        if let Some(turn) = db.take_turn(&name, TURN).await? {
            let (end, ended) = oneshot::channel();
            let keeper = Keeper {
                db: db.clone(),
                holder: Arc::clone(holder),
                idle,
            };
            let keeper = tokio::spawn(keeper.run(turn, ended));
            return Ok(Some(SharedLock { end, keeper }));
        }
        if Instant::now() + LOOK_EVERY > deadline {
            return Ok(None);
        }
        sleep(LOOK_EVERY).await;
    }
}

struct Keeper {
    db: Database,
    holder: Arc<Holder>,
    idle: Duration,
}

impl Keeper {
    async fn run(self, turn: Turn, mut ended: oneshot::Receiver<Place>) {
        let mut until = Instant::now() + TURN;
        let place = loop {
            tokio::select! {
                place = &mut ended => break place,
                () = sleep(KEEP_EVERY) => {}
            }
            match self.db.keep_turn(&turn, TURN).await {
                Ok(Kept::Lost) => self.holder.evict(),
                Ok(kept) => {
                    until = Instant::now() + TURN;
                    if kept == Kept::Wanted {
                        self.holder.give_way(self.idle);
                    }
                }
                Err(_) if Instant::now() < until => {}
                Err(_) => self.holder.evict(),
            }
        };
        if let Err(error) = self.db.end_turn(turn).await {
            warn!(
                error = &error as &dyn std::error::Error,
                "a mailbox stays taken for up to {} seconds",
                TURN.as_secs()
            );
        }
        drop(place);
    }
}
