//! SIGKILL while mail comes in and goes out: what was acknowledged to us leaves; what the remote
//! acknowledged and we recorded does not leave again.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
};

use anyhow::{Context as _, Result, bail, ensure};
use hikyaku_db::{Database, Engine, Lane, Options, params};
use hikyaku_testkit::{host::Host, remote::Offer, seed::Seed, smtp::Verdict};

use crate::scene::{SENDER, Scene, mail_of, session};

/// Crashes of a test, unless `HIKYAKU_TEST_CRASH_ROUNDS` says otherwise.
const ROUNDS: u64 = 5;
/// Connections that hand in mail.
const SENDERS: u64 = 3;
/// Messages that leave before a crash at most.
const BEFORE_CRASH: u64 = 40;
/// Attempts at the same time: so many messages can be on their way when the process dies.
const CONCURRENCY: usize = 4;

#[test]
fn sqlite() -> Result<()> {
    crashes(Engine::Sqlite)
}

#[test]
fn postgres() -> Result<()> {
    crashes(Engine::Postgres)
}

fn crashes(engine: Engine) -> Result<()> {
    let lines = |_: &_| format!("concurrency = {CONCURRENCY}\nconcurrency_per_destination = 4");
    let Some(mut scene) = Scene::with(engine, Offer::default(), lines)? else {
        return Ok(());
    };
    let mut seed = Seed::of_run("queue crash");
    let accepted = Mutex::new(Vec::new());
    let rounds = match std::env::var("HIKYAKU_TEST_CRASH_ROUNDS") {
        Ok(text) => text.parse()?,
        Err(_) => ROUNDS,
    };
    for round in 1..=rounds {
        one_round(&mut scene, &accepted, &mut seed).with_context(|| format!("round {round}"))?;
        forget_leases(&scene)?;
        scene.host.start()?;
    }
    settle(&scene, &accepted)?;
    verify(&scene, &accepted, usize::try_from(rounds)?)?;
    scene.host.check()
}

/// Load, and a crash in the middle of it.
fn one_round(scene: &mut Scene, accepted: &Mutex<Vec<String>>, seed: &mut Seed) -> Result<()> {
    let stop = AtomicBool::new(false);
    let goal = scene.remote.acknowledged().len() + 1 + usize::try_from(seed.below(BEFORE_CRASH))?;
    let (host, remote) = (&scene.host, &scene.remote);
    thread::scope(|scope| -> Result<()> {
        let senders: Vec<_> = (0..SENDERS)
            .map(|_| scope.spawn(|| hand_in(host, accepted, &stop)))
            .collect();
        let waited = remote.wait_for_mail(goal);
        // The crash, in the middle of what they do.
        let killed = kill(host);
        stop.store(true, Relaxed);
        for sender in senders {
            // Its connection broke, as it should.
            let _ = sender.join().map_err(|_| ()).map(|result| result.is_err());
        }
        waited?;
        killed
    })?;
    scene.host.kill()
}

/// SIGKILL, while others still use the host.
fn kill(host: &Host) -> Result<()> {
    let id = host.server_id().context("the server does not run")?;
    let pid = rustix::process::Pid::from_raw(i32::try_from(id)?).context("no process")?;
    rustix::process::kill_process(pid, rustix::process::Signal::KILL)?;
    Ok(())
}

/// Hands in mail until the connection breaks or it is enough; notes what was accepted.
fn hand_in(host: &Host, accepted: &Mutex<Vec<String>>, stop: &AtomicBool) -> Result<()> {
    let mut client = session(host, SENDER)?;
    while !stop.load(Relaxed) {
        let mail = mail_of(SENDER);
        let verdict = client.offer(SENDER, &["bob@remote.example"], &mail)?;
        match verdict {
            Verdict::Accepted(_) => lock(accepted).push(mail.id),
            Verdict::Refused(reply) => bail!("refused: {reply}"),
        }
    }
    Ok(())
}

/// Lets the leases of the dead be over at once, as five minutes would: on PostgreSQL others might
/// still live. On SQLite a new process knows that it is alone.
fn forget_leases(scene: &Scene) -> Result<()> {
    let Some(database) = scene.database() else {
        return Ok(());
    };
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let db = Database::open(Options::new(database.target())).await?;
        db.write(Lane::Mail, |tx| {
            let sql = "UPDATE queue_recipient SET lease_until = 1 WHERE state = 2";
            tx.execute(sql, params![])
        })
        .await?;
        db.close().await;
        Ok(())
    })
}

/// Waits until everything that was accepted has left.
fn settle(scene: &Scene, accepted: &Mutex<Vec<String>>) -> Result<()> {
    let before = scene.remote.acknowledged().len();
    scene.drain().with_context(|| {
        let now = scene.remote.acknowledged().len();
        format!(
            "{} accepted, {before} then {now} taken",
            lock(accepted).len()
        )
    })
}

/// Nothing is lost; only what was on its way at a crash may have come twice.
fn verify(scene: &Scene, accepted: &Mutex<Vec<String>>, crashes: usize) -> Result<()> {
    let mut arrived: BTreeMap<String, usize> = BTreeMap::new();
    for taken in scene.remote.acknowledged() {
        *arrived.entry(taken.id()?).or_default() += 1;
    }
    let accepted = lock(accepted);
    for id in accepted.iter() {
        ensure!(
            arrived.contains_key(id),
            "{id} was accepted, and never left"
        );
    }
    let twice: usize = arrived.values().map(|count| count - 1).sum();
    ensure!(
        twice <= crashes * CONCURRENCY,
        "{twice} messages came more than once after {crashes} crashes"
    );
    eprintln!(
        "{} accepted, {} arrived, {twice} of them twice after {crashes} crashes",
        accepted.len(),
        arrived.len()
    );
    Ok(())
}

fn lock<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
