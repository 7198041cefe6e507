//! Empties the outbox: renders each notice and gives it to the transport.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use hikyaku_db::{Database, DbError, Hint, Lane};
use hikyaku_directory::DirectoryError;
use hikyaku_message::build::BuildError;
use hikyaku_transport::{
    Answer, Envelope, Notify, Recipient, Rejection, Reporting, Source, Transport, Via,
};
use hikyaku_types::{Domain, EmailAddress, Id, SessionId, Timestamp};
use tokio::{sync::watch, task::JoinSet};
use tracing::{error, info, warn};

use crate::{
    Event, compose,
    outbox::{self, EXPIRE, Waiting},
};

/// Pause after the first failure of a notice (1 minute); it doubles with each further one.
const PAUSE: Duration = Duration::from_mins(1);
/// The longest pause (2 hours).
const PAUSE_MAX: Duration = Duration::from_hours(2);
/// Pause after a failure of the database (5 seconds).
const AFTER_FAILURE: Duration = Duration::from_secs(5);
/// The longest sleep (1 hour): clocks may be set.
const SLEEP_MAX: Duration = Duration::from_hours(1);

/// What the sender works with.
#[derive(Debug, Clone)]
pub struct SenderOptions {
    /// The name of this host, for message ids and for the sender of a tenant without a domain.
    pub host: Domain,
    /// Where it counts.
    pub metrics: Arc<SenderMetrics>,
}

/// Counters since the start.
#[derive(Debug, Default)]
pub struct SenderMetrics {
    sent: AtomicU64,
    postponed: AtomicU64,
    given_up: AtomicU64,
}

impl SenderMetrics {
    /// Notices handed to the transport.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Attempts after which a notice waits.
    pub fn postponed(&self) -> u64 {
        self.postponed.load(Ordering::Relaxed)
    }

    /// Notices that nobody will get.
    pub fn given_up(&self) -> u64 {
        self.given_up.load(Ordering::Relaxed)
    }
}

/// A running sender.
#[derive(Debug)]
pub struct Sender {
    stop: watch::Sender<bool>,
    task: JoinSet<()>,
}

impl Sender {
    /// Begins to send. Must be called within a Tokio runtime.
    pub fn start(db: Database, transport: Transport, options: SenderOptions) -> Self {
        let (stop, stopped) = watch::channel(false);
        let worker = Worker {
            db,
            transport,
            options,
        };
        let mut task = JoinSet::new();
        task.spawn(worker.run(stopped));
        Self { stop, task }
    }

    /// Ends after the notice that is being sent.
    pub async fn stop(mut self) {
        // The receiver is gone only when the task has ended.
        let _ = self.stop.send(true);
        while let Some(ended) = self.task.join_next().await {
            if let Err(error) = ended {
                error!(%error, "the sender of notices ended in disorder");
            }
        }
    }
}

struct Worker {
    db: Database,
    transport: Transport,
    options: SenderOptions,
}

/// What became of an attempt.
enum Attempt {
    Sent,
    Later(String),
    Never(String),
}

