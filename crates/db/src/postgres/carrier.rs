//! Hints between processes: LISTEN and NOTIFY, each on a connection of its own.
//!
//! A process sends at most one batch every [`NOTIFY_EVERY`], never in a mail transaction. A payload
//! is `origin;m1f,a20,d,q`: who sent it, then the keys with ids in hexadecimal; `*` means that
//! hints were lost and everybody should look. Whoever connects again wakes all its own listeners.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use hikyaku_types::{AccountId, Id, TenantId};
use postgres::{Client, fallible_iterator::FallibleIterator};

use super::connector::Connector;
use crate::{
    error::DbError,
    hints::{Hint, Hints, Route},
};

/// The name of the channel.
const CHANNEL: &str = "hikyaku_hint";
/// Bytes of one payload (PostgreSQL takes less than 8000).
const PAYLOAD_MAX: usize = 7_900;
/// At most one batch is sent in this time (default 10 ms).
pub const NOTIFY_EVERY: Duration = Duration::from_millis(10);
/// More different keys than this in one batch are sent as "everybody look" (default 20,000).
const PENDING_MAX: usize = 20_000;
/// How often an idle listener looks whether it should end (default 500 ms).
const LISTEN_TICK: Duration = Duration::from_millis(500);
/// A listener that has heard nothing for this long asks the server for a sign of life
/// (default 30 s).
const SILENCE_MAX: Duration = Duration::from_secs(30);
/// How long attempts to connect go on before the thread looks whether it should end (default 1 s).
const CONNECT_PATIENCE: Duration = Duration::from_secs(1);

/// Both directions.
#[derive(Debug)]
pub(super) struct PostgresCarrier {
    origin: String,
    outbox: Mutex<Outbox>,
    filled: Condvar,
    closed: AtomicBool,
}

/// What is to be sent.
#[derive(Debug, Default)]
struct Outbox {
    hints: BTreeSet<Hint>,
    /// Hints were lost: everybody should look.
    everything: bool,
}

impl Route for PostgresCarrier {
    fn send(&self, hints: &[Hint]) {
        let mut outbox = self.lock();
        outbox.hints.extend(hints);
        if outbox.hints.len() > PENDING_MAX {
            outbox.lose();
        }
        drop(outbox);
        self.filled.notify_one();
    }
}

impl Outbox {
    fn lose(&mut self) {
        self.hints.clear();
        self.everything = true;
    }

    fn is_empty(&self) -> bool {
        self.hints.is_empty() && !self.everything
    }
}

impl PostgresCarrier {
    pub(super) fn new(origin: String) -> Arc<Self> {
        Arc::new(Self {
            origin,
            outbox: Mutex::default(),
            filled: Condvar::new(),
            closed: AtomicBool::new(false),
        })
    }

