//! The bounded queue with two lanes between the callers and the engine's threads.
//!
//! Foreground work goes before background work, but not for ever: after
//! [`FOREGROUND_PER_BACKGROUND`] foreground jobs a waiting background job has its turn. Callers
//! wait (asynchronously) for room; each lane has its own bound, so that background work
//! cannot fill the queue in front of mail.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use tokio::sync::Semaphore;

use crate::error::DbError;

/// How many foreground jobs may go before a background job that waits (default 32: background work
/// takes about a quarter of a writer that is never idle when its chunks are ten times as long).
pub const FOREGROUND_PER_BACKGROUND: u32 = 32;

/// Which work goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lane {
    /// A person or a peer waits for the answer.
    Mail,
    /// Jobs, purges, imports: in chunks of about 10 ms.
    Background,
}

/// A queue with two lanes.
pub(crate) struct LaneQueue<J> {
    state: Mutex<State<J>>,
    arrived: Condvar,
    mail_room: Semaphore,
    background_room: Semaphore,
    /// How many background jobs may run at the same time, if that is bounded.
    background_limit: Option<usize>,
}

struct State<J> {
    mail: VecDeque<Entry<J>>,
    background: VecDeque<Entry<J>>,
    /// Mail jobs taken since background work has been waiting.
    overtaken: u32,
    /// Background jobs that were taken and are not finished.
    background_running: usize,
    closed: bool,
}

struct Entry<J> {
    job: J,
    queued_at: Instant,
    /// Whether the job took a place of its lane, to be given back.
    counted: bool,
}

/// A job that left the queue.
pub(crate) struct Taken<J> {
    pub(crate) job: J,
    pub(crate) lane: Lane,
    pub(crate) queued_at: Instant,
}

impl<J> LaneQueue<J> {
    /// A queue that holds up to `limit` jobs in each lane. Its threads together run up to
    /// `background_limit` background jobs at the same time, and then tell of each job that it is
    /// [`LaneQueue::finished`].
    pub(crate) fn new(limit: usize, background_limit: Option<usize>) -> Self {
        let limit = limit.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            state: Mutex::new(State {
                mail: VecDeque::new(),
                background: VecDeque::new(),
                overtaken: 0,
                background_running: 0,
                closed: false,
            }),
            arrived: Condvar::new(),
            mail_room: Semaphore::new(limit),
            background_room: Semaphore::new(limit),
            background_limit,
        }
    }

    /// Waits for room and puts the job at the end of its lane. Cancel safe: a dropped call has
    /// queued nothing.
    pub(crate) async fn push(&self, lane: Lane, job: J) -> Result<(), DbError> {
        let permit = self
            .room(lane)
            .acquire()
            .await
            .map_err(|_| DbError::Closed)?;
        self.enqueue(lane, job, true)?;
        permit.forget();
        Ok(())
    }

    /// Puts a job of the store's own at the end of its lane, whether there is room or not.
    pub(crate) fn push_internal(&self, lane: Lane, job: J) -> Result<(), DbError> {
        self.enqueue(lane, job, false)
    }

    /// Waits for a job; nothing when the queue is closed and empty.
    pub(crate) fn take(&self) -> Option<Taken<J>> {
        let mut state = self.lock();
        loop {
            if let Some(lane) = state.next_lane(self.background_limit) {
                return self.pop(&mut state, lane);
            }
            if state.closed && state.background.is_empty() {
                return None;
            }
            state = self
                .arrived
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The next job, if it is one that may join a group that began in `group`: mail never waits
    /// behind background work that happens to be in the same group, unless it is that work's turn.
    pub(crate) fn take_more(&self, group: Lane) -> Option<Taken<J>> {
        let mut state = self.lock();
        let lane = state.next_lane(self.background_limit)?;
        let its_turn = state.overtaken >= FOREGROUND_PER_BACKGROUND;
        match (group, lane) {
            (Lane::Mail, Lane::Background) if !its_turn => None,
            (Lane::Background, Lane::Mail) => None,
            _ => self.pop(&mut state, lane),
        }
    }

    /// Tells that a job is done, so that another of its lane may run.
    pub(crate) fn finished(&self, lane: Lane) {
        if lane == Lane::Mail {
            return;
        }
        let mut state = self.lock();
        state.background_running -= 1;
        if state.closed {
            // Several threads may wait for the last background job to go.
            self.arrived.notify_all();
        } else {
            self.arrived.notify_one();
        }
    }

    /// Takes no more jobs; those that are queued are still worked off.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.mail_room.close();
        self.background_room.close();
        self.arrived.notify_all();
    }

    /// How many jobs wait in each lane: mail, background.
    pub(crate) fn depth(&self) -> (usize, usize) {
        let state = self.lock();
        (state.mail.len(), state.background.len())
    }

    fn enqueue(&self, lane: Lane, job: J, counted: bool) -> Result<(), DbError> {
        let entry = Entry {
            job,
            queued_at: Instant::now(),
            counted,
        };
        let mut state = self.lock();
        if state.closed {
            return Err(DbError::Closed);
        }
        state.lane(lane).push_back(entry);
        drop(state);
        self.arrived.notify_one();
        Ok(())
    }

    fn pop(&self, state: &mut State<J>, lane: Lane) -> Option<Taken<J>> {
        let entry = state.lane(lane).pop_front()?;
        state.overtaken = match lane {
            Lane::Mail if !state.background.is_empty() => state.overtaken.saturating_add(1),
            Lane::Mail | Lane::Background => 0,
        };
        if lane == Lane::Background && self.background_limit.is_some() {
            state.background_running += 1;
        }
        if entry.counted {
            self.room(lane).add_permits(1);
        }
        Some(Taken {
            job: entry.job,
            lane,
            queued_at: entry.queued_at,
        })
    }

    fn room(&self, lane: Lane) -> &Semaphore {
        match lane {
            Lane::Mail => &self.mail_room,
            Lane::Background => &self.background_room,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<J>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<J> State<J> {
    fn next_lane(&self, background_limit: Option<usize>) -> Option<Lane> {
        let admitted = background_limit.is_none_or(|limit| self.background_running < limit);
        let background = admitted && !self.background.is_empty();
        if background && self.overtaken >= FOREGROUND_PER_BACKGROUND {
            Some(Lane::Background)
        } else if !self.mail.is_empty() {
            Some(Lane::Mail)
        } else if background {
            Some(Lane::Background)
        } else {
            None
        }
    }

    fn lane(&mut self, lane: Lane) -> &mut VecDeque<Entry<J>> {
        match lane {
            Lane::Mail => &mut self.mail,
            Lane::Background => &mut self.background,
        }
    }
}
