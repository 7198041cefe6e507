//! What many numbers come to.

use std::time::Duration;

/// The middle of several runs, and how far apart they were.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// The median: half of the runs are above, half below.
    pub median: f64,
    /// The lowest run.
    pub lowest: f64,
    /// The highest run.
    pub highest: f64,
}

impl Summary {
    /// Of the results of several runs; `None` of no runs.
    pub fn of(runs: &[f64]) -> Option<Self> {
        let mut sorted = runs.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (lowest, highest) = (*sorted.first()?, *sorted.last()?);
        let middle = sorted.len() / 2;
        let median = if sorted.len() % 2 == 1 {
            sorted[middle]
        } else {
            f64::midpoint(sorted[middle - 1], sorted[middle])
        };
        Some(Self {
            median,
            lowest,
            highest,
        })
    }

    /// How far lowest and highest are apart, as a share of the median.
    pub fn spread(&self) -> f64 {
        if self.median == 0.0 {
            return 0.0;
        }
        (self.highest - self.lowest) / self.median
    }
}

/// The times of single operations of one run.
#[derive(Debug, Clone, Default)]
pub struct Times {
    times: Vec<Duration>,
}

impl Times {
    /// One more operation.
    pub fn push(&mut self, time: Duration) {
        self.times.push(time);
    }

    /// All operations of another client of the same run.
    pub fn append(&mut self, mut other: Self) {
        self.times.append(&mut other.times);
    }

    /// How many.
    pub const fn count(&self) -> usize {
        self.times.len()
    }

    /// The time in milliseconds that this share of the operations did not exceed (nearest rank);
    /// `None` without operations.
    pub fn percentile_ms(&mut self, share: f64) -> Option<f64> {
        self.times.sort_unstable();
        let rank = (self.times.len() as f64 * share).ceil() as usize;
        let time = self.times.get(rank.max(1) - 1)?;
        Some(time.as_secs_f64() * 1_000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_of_any_number_of_runs() {
        let summary = Summary::of(&[5.0, 1.0, 3.0]).unwrap();
        assert_eq!(
            (summary.median, summary.lowest, summary.highest),
            (3.0, 1.0, 5.0)
        );
        assert!((Summary::of(&[4.0, 1.0]).unwrap().median - 2.5).abs() < 1e-9);
        assert_eq!(Summary::of(&[]), None);
    }

    #[test]
    fn the_spread_is_relative_to_the_median() {
        let summary = Summary::of(&[90.0, 100.0, 120.0]).unwrap();
        assert!((summary.spread() - 0.3).abs() < 1e-9);
        assert!(Summary::of(&[0.0]).unwrap().spread().abs() < 1e-9);
    }

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let mut times = Times::default();
        assert_eq!(times.percentile_ms(0.5), None);
        for millis in (1..=100).rev() {
            times.push(Duration::from_millis(millis));
        }
        assert_eq!(times.percentile_ms(0.5), Some(50.0));
        assert_eq!(times.percentile_ms(0.99), Some(99.0));
        assert_eq!(times.percentile_ms(1.0), Some(100.0));
        assert_eq!(times.percentile_ms(0.0), Some(1.0));
        let mut more = Times::default();
        more.push(Duration::from_secs(1));
        times.append(more);
        assert_eq!(
            (times.count(), times.percentile_ms(1.0)),
            (101, Some(1_000.0))
        );
    }
}
