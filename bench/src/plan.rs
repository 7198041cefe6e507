//! How long everything runs, told before it begins.

use std::fmt;
use std::time::Duration;

use crate::options::{Options, Part};

/// Starting a system anew, filling and emptying it, beside a run of deliveries.
const AROUND_DELIVERY_S: f64 = 4.0;
/// Messages per second that the slowest system takes while mailboxes are filled.
const FILL_RATE: f64 = 300.0;
/// Messages per second that COPY puts into the large mailbox.
const FILL_RATE_LARGE: f64 = 10_000.0;
/// Idle sessions opened per second.
const OPEN_RATE: f64 = 150.0;
/// Runs that are shortened to keep the budget are not shorter than this.
const SHORTEST_S: f64 = 2.0;
/// Connections whose deliveries the figures are about: their runs are shortened last.
pub const HEAD_CONNECTIONS: usize = 10;
/// Kinds of load of the part `imap` that run for a time: sign-ins, mixed, two FETCHes, APPEND.
const IMAP_LOADS: f64 = 5.0;

/// What is measured, and for how long.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The parts, in order.
    pub parts: Vec<Part>,
    /// Runs of each measurement.
    pub runs: usize,
    /// Seconds of a run of deliveries over [`HEAD_CONNECTIONS`].
    pub head_s: f64,
    /// Seconds of every other run.
    pub side_s: f64,
    /// Messages in each mailbox that is read.
    pub mailbox: usize,
    /// Sessions that wait.
    pub idle: usize,
    /// Messages in the large mailbox.
    pub large: usize,
    sizes: usize,
    heads: usize,
    sides: usize,
    systems: usize,
}

impl Plan {
    /// The plan for these options.
    pub fn new(options: &Options) -> Self {
        let heads = options
            .connections
            .iter()
            .filter(|count| **count == HEAD_CONNECTIONS);
        let heads = heads.count();
        let mut plan = Self {
            parts: options.parts(),
            runs: options.runs.max(1),
            head_s: options.seconds,
            side_s: options.seconds,
            mailbox: options.mailbox,
            idle: options.idle,
            large: options.large,
            sizes: options.sizes.len(),
            heads,
            sides: options.connections.len() - heads,
            systems: options.kinds().len(),
        };
        if options.quick {
            plan.runs = 1;
            (plan.head_s, plan.side_s) = (SHORTEST_S, SHORTEST_S);
            plan.mailbox = plan.mailbox.min(100);
            plan.large = plan.large.min(10_000);
        }
        if let Some(minutes) = options.budget {
            plan.keep(minutes * 60.0);
        }
        plan
    }

    /// Shortens the runs until the estimate is within the budget, if that can be.
    fn keep(&mut self, budget_s: f64) {
        while self.estimate_s() > budget_s && self.side_s > SHORTEST_S {
            self.side_s = (self.side_s - 0.5).max(SHORTEST_S);
        }
        while self.estimate_s() > budget_s && self.head_s > SHORTEST_S {
            self.head_s = (self.head_s - 0.5).max(SHORTEST_S);
        }
    }

    /// How long a run of deliveries over so many connections takes.
    pub fn delivery(&self, connections: usize) -> Duration {
        Duration::from_secs_f64(if connections == HEAD_CONNECTIONS {
            self.head_s
        } else {
            self.side_s
        })
    }

    /// How long every other run takes.
    pub fn side(&self) -> Duration {
        Duration::from_secs_f64(self.side_s)
    }

    /// About how long all of it takes, in seconds.
    pub fn estimate_s(&self) -> f64 {
        self.parts.iter().map(|part| self.estimate_of(*part)).sum()
    }

    fn estimate_of(&self, part: Part) -> f64 {
        let (runs, systems) = (self.runs as f64, self.systems as f64);
        let fill = 10.0 * self.mailbox as f64 / FILL_RATE;
        match part {
            Part::Delivery => {
                let heads = self.heads as f64 * (self.head_s + AROUND_DELIVERY_S);
                let sides = self.sides as f64 * (self.side_s + AROUND_DELIVERY_S);
                runs * systems * self.sizes as f64 * (heads + sides)
            }
            Part::Imap => systems * (fill + runs * IMAP_LOADS * self.side_s),
            Part::Pop3 => systems * runs * self.side_s,
            Part::Memory => systems * self.idle as f64 / OPEN_RATE,
            Part::Large => {
                let ours = (self.systems.saturating_sub(1)).max(1) as f64;
                ours * (self.large as f64 / FILL_RATE_LARGE + runs * 2.0 * self.side_s)
            }
        }
    }

    /// The plan as facts for the results.
    pub fn describe(&self) -> Vec<(String, String)> {
        let facts = [
            ("runs of each measurement", self.runs.to_string()),
            (
                "seconds of a run",
                format!(
                    "{} (deliveries over {HEAD_CONNECTIONS} connections), {} (all others)",
                    self.head_s, self.side_s
                ),
            ),
        ];
        facts.map(|(name, value)| (name.to_owned(), value)).into()
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "The plan, {} systems in turn:", self.systems)?;
        for part in &self.parts {
            let name = format!("{part:?}").to_lowercase();
            writeln!(f, "  {name:<10} about {:>5.0} s", self.estimate_of(*part))?;
        }
        for (name, value) in self.describe() {
            writeln!(f, "  {name}: {value}")?;
        }
        writeln!(
            f,
            "  together about {:.0} minutes",
            self.estimate_s() / 60.0
        )
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    fn plan(more: &[&str]) -> Plan {
        let start = [
            "hikyaku-bench",
            "--binary",
            "x",
            "--dir",
            "y",
            "--postfix",
            "z",
        ];
        Plan::new(&Options::try_parse_from(start.iter().chain(more)).unwrap())
    }

    #[test]
    fn a_budget_shortens_side_runs_first() {
        let whole = plan(&[]);
        assert_eq!((whole.head_s, whole.side_s), (20.0, 20.0));
        let minutes = |share: f64| (whole.estimate_s() * share / 60.0).to_string();
        let some = plan(&["--budget", &minutes(0.8)]);
        assert!(some.head_s > 19.9 && some.side_s < 20.0, "{some}");
        assert!(some.estimate_s() <= whole.estimate_s() * 0.8);
        let least = plan(&["--budget", "0.1"]);
        assert_eq!((least.head_s, least.side_s), (SHORTEST_S, SHORTEST_S));
    }

    #[test]
    fn a_trial_is_short() {
        assert!(plan(&["--quick"]).estimate_s() < 600.0);
        assert!(plan(&["--quick", "--only", "delivery"]).estimate_s() < 150.0);
    }
}
