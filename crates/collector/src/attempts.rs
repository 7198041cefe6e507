//! Trying again, after longer and longer waits.

use std::time::Duration;

use crate::{CollectError, Limits};

/// Attempts since the last progress.
#[derive(Debug)]
pub(crate) struct Attempts {
    limits: Limits,
    failed: u32,
    /// All failures of the run.
    pub(crate) total: u64,
}

impl Attempts {
    pub(crate) const fn new(limits: Limits) -> Self {
        Self {
            limits,
            failed: 0,
            total: 0,
        }
    }

    /// Something was achieved: the waits begin anew.
    pub(crate) const fn progress(&mut self) {
        self.failed = 0;
    }

    /// After a failure: waits, or gives the error back when it is none that passes, or when there
    /// were too many.
    pub(crate) async fn wait_after(&mut self, error: CollectError) -> Result<(), CollectError> {
        self.failed += 1;
        if !error.is_temporary() || self.failed >= self.limits.attempts {
            return Err(error);
        }
        self.total += 1;
        let wait = self.next_wait();
        tracing::info!(
            error = &error as &dyn std::error::Error,
            wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
            "a source of mail failed; trying again"
        );
        tokio::time::sleep(wait).await;
        Ok(())
    }

    fn next_wait(&self) -> Duration {
        let doublings = self.failed.saturating_sub(1).min(16);
        let wait = self.limits.first_wait.saturating_mul(1 << doublings);
        wait.min(self.limits.longest_wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn waits_grow_to_a_limit_and_attempts_end() {
        let mut attempts = Attempts::new(Limits {
            longest_wait: Duration::from_secs(5),
            ..Limits::default()
        });
        let mut waits = Vec::new();
        loop {
            let began = tokio::time::Instant::now();
            let waited = attempts.wait_after(CollectError::Lost(None)).await;
            waits.push(began.elapsed().as_secs());
            if waited.is_err() {
                break;
            }
        }
        assert_eq!(waits, [1, 2, 4, 5, 5, 5, 5, 0]);
        attempts.progress();
        assert!(attempts.wait_after(CollectError::Lost(None)).await.is_ok());
        let refused = CollectError::SignIn("no".to_owned());
        assert!(attempts.wait_after(refused).await.is_err());
        assert_eq!(attempts.total, 8);
    }
}