impl Worker {
    async fn run(self, mut stopped: watch::Receiver<bool>) {
        // Before the first look, so that nothing falls between.
        let mut hints = self.db.hints().subscribe(Hint::Notices);
        loop {
            let wait = match self.round(&stopped).await {
                Ok(wait) => wait,
                Err(failure) => {
                    warn!(
                        error = &failure as &dyn std::error::Error,
                        "the outbox of notices was not looked at"
                    );
                    AFTER_FAILURE
                }
            };
            tokio::select! {
                // An error means that the handle is gone, and with it whoever wanted mail sent.
                _ = stopped.changed() => return,
                () = hints.changed() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Sends what is due and says how long there is nothing to do.
    async fn round(&self, stopped: &watch::Receiver<bool>) -> Result<Duration, DbError> {
        loop {
            let taken = self.db.write(Lane::Background, outbox::take).await?;
            if taken.is_empty() {
                break;
            }
            for waiting in taken {
                if *stopped.borrow() {
                    return Ok(SLEEP_MAX);
                }
                self.one(waiting).await?;
            }
        }
        let next = self.db.read(outbox::next_due).await?;
        let now = self.db.now();
        Ok(next.map_or(SLEEP_MAX, |due| due.since(now).min(SLEEP_MAX)))
    }

    async fn one(&self, waiting: Waiting) -> Result<(), DbError> {
        let (id, now) = (waiting.id, self.db.now());
        let attempt = self.attempt(&waiting, now).await;
        match attempt {
            Attempt::Sent => {
                self.options.metrics.sent.fetch_add(1, Ordering::Relaxed);
                info!(notice.id = %id, event = %waiting.event, "a notice was sent");
                Ok(())
            }
            Attempt::Later(why) if now < waiting.created_at.plus(EXPIRE) => {
                self.options
                    .metrics
                    .postponed
                    .fetch_add(1, Ordering::Relaxed);
                warn!(notice.id = %id, event = %waiting.event, why, "a notice waits");
                let due = now.plus(pause(waiting.attempts));
                self.db
                    .write(Lane::Background, move |tx| outbox::later(tx, id, due))
                    .await
            }
            Attempt::Later(why) | Attempt::Never(why) => {
                self.options
                    .metrics
                    .given_up
                    .fetch_add(1, Ordering::Relaxed);
                error!(notice.id = %id, event = %waiting.event, why, "a notice was given up");
                let gone = self
                    .db
                    .write(Lane::Background, move |tx| outbox::done(tx, id))
                    .await;
                match gone {
                    Err(DbError::NotFound) => Ok(()),
                    other => other,
                }
            }
        }
    }

    async fn attempt(&self, waiting: &Waiting, now: Timestamp) -> Attempt {
        let Ok(event) = waiting.event.parse::<Event>() else {
            return Attempt::Never("a later version wrote it".to_owned());
        };
        let Some(to) = waiting.to() else {
            return Attempt::Never("its address is none".to_owned());
        };
        let row = waiting.clone();
        let material = self
            .db
            .read(move |tx| compose::material(tx, &row, event))
            .await;
        let material = match material {
            Ok(material) => material,
            Err(DirectoryError::Db(DbError::NotFound)) => {
                return Attempt::Never("its tenant is gone".to_owned());
            }
            Err(error) => return Attempt::Later(error.to_string()),
        };
        let Some(text) = compose::text(&material, waiting, now) else {
            return Attempt::Never("its text cannot be made".to_owned());
        };
        let unique = waiting.id.to_string();
        let host = &self.options.host;
        match compose::message((&material, host), &text, (&to, now), &unique) {
            Ok(message) => self.send(waiting, to, message).await,
            Err(error) => Attempt::Never(unwritable(&error)),
        }
    }

    /// Gives the message to the transport; the row goes in the same transaction.
    async fn send(&self, waiting: &Waiting, to: EmailAddress, message: Vec<u8>) -> Attempt {
        let id = waiting.id;
        let envelope = self.envelope(waiting, to);
        let sent = self
            .transport
            .accept_and(envelope, Bytes::from(message), move |tx| {
                outbox::done(tx, id)
            })
            .await;
        match sent {
            Ok(_) => Attempt::Sent,
            Err(rejection) if rejection.is_temporary() => Attempt::Later(refused(&rejection)),
            Err(rejection) => Attempt::Never(refused(&rejection)),
        }
    }

    /// The null sender: nobody reads what comes back.
    fn envelope(&self, waiting: &Waiting, to: EmailAddress) -> Envelope {
        Envelope {
            source: Source {
                via: Via::House(waiting.tenant.tenant),
                ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
                session: SessionId::from_i64(waiting.id.to_i64()),
                account: None,
            },
            sender: None,
            recipients: vec![Recipient {
                address: to,
                notify: Some(Notify::NEVER),
                original: None,
            }],
            answer: Answer::Whole,
            reporting: Reporting {
                host: self.options.host.clone(),
                envelope_id: None,
                returned: None,
            },
            utf8: false,
            trace_header: Vec::new(),
        }
    }
}

fn unwritable(error: &BuildError) -> String {
    error.to_string()
}

fn refused(rejection: &Rejection) -> String {
    format!(
        "{} {} {}",
        rejection.code, rejection.enhanced, rejection.text
    )
}

/// Doubles from [`PAUSE`] to [`PAUSE_MAX`].
fn pause(attempts: u32) -> Duration {
    let doublings = attempts.saturating_sub(1).min(16);
    PAUSE.saturating_mul(1 << doublings).min(PAUSE_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_two_hours() {
        let minutes: Vec<u64> = [1, 2, 3, 8, 100].map(|n| pause(n).as_secs() / 60).to_vec();
        assert_eq!(minutes, [1, 2, 4, 120, 120]);
    }
}
