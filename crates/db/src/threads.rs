//! The store's own threads: started with a name, joined at the end.

use std::{
    sync::{Mutex, PoisonError},
    thread::JoinHandle,
};

use tokio::sync::oneshot;

use crate::error::DbError;

/// Threads that are joined together.
#[derive(Debug, Default)]
pub(crate) struct Threads(Mutex<Vec<JoinHandle<()>>>);

impl Threads {
    /// Starts one more. Names are at most 15 characters long: the system cuts the rest.
    pub(crate) fn spawn(
        &self,
        name: &str,
        work: impl FnOnce() + Send + 'static,
    ) -> Result<(), DbError> {
        let thread = spawn(name, work)?;
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(thread);
        Ok(())
    }

    /// Waits until all have ended. Blocks.
    pub(crate) fn join(&self) {
        let threads = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            let name = thread.thread().name().unwrap_or_default().to_owned();
            if thread.join().is_err() {
                tracing::error!(thread = %name, "a thread of the database had panicked");
            }
        }
    }
}

/// Runs blocking work on a thread of its own and waits for it without blocking.
pub(crate) async fn run<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, DbError> {
    let (reply, answer) = oneshot::channel();
    spawn(name, move || {
        // An error means that the caller went away.
        let _ = reply.send(work());
    })?;
    answer.await.map_err(|_| DbError::Panicked {
        message: format!("in the thread {name}"),
    })
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, DbError> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map_err(|error| DbError::unavailable(format!("no thread could be started: {error}")))
}
