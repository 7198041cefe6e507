//! `make bench` in small, against the real binary: so that the measuring program works on the day
//! when somebody wants to know.
//!
//! What it measures here says nothing; that it counts every message it sent is checked by itself.

use anyhow::{Context as _, Result};
use clap::Parser as _;
use hikyaku_bench::{options::Options, report::Report};
use hikyaku_db::{Engine, testing::is_wanted};

fn bench(more: &[&str]) -> Result<Report> {
    let folder = tempfile::Builder::new()
        .prefix("hikyaku-bench-")
        .tempdir()?;
    let folder = folder
        .path()
        .to_str()
        .context("the temporary folder's name")?;
    let start = [
        "hikyaku-bench",
        "--binary",
        env!("CARGO_BIN_EXE_hikyaku"),
        "--dir",
        folder,
    ];
    let short = [
        "--runs",
        "1",
        "--seconds",
        "0.1",
        "--sizes",
        "4096,20480",
        "--connections",
        "3",
    ];
    let options = Options::try_parse_from(start.iter().chain(&short).chain(more))?;
    hikyaku_bench::run(&options)
}

fn assert_measured(report: &Report, system: &str, rows: &[(&str, &str)]) {
    for (part, what) in rows {
        let median = report.median(part, what, system);
        assert!(
            median.is_some_and(|value| value > 0.0),
            "{part}, {what}: {median:?}"
        );
    }
}

#[test]
fn every_part_is_measured() {
    let small = ["--idle", "12", "--mailbox", "8", "--large", "1100"];
    let report = bench(&small).unwrap();
    let rows = [
        (
            "Delivery of 4 KiB into 50 mailboxes",
            "3 connections: delivered",
        ),
        (
            "Delivery of 20 KiB into 50 mailboxes",
            "3 connections: reply, p99",
        ),
        ("Memory", "all processes at rest (Rss)"),
        ("Memory", "all processes with these sessions (Pss)"),
        ("IMAP", "first sign-ins, 1 client"),
        ("IMAP", "sign-ins, 10 clients"),
        ("IMAP", "mixed commands"),
        ("IMAP", "FETCH 1:* whole messages"),
        ("IMAP", "APPEND of 4 KiB, 10 clients"),
        ("POP3", "download"),
        ("APPEND into a large mailbox", "large: APPEND, median"),
    ];
    assert_measured(&report, "Hikyaku, SQLite", &rows);
    assert!(report.markdown().contains("## IMAP"));
}

#[test]
fn deliveries_are_measured_on_postgres() {
    if !is_wanted(Engine::Postgres) {
        return;
    }
    let url = std::env::var("HIKYAKU_TEST_POSTGRES").unwrap();
    let report = bench(&[
        "--without",
        "sqlite",
        "--postgres",
        &url,
        "--only",
        "delivery",
    ])
    .unwrap();
    let rows = [(
        "Delivery of 4 KiB into 50 mailboxes",
        "3 connections: delivered",
    )];
    assert_measured(&report, "Hikyaku, PostgreSQL", &rows);
}
