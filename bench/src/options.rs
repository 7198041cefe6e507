//! The command line of the measuring program.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// Loads Hikyaku and, to compare, Postfix with Dovecot; prints and writes what was measured.
#[derive(Debug, Clone, Parser)]
#[command(name = "hikyaku-bench")]
pub struct Options {
    /// The server to measure, built with --release.
    #[arg(long)]
    pub binary: PathBuf,
    /// A folder for the data of all systems, on the disk that counts; emptied at the end.
    #[arg(long = "dir")]
    pub folder: PathBuf,
    /// URL of a PostgreSQL where databases may be made: Hikyaku is measured on it too.
    #[arg(long)]
    pub postgres: Option<String>,
    /// The script that runs Postfix and Dovecot.
    #[arg(long)]
    pub postfix: Option<PathBuf>,
    /// What to measure; everything, unless told otherwise.
    #[arg(long, value_enum, value_delimiter = ',')]
    pub only: Vec<Part>,
    /// Systems to leave out.
    #[arg(long, value_enum, value_delimiter = ',')]
    pub without: Vec<Kind>,
    /// Runs of each measurement; the median counts.
    #[arg(long, default_value_t = 5)]
    pub runs: usize,
    /// Seconds of one run.
    #[arg(long, default_value_t = 20.0)]
    pub seconds: f64,
    /// Minutes that everything may take: runs other than the deliveries over 10 connections become
    /// shorter, then all.
    #[arg(long)]
    pub budget: Option<f64>,
    /// A trial of a few minutes: one run of two seconds each, and small mailboxes.
    #[arg(long)]
    pub quick: bool,
    /// Sizes of delivered messages, in bytes.
    #[arg(long, value_delimiter = ',', default_values_t = [4_096, 102_400])]
    pub sizes: Vec<usize>,
    /// Numbers of connections that deliver.
    #[arg(long, value_delimiter = ',', default_values_t = [10, 1, 50])]
    pub connections: Vec<usize>,
    /// Messages in each mailbox that is read.
    #[arg(long, default_value_t = 500)]
    pub mailbox: usize,
    /// Sessions that wait in IDLE.
    #[arg(long, default_value_t = 1_000)]
    pub idle: usize,
    /// Messages in the large mailbox that APPEND is measured on.
    #[arg(long, default_value_t = 200_000)]
    pub large: usize,
    /// Where to write the results.
    #[arg(long)]
    pub results: Option<PathBuf>,
    /// Part of the name of the results.
    #[arg(long, default_value = "bench")]
    pub label: String,
    /// A fact for the results, NAME=VALUE: what the script that starts this knows.
    #[arg(long = "fact")]
    pub facts: Vec<String>,
}

/// Something that can be measured on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Messages over SMTP into 50 mailboxes.
    Delivery,
    /// Sign-ins, mixed commands, FETCH and APPEND over IMAP.
    Imap,
    /// Downloads over POP3.
    Pop3,
    /// Memory: at rest, of idle sessions, at the end.
    Memory,
    /// APPEND into a large mailbox against an empty one.
    Large,
}

impl Part {
    /// All, in the order in which they are measured.
    pub const ALL: [Self; 5] = [
        Self::Delivery,
        Self::Imap,
        Self::Pop3,
        Self::Memory,
        Self::Large,
    ];
}

/// A system under measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Hikyaku on SQLite.
    Sqlite,
    /// Hikyaku on PostgreSQL.
    Postgres,
    /// Postfix and Dovecot.
    Postfix,
}

impl Options {
    /// The parts to measure, in order.
    pub fn parts(&self) -> Vec<Part> {
        let wanted = |part: &Part| self.only.is_empty() || self.only.contains(part);
        Part::ALL.into_iter().filter(wanted).collect()
    }

    /// Whether a system takes part: it is wanted, and what it needs was given.
    pub fn has(&self, kind: Kind) -> bool {
        let given = match kind {
            Kind::Sqlite => true,
            Kind::Postgres => self.postgres.is_some(),
            Kind::Postfix => self.postfix.is_some(),
        };
        given && !self.without.contains(&kind)
    }

    /// The systems that take part.
    pub fn kinds(&self) -> Vec<Kind> {
        let all = [Kind::Sqlite, Kind::Postgres, Kind::Postfix];
        all.into_iter().filter(|kind| self.has(*kind)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systems_take_part_when_they_can_and_are_wanted() {
        let parse = |more: &[&str]| {
            let start = ["hikyaku-bench", "--binary", "x", "--dir", "y"];
            Options::try_parse_from(start.iter().chain(more)).unwrap()
        };
        assert_eq!(parse(&[]).kinds(), [Kind::Sqlite]);
        let both = parse(&["--postfix", "s", "--without", "sqlite"]);
        assert_eq!(both.kinds(), [Kind::Postfix]);
        let some = parse(&["--only", "memory,delivery"]);
        assert_eq!(some.parts(), [Part::Delivery, Part::Memory]);
        assert_eq!(parse(&[]).parts().len(), Part::ALL.len());
    }
}
