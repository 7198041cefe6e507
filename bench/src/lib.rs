//! Loads mail systems over their protocols, the way clients use them, and compares them.
//! `make bench` runs it.
//!
//! Each system under measurement is a [`system::System`]: Hikyaku on SQLite, Hikyaku on PostgreSQL,
//! and Postfix with Dovecot. Each runs in processes of its own and is reached over loopback; the
//! clients here are plain blocking threads, one per connection, so that they cost as little as can
//! be beside it, and they are the same for all systems. What is measured takes turns: one run of
//! each system after the other, so that a busy minute of the machine hits all of them.
//!
//! - [`part`] has one file per thing measured; [`plan`] says how long each runs.
//! - [`letter`] makes messages; no two are alike, within a run and between runs.
//! - [`statistics`] sums up; [`report`] writes Markdown and JSON.

pub mod client;
pub mod letter;
pub mod machine;
pub mod options;
pub mod part;
pub mod plan;
pub mod processes;
pub mod random;
pub mod report;
pub mod statistics;
pub mod system;

use std::fs;

use anyhow::{Context as _, Result};

use options::Options;
use part::Bench;
use plan::Plan;
use report::Report;

/// Measures what the options say; prints the plan first and each result as it is found.
pub fn run(options: &Options) -> Result<Report> {
    let plan = Plan::new(options);
    print!("{plan}");
    fs::create_dir_all(&options.folder)?;
    let mut report = Report::new(machine::describe(&options.folder)?, plan.describe());
    for fact in &options.facts {
        let (name, value) = fact.split_once('=').context("a fact is NAME=VALUE")?;
        report.add_fact(name, value);
    }
    let mut bench = Bench::new(options, plan)?;
    for system in bench.systems() {
        report.add_system(system.name(), system.describe()?);
    }
    bench.measure(&mut report).context("while measuring")?;
    Ok(report)
}
