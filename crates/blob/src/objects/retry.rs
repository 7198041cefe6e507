//! Trying again, with growing pauses.

use std::time::Duration;

use tokio::time::{sleep, timeout};
use tracing::debug;

use super::{error::ObjectError, metrics::ObjectMetrics};

/// Attempts of one operation (4).
pub(super) const ATTEMPTS: u32 = 4;

/// The pause before the second attempt (100 ms); each further one is three times as long, and half
/// of it is random.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Runs an operation until it succeeds, or fails for a reason that another attempt does not change,
/// or [`ATTEMPTS`] are used. `deadline` is that of one attempt.
pub(super) async fn attempts<T, F>(
    deadline: Duration,
    metrics: &ObjectMetrics,
    attempt: impl Fn() -> F,
) -> Result<T, ObjectError>
where
    F: Future<Output = Result<T, ObjectError>>,
{
    let mut pause = FIRST_PAUSE;
    let mut number = 1;
    loop {
        let error = match timeout(deadline, attempt()).await {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => error,
            Err(_) => ObjectError::Timeout,
        };
        let most = match error {
            // What is not there may be there in a moment; and whoever waits for an answer has
            // waited long enough after two.
            ObjectError::Missing | ObjectError::Timeout => 2,
            _ => ATTEMPTS,
        };
        if number >= most || !error.is_worth_another_attempt() {
            return Err(error);
        }
        debug!(%error, attempt = number, "the object storage is asked again");
        metrics.retried();
        sleep(pause / 2 + (pause / 2).mul_f64(rand::random::<f64>())).await;
        pause *= 3;
        number += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, future::pending};

    use super::*;

    fn away() -> ObjectError {
        ObjectError::Unavailable {
            reason: "away".to_owned(),
        }
    }

    async fn attempts_made(errors: impl Fn(u32) -> Result<(), ObjectError>) -> (u32, bool) {
        let made = Cell::new(0);
        let metrics = ObjectMetrics::default();
        let result = attempts(Duration::from_secs(1), &metrics, || async {
            made.set(made.get() + 1);
            errors(made.get())
        })
        .await;
        assert_eq!(metrics.snapshot().retries, u64::from(made.get() - 1));
        (made.get(), result.is_ok())
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_pass_is_tried_again() {
        assert_eq!(attempts_made(|_| Ok(())).await, (1, true));
        let third = |number| if number < 3 { Err(away()) } else { Ok(()) };
        assert_eq!(attempts_made(third).await, (3, true));
        assert_eq!(attempts_made(|_| Err(away())).await, (ATTEMPTS, false));
        assert_eq!(
            attempts_made(|_| Err(ObjectError::Missing)).await,
            (2, false)
        );
        assert_eq!(attempts_made(|_| Err(ObjectError::Full)).await, (1, false));
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_ever() {
        let metrics = ObjectMetrics::default();
        let forever = || pending::<Result<(), ObjectError>>();
        let result = attempts(Duration::from_secs(10), &metrics, forever).await;
        assert_eq!(result, Err(ObjectError::Timeout));
        assert_eq!(metrics.snapshot().retries, 1);
    }
}
