//! Who signed in, or tried to (US-07): noted in memory while the sign-in goes on, written in
//! batches afterwards.
//!
//! Invariants:
//! - A sign-in never waits for its history. The buffer is bounded; what does not fit is counted
//!   and lost, and so is what a crash takes: at most a batch. The history is a report, no promise.
//! - What is alike is one row with a count: a client that polls makes one row a day, who guesses
//!   one an hour for each network.
//! - Names that nobody has leave no trace here.
//! - Failures are counted for the lock in the transaction that writes them ([`crate::lockout`]),
//!   and whoever is to be told is told in it.

mod list;
mod write;

use std::{
    collections::VecDeque,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use hikyaku_db::{Database, DbError, Lane, WriteTx, params};
use hikyaku_directory::AccountScope;
use hikyaku_types::{AppPasswordId, Timestamp};
use tokio::sync::Notify;

pub use list::{After, Event, Query, list};

use crate::{lockout::LockObserver, sign_in::Protocol};

/// Days that the history is kept: 90 (US-07).
pub const KEPT_DAYS: u32 = 90;
/// Tries that wait to be written at most: 10,000, some 2 MB, or seconds of the busiest host.
pub const MAX_WAITING: usize = 10_000;
/// Tries written in one transaction at most: 256, a few milliseconds of the writer.
const MAX_BATCH: usize = 256;
/// How long tries are collected before they are written: 1 s.
const COLLECT: Duration = Duration::from_secs(1);
/// Rows deleted in one transaction of [`purge`]: 1,000.
const PURGE_CHUNK: u32 = 1_000;
/// Characters of a client's name at most that are kept: 200.
const MAX_CLIENT_CHARS: usize = 200;

/// What became of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Somebody signed in.
    Success,
    /// The password was wrong.
    WrongPassword,
    /// The account was locked.
    Locked,
    /// The secret was right, but may not be used this way.
    NotAllowed,
    /// The password was right and has to be changed first.
    MustChange,
    /// The password was right, and the protocol wants an app password.
    AppPasswordNeeded,
    /// Too many failures before; nothing was checked.
    Throttled,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Success,
        Self::WrongPassword,
        Self::Locked,
        Self::NotAllowed,
        Self::MustChange,
        Self::AppPasswordNeeded,
        Self::Throttled,
    ];

    /// The word in the table and in the API.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::WrongPassword => "wrong_password",
            Self::Locked => "locked",
            Self::NotAllowed => "not_allowed",
            Self::MustChange => "must_change",
            Self::AppPasswordNeeded => "app_password_needed",
            Self::Throttled => "throttled",
        }
    }

    /// The outcome of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.word() == word)
    }
}

/// Whether a failure counts for the account's lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counts {
    Yes,
    No,
}

/// One try of an account that exists.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) scope: AccountScope,
    pub(crate) at: Timestamp,
    pub(crate) protocol: Protocol,
    pub(crate) ip: IpAddr,
    /// As the client calls itself: from outside, of any length.
    pub(crate) client: String,
    pub(crate) outcome: Outcome,
    pub(crate) counts: Counts,
    /// The app password that was right, with its label.
    pub(crate) app_password: Option<(AppPasswordId, String)>,
}

/// What waits to be written. Cheap to clone; all clones share one buffer.
#[derive(Debug, Clone)]
pub struct History(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    db: Database,
    waiting: Mutex<Waiting>,
    noted: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    seen: VecDeque<Seen>,
    lost: u64,
}

impl History {
    pub(crate) fn new(db: Database) -> Self {
        Self(Arc::new(Inner {
            db,
            waiting: Mutex::default(),
            noted: Notify::new(),
        }))
    }

    /// Takes a try in, if there is room.
    pub(crate) fn note(&self, mut seen: Seen) {
        if seen.client.chars().nth(MAX_CLIENT_CHARS).is_some()
            || seen.client.contains(char::is_control)
        {
            let kept = seen.client.chars().filter(|c| !c.is_control());
            seen.client = kept.take(MAX_CLIENT_CHARS).collect();
        }
        let mut waiting = self.waiting();
        if waiting.seen.len() >= MAX_WAITING {
            waiting.lost += 1;
            return;
        }
        waiting.seen.push_back(seen);
        drop(waiting);
        self.0.noted.notify_one();
    }

    /// Tries that were lost because there was no room or the database could not take them.
    pub fn lost(&self) -> u64 {
        self.waiting().lost
    }

    /// Writes for as long as the server runs; to be dropped when it stops, after a last
    /// [`History::flush`].
    pub async fn run(&self, observer: Arc<dyn LockObserver>) {
        loop {
            self.0.noted.notified().await;
            tokio::time::sleep(COLLECT).await;
            if let Err(error) = self.flush(Arc::clone(&observer)).await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "a part of the sign-in history is lost"
                );
            }
        }
    }

    /// Writes what waits.
    ///
    /// # Errors
    /// When the database cannot take it: what it could not take is lost.
    pub async fn flush(&self, observer: Arc<dyn LockObserver>) -> Result<(), DbError> {
        loop {
            let batch = self.take();
            if batch.is_empty() {
                return Ok(());
            }
            let count = batch.len() as u64;
            let rows: Arc<[write::Alike]> = write::collapse(batch).into();
            let observer = Arc::clone(&observer);
            let write = move |tx: &WriteTx<'_>| write::write(tx, &rows, observer.as_ref());
            if let Err(error) = self.0.db.write(Lane::Background, write).await {
                self.waiting().lost += count;
                return Err(error);
            }
        }
    }

    fn take(&self) -> Vec<Seen> {
        let mut waiting = self.waiting();
        let count = waiting.seen.len().min(MAX_BATCH);
        waiting.seen.drain(..count).collect()
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // Entries are moved as a whole: a panic elsewhere leaves none half written.
        self.0
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Removes a chunk of what is older than `before`; says how many rows went, 0 when all are gone.
pub fn purge(tx: &WriteTx<'_>, before: Timestamp) -> Result<u64, DbError> {
    tx.execute(PURGE, params![before, PURGE_CHUNK])
}

const PURGE: &str = "\
    DELETE FROM sign_in_event WHERE id IN \
        (SELECT id FROM sign_in_event WHERE last_at < ?1 ORDER BY last_at LIMIT ?2)";

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_purge_looks_up_by_index_only() {
        hikyaku_db::testing::assert_only_searches(PURGE.to_owned(), 2).await;
    }

    #[test]
    fn outcomes_come_back_from_their_words() {
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::from_word(outcome.word()), Some(outcome));
        }
    }
}
