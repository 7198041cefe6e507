//! A closure with the place its result goes to, without its types: what the threads work on.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::sync::oneshot;

use crate::{
    error::DbError,
    tx::{Tx, WriteTx},
};

/// What a run of a closure asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Keep the changes.
    Commit,
    /// Undo them: the closure returned an error, or a statement had failed.
    RollBack,
    /// Undo them: the closure panicked.
    Panicked,
}

/// A write closure that waits for its turn, or for its commit.
pub(crate) trait WriteJob: Send {
    /// Runs the closure and keeps its result. May be called again: the last result counts.
    fn run(&mut self, tx: &WriteTx<'_>) -> Verdict;
    /// Hands the kept result to the caller.
    fn complete(self: Box<Self>);
    /// Hands an error to the caller instead.
    fn fail(self: Box<Self>, error: DbError);
}

/// A read closure that waits for its turn.
pub(crate) trait ReadJob: Send {
    /// Whether the caller still waits. A read that nobody waits for need not run.
    fn is_wanted(&self) -> bool;
    /// Runs the closure and keeps its result.
    fn run(&mut self, tx: &Tx<'_>) -> Verdict;
    /// Hands the kept result to the caller.
    fn complete(self: Box<Self>);
    /// Hands an error to the caller instead.
    fn fail(self: Box<Self>, error: DbError);
}

/// The one implementation of both traits.
pub(crate) struct Job<F, T, E> {
    closure: F,
    result: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

/// The place where the result of a job arrives.
pub(crate) type Answer<T, E> = oneshot::Receiver<Result<T, E>>;

impl<F, T, E: From<DbError>> Job<F, T, E> {
    pub(crate) fn new(closure: F) -> (Box<Self>, Answer<T, E>) {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Self {
            closure,
            result: None,
            reply,
        });
        (job, answer)
    }

    fn keep(
        &mut self,
        run: std::thread::Result<Result<T, E>>,
        failure: Option<DbError>,
    ) -> Verdict {
        let (result, verdict) = match (run, failure) {
            (Ok(Ok(value)), None) => (Ok(value), Verdict::Commit),
            // A swallowed error: PostgreSQL could not commit, so neither engine does.
            (Ok(Ok(_)), Some(failure)) => (Err(E::from(failure)), Verdict::RollBack),
            (Ok(Err(error)), _) => (Err(error), Verdict::RollBack),
            (Err(panic), _) => {
                let message = panic_message(panic.as_ref());
                tracing::error!(panic = %message, "the code of a transaction panicked");
                (
                    Err(E::from(DbError::Panicked { message })),
                    Verdict::Panicked,
                )
            }
        };
        self.result = Some(result);
        verdict
    }

    fn deliver(self) {
        let result = self.result.unwrap_or_else(|| Err(E::from(DbError::Closed)));
        // An error means that the caller went away, which is its right.
        let _ = self.reply.send(result);
    }
}

impl<F, T, E> WriteJob for Job<F, T, E>
where
    F: Fn(&WriteTx<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<DbError> + Send,
{
    fn run(&mut self, tx: &WriteTx<'_>) -> Verdict {
        let run = catch_unwind(AssertUnwindSafe(|| (self.closure)(tx)));
        self.keep(run, tx.failure())
    }

    fn complete(self: Box<Self>) {
        self.deliver();
    }

    fn fail(self: Box<Self>, error: DbError) {
        let _ = self.reply.send(Err(E::from(error)));
    }
}

impl<F, T, E> ReadJob for Job<F, T, E>
where
    F: Fn(&Tx<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<DbError> + Send,
{
    fn is_wanted(&self) -> bool {
        !self.reply.is_closed()
    }

    fn run(&mut self, tx: &Tx<'_>) -> Verdict {
        let run = catch_unwind(AssertUnwindSafe(|| (self.closure)(tx)));
        self.keep(run, tx.failure())
    }

    fn complete(self: Box<Self>) {
        self.deliver();
    }

    fn fail(self: Box<Self>, error: DbError) {
        let _ = self.reply.send(Err(E::from(error)));
    }
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    if let Some(text) = panic.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = panic.downcast_ref::<String>() {
        text.clone()
    } else {
        "(no message)".to_owned()
    }
}
