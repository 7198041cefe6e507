//! PostgreSQL goes away under load: restarted in good order, crashed, and stopped for longer than
//! the server waits. Mail is deferred meanwhile; the server itself stays up.

use std::{
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
};

use anyhow::{Context as _, Result, bail, ensure};
use hikyaku_db::{Engine, testing::is_wanted};
use hikyaku_testkit::{
    host::{Host, HostDatabase, PASSWORD},
    postgres::OwnPostgres,
    seed::Seed,
};

use crate::{
    ledger::Ledger,
    scene::{BINARY, mailboxes, people},
    senders::{Door, send_on},
};

/// Acknowledged deliveries between two faults.
const BETWEEN: u64 = 30;

#[test]
fn mail_is_deferred_while_postgresql_is_away() -> Result<()> {
    if !is_wanted(Engine::Postgres) {
        return Ok(());
    }
    let postgres = OwnPostgres::start("faults")?;
    let mut host = Host::new(BINARY, &HostDatabase::Postgres(postgres.url().to_owned()))?;
    let people = people(&host, &["alice", "bob", "carol"])?;
    host.start()?;
    let ledger = Ledger::default();
    let stop = AtomicBool::new(false);
    let mut seed = Seed::of_run("PostgreSQL restarts");
    thread::scope(|scope| {
        let senders: Vec<_> = Door::several(&host)
            .into_iter()
            .map(|door| {
                let (seed, people, ledger, stop) = (seed.split(), &people, &ledger, &stop);
                scope.spawn(move || send_on(door, people, ledger, seed, stop))
            })
            .collect();
        let faults = faults(&host, &postgres, &people, &ledger);
        stop.store(true, Relaxed);
        for sender in senders {
            let sent = sender.join().unwrap_or_else(|_| bail!("a sender panicked"));
            sent.context("a client lost its connection")?;
        }
        faults
    })?;
    ensure!(host.is_alive()?, "the server ended");
    for refusal in ledger.refusals() {
        let is_temporary = refusal.starts_with('4') || refusal.contains("[UNAVAILABLE]");
        ensure!(is_temporary, "not a temporary refusal: {refusal:?}");
    }
    ledger.verify(&mailboxes(host.address(110), &people)?)?;
    host.check()?;
    ensure!(host.stop()?.success(), "the server did not end well");
    Ok(())
}

/// One fault after the other; behind each of them mail flows again.
fn faults(host: &Host, postgres: &OwnPostgres, people: &[String], ledger: &Ledger) -> Result<()> {
    let flows = || ledger.wait_for_accepted(ledger.accepted() + BETWEEN);
    flows().context("at first")?;
    postgres.restart()?;
    flows().context("after a restart")?;
    postgres.crash()?;
    flows().context("after a crash")?;
    let refusals = ledger.refusals().len();
    postgres.halt()?;
    let refusal = ledger.wait_for_refusal(refusals)?;
    eprintln!("while PostgreSQL is away: {refusal}");
    cannot_read(host, &people[0])?;
    ensure!(
        health(host)?.starts_with("HTTP/1.1 503"),
        "/healthz says that all is well"
    );
    postgres.resume()?;
    flows().context("after a stop")?;
    ensure!(
        health(host)?.starts_with("HTTP/1.1 200"),
        "/healthz says that it is not well"
    );
    Ok(())
}

/// POP3 says that it is a matter of time (RFC 2449 §8.1.2, RFC 3206 §4).
fn cannot_read(host: &Host, login: &str) -> Result<()> {
    let mut line = host.connect(110)?;
    line.expect("+OK")?;
    line.command(&format!("USER {login}"), "+OK")?;
    line.command(&format!("PASS {PASSWORD}"), "-ERR [SYS/TEMP]")
        .map(drop)
}

fn health(host: &Host) -> Result<String> {
    let mut line = host.connect(80)?;
    line.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n")?;
    line.line()
}
