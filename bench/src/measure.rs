//! Times of single operations, and the table of results.

use std::fmt;
use std::time::Duration;

/// What one measurement found.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: String,
    /// Operations per second of the whole run.
    pub(crate) rate: f64,
    /// Of single operations; empty when only the whole was timed.
    pub(crate) times: Vec<Duration>,
}

impl Row {
    /// A run of operations that took `whole` together, with the time of each.
    pub(crate) fn new(name: String, times: Vec<Duration>, whole: Duration) -> Self {
        let rate = times.len() as f64 / whole.as_secs_f64();
        Self { name, rate, times }
    }

    /// One measurement of `count` things at once.
    pub(crate) fn of_whole(name: String, count: usize, whole: Duration) -> Self {
        Self {
            name,
            rate: count as f64 / whole.as_secs_f64(),
            times: Vec::new(),
        }
    }

    /// The time that this share of the operations stayed below, in milliseconds.
    fn percentile_ms(&self, share: f64) -> Option<f64> {
        let mut times = self.times.clone();
        times.sort();
        let last = times.len().checked_sub(1)?;
        let index = (last as f64 * share).round() as usize;
        times.get(index).map(|time| time.as_secs_f64() * 1_000.0)
    }
}

/// All measurements of a run.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
}

impl Table {
    pub(crate) fn add(&mut self, row: Row) {
        self.rows.push(row);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self
            .rows
            .iter()
            .map(|row| row.name.chars().count())
            .max()
            .unwrap_or(0);
        writeln!(
            f,
            "{:width$}  {:>10}  {:>9}  {:>9}",
            "", "per second", "p50 ms", "p99 ms"
        )?;
        for row in &self.rows {
            let cell = |share| match row.percentile_ms(share) {
                Some(time) => format!("{time:.2}"),
                None => "-".to_owned(),
            };
            let (name, rate) = (&row.name, row.rate);
            writeln!(
                f,
                "{name:width$}  {rate:>10.0}  {:>9}  {:>9}",
                cell(0.5),
                cell(0.99)
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Row, Table};
    use std::time::Duration;

    #[test]
    fn rates_and_percentiles_are_right() {
        let times: Vec<Duration> = (1..=101).rev().map(Duration::from_millis).collect();
        let row = Row::new("a".to_owned(), times, Duration::from_secs(10));
        assert!((row.rate - 10.1).abs() < 1e-9);
        assert!((row.percentile_ms(0.5).unwrap() - 51.0).abs() < 1e-9);
        assert!((row.percentile_ms(0.99).unwrap() - 100.0).abs() < 1e-9);
        let whole = Row::of_whole("b".to_owned(), 50, Duration::from_secs(5));
        assert_eq!(whole.percentile_ms(0.5), None);
        let mut table = Table::default();
        table.add(whole);
        assert!(table.to_string().lines().last().unwrap().contains("10"));
    }
}
