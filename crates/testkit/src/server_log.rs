//! What a server of the real binary writes to its standard error.

use std::{
    io::{BufRead as _, BufReader, Read},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Instant,
};

use anyhow::{Result, bail};

use crate::line::PATIENCE;

/// The lines so far, and the wait for the next. Clones are the same log.
#[derive(Debug, Clone, Default)]
pub struct ServerLog {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    lines: Mutex<Lines>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Lines {
    lines: Vec<String>,
    /// The server has closed it, so nothing more comes.
    ended: bool,
}

impl ServerLog {
    /// Reads to the end on a thread, so that the server never waits for us. The lines also stand
    /// in the test's own output, which is shown when the test fails.
    pub(crate) fn follow(source: impl Read + Send + 'static) -> Self {
        let log = Self::default();
        let writer = log.clone();
        thread::spawn(move || {
            for line in BufReader::new(source).lines().map_while(Result::ok) {
                eprintln!("[server] {line}");
                writer.lock().lines.push(line);
                writer.shared.changed.notify_all();
            }
            writer.lock().ended = true;
            writer.shared.changed.notify_all();
        });
        log
    }

    /// Lines written so far.
    pub fn len(&self) -> usize {
        self.lock().lines.len()
    }

    /// Whether nothing was written yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The lines written so far.
    pub fn lines(&self) -> Vec<String> {
        self.lock().lines.clone()
    }

    /// The first line from the `from`th on with this text in it, waited for.
    pub fn wait_for(&self, text: &str, from: usize) -> Result<String> {
        let deadline = Instant::now() + PATIENCE;
        let mut lines = self.lock();
        loop {
            let found = lines
                .lines
                .iter()
                .skip(from)
                .find(|line| line.contains(text));
            if let Some(line) = found {
                return Ok(line.clone());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if lines.ended || left.is_zero() {
                bail!("the server did not write {text:?}");
            }
            let waited = self.shared.changed.wait_timeout(lines, left);
            lines = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits until the server has closed it, which it does by ending.
    pub(crate) fn wait_for_end(&self, deadline: Instant) -> Result<()> {
        let mut lines = self.lock();
        while !lines.ended {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                bail!("the server does not end");
            }
            let waited = self.shared.changed.wait_timeout(lines, left);
            lines = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.shared
            .lines
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