    /// Ends both threads.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        drop(self.lock());
        self.filled.notify_all();
    }

    /// Sends what is in the outbox until the carrier is closed; what is left then is still sent.
    pub(super) fn run_sender(&self, connector: &Connector) {
        let mut client = None;
        while let Some(batch) = self.next_batch() {
            let sent = self.send_batch(&mut client, connector, &batch);
            if let Err(error) = sent {
                tracing::warn!(%error, "hints for other processes could not be sent");
                client = None;
                self.lock().lose();
                if self.is_closed() {
                    return;
                }
            }
            std::thread::sleep(NOTIFY_EVERY);
        }
    }

    /// Listens until the carrier is closed, at first on the connection that was made at the start.
    pub(super) fn run_listener(&self, first: Client, connector: &Connector, hints: &Hints) {
        let mut ended = self.listen(first, hints);
        while !self.is_closed() {
            if let Err(error) = &ended {
                tracing::warn!(%error, "hints of other processes cannot be heard now");
            }
            ended = connect_listener(connector).and_then(|client| {
                // What was said while nobody listened is lost.
                hints.wake_all();
                self.listen(client, hints)
            });
        }
    }

    fn next_batch(&self) -> Option<Outbox> {
        let mut outbox = self.lock();
        while outbox.is_empty() {
            if self.is_closed() {
                return None;
            }
            outbox = self
                .filled
                .wait(outbox)
                .unwrap_or_else(PoisonError::into_inner);
        }
        Some(std::mem::take(&mut *outbox))
    }

    fn send_batch(
        &self,
        client: &mut Option<Client>,
        connector: &Connector,
        batch: &Outbox,
    ) -> Result<(), DbError> {
        let client = match client {
            Some(client) => client,
            None => client.insert(patiently(connector)?),
        };
        for payload in payloads(&self.origin, batch) {
            client
                .execute("SELECT pg_notify($1, $2)", &[&CHANNEL, &payload])
                .map_err(|error| super::error::db_error(&error))?;
        }
        Ok(())
    }

    fn listen(&self, mut client: Client, hints: &Hints) -> Result<(), DbError> {
        let failed = |error: postgres::Error| super::error::db_error(&error);
        let mut heard_at = Instant::now();
        while !self.is_closed() {
            let next = client
                .notifications()
                .timeout_iter(LISTEN_TICK)
                .next()
                .map_err(failed)?;
            if let Some(notification) = next {
                heard_at = Instant::now();
                self.receive(notification.payload(), hints);
            } else if client.is_closed() {
                return Err(DbError::unavailable("the connection was closed"));
            } else if heard_at.elapsed() > SILENCE_MAX {
                client.batch_execute("").map_err(failed)?;
                heard_at = Instant::now();
            }
        }
        Ok(())
    }

    fn receive(&self, payload: &str, hints: &Hints) {
        match parse(payload) {
            Some((origin, _)) if origin == self.origin => {}
            Some((_, Said::Hints(said))) => hints.publish(&said),
            Some((_, Said::Everything)) => hints.wake_all(),
            None => tracing::debug!("a hint that is not understood"),
        }
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    fn lock(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that listens.
pub(super) fn connect_listener(connector: &Connector) -> Result<Client, DbError> {
    let mut client = patiently(connector)?;
    client
        .batch_execute(&format!("LISTEN {CHANNEL}"))
        .map_err(|error| super::error::db_error(&error))?;
    Ok(client)
}

/// Connects; the pauses between failed attempts are shared with the pool.
fn patiently(connector: &Connector) -> Result<Client, DbError> {
    connector.client_until(Instant::now() + CONNECT_PATIENCE)
}

/// What another process said.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    Hints(Vec<Hint>),
    Everything,
}

/// The batch as payloads that are short enough.
fn payloads(origin: &str, batch: &Outbox) -> Vec<String> {
    if batch.everything {
        return vec![format!("{origin};*")];
    }
    let mut payloads = Vec::new();
    let mut current = String::new();
    for hint in &batch.hints {
        let begins = current.is_empty();
        if begins {
            let _ = write!(current, "{origin};");
        } else {
            current.push(',');
        }
        let _ = match hint {
            Hint::Mail(account) => write!(current, "m{:x}", account.to_i64()),
            Hint::Account(account) => write!(current, "a{:x}", account.to_i64()),
            Hint::Tenant(tenant) => write!(current, "t{:x}", tenant.to_i64()),
            Hint::Directory => write!(current, "d"),
            Hint::Queue => write!(current, "q"),
            Hint::Jobs => write!(current, "j"),
            Hint::Notices => write!(current, "n"),
        };
        if current.len() > PAYLOAD_MAX - 20 {
            payloads.push(std::mem::take(&mut current));
        }
    }
    if !current.is_empty() {
        payloads.push(current);
    }
    payloads
}

/// Reads a payload. Kinds that are not known (of a later version) are passed over.
fn parse(payload: &str) -> Option<(&str, Said)> {
    let (origin, keys) = payload.split_once(';')?;
    if keys == "*" {
        return Some((origin, Said::Everything));
    }
    let id = |hex: &str| i64::from_str_radix(hex, 16).ok();
    let account = |hex: &str| id(hex).map(AccountId::from_i64);
    let hints = keys
        .split(',')
        .filter_map(|key| match key.split_at_checked(1)? {
            ("m", hex) => account(hex).map(Hint::Mail),
            ("a", hex) => account(hex).map(Hint::Account),
            ("t", hex) => id(hex).map(TenantId::from_i64).map(Hint::Tenant),
            ("d", "") => Some(Hint::Directory),
            ("q", "") => Some(Hint::Queue),
            ("j", "") => Some(Hint::Jobs),
            ("n", "") => Some(Hint::Notices),
            _ => None,
        });
    Some((origin, Said::Hints(hints.collect())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(id: i64) -> Hint {
        Hint::Mail(AccountId::from_i64(id))
    }

    #[test]
    fn payloads_are_short_and_say_everything() {
        let hints: BTreeSet<Hint> = (0..5_000).map(|n| mail(i64::MAX - n)).collect();
        let batch = Outbox {
            hints: hints.clone(),
            everything: false,
        };
        let payloads = payloads("o", &batch);
        assert!(payloads.len() > 10);
        let mut heard = BTreeSet::new();
        for payload in &payloads {
            assert!(payload.len() < 8_000, "{}", payload.len());
            match parse(payload) {
                Some(("o", Said::Hints(said))) => heard.extend(said),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(heard, hints);
    }

    #[test]
    fn unknown_kinds_and_garbage_are_passed_over() {
        let said = Said::Hints(vec![mail(31), Hint::Directory]);
        assert_eq!(parse("o;m1f,zz,d,mxyz,,dx"), Some(("o", said)));
        assert_eq!(parse("o;*"), Some(("o", Said::Everything)));
        assert_eq!(parse("garbage"), None);
    }

    #[test]
    fn too_many_hints_become_one_call_to_all() {
        let carrier = PostgresCarrier::new("o".to_owned());
        let many: Vec<Hint> = (1..=PENDING_MAX as i64 + 1).map(mail).collect();
        carrier.send(&many);
        let batch = carrier.next_batch().unwrap();
        assert_eq!(payloads("o", &batch), ["o;*"]);
    }
}
