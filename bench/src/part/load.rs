//! Many clients at once, each doing the same thing again and again for a while.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};

use crate::statistics::Times;

/// What all clients did together.
#[derive(Debug)]
pub struct Done {
    /// Of each operation.
    pub times: Times,
    /// What the operations counted: messages, bytes.
    pub counted: usize,
    /// From the common start to the end of the last operation.
    pub elapsed: Duration,
}

impl Done {
    /// Operations per second.
    pub fn rate(&self) -> f64 {
        self.times.count() as f64 / self.elapsed.as_secs_f64()
    }

    /// What was counted, per second.
    pub fn counted_rate(&self) -> f64 {
        self.counted as f64 / self.elapsed.as_secs_f64()
    }
}

/// Runs `clients` threads. Each makes itself ready with `begin`; then all start together and call
/// `step` until the time is over. A step returns its own time, and what it counts.
pub fn run<C: Send>(
    clients: usize,
    duration: Duration,
    begin: impl Fn(usize) -> Result<C> + Sync,
    step: impl Fn(&mut C) -> Result<(Duration, usize)> + Sync,
    end: impl Fn(C) -> Result<()> + Sync,
) -> Result<Done> {
    let ready: Vec<C> = (0..clients)
        .map(&begin)
        .collect::<Result<_>>()
        .context("a client cannot begin")?;
    let started = Instant::now();
    let client = |mut state: C| -> Result<(Times, usize, Instant)> {
        let (mut times, mut counted, mut last) = (Times::default(), 0, Instant::now());
        while last.duration_since(started) < duration {
            let (time, count) = step(&mut state)?;
            times.push(time);
            counted += count;
            last = Instant::now();
        }
        end(state)?;
        Ok((times, counted, last))
    };
    let mut done = Done {
        times: Times::default(),
        counted: 0,
        elapsed: Duration::ZERO,
    };
    std::thread::scope(|scope| -> Result<()> {
        let client = &client;
        let threads: Vec<_> = ready
            .into_iter()
            .map(|state| scope.spawn(move || client(state)))
            .collect();
        for thread in threads {
            let joined = thread.join().map_err(|_| anyhow!("a client panicked"))?;
            let (times, counted, last) = joined.context("a client")?;
            done.times.append(times);
            done.counted += counted;
            done.elapsed = done.elapsed.max(last.duration_since(started));
        }
        Ok(())
    })?;
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_clients_work_until_the_time_is_over() {
        let duration = Duration::from_millis(20);
        let done = run(
            3,
            duration,
            Ok,
            |client| Ok((Duration::from_micros(1), *client)),
            |_| Ok(()),
        );
        let done = done.unwrap();
        assert!(done.times.count() >= 3 && done.elapsed >= duration);
        assert!(done.counted > 0 && done.rate() > 0.0);
    }

    #[test]
    fn a_client_that_fails_fails_the_run() {
        let step = |_: &mut usize| Err(anyhow!("no"));
        assert!(run(2, Duration::from_secs(1), Ok, step, |_| Ok(())).is_err());
    }
}
