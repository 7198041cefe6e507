//! One attempt: the message is read, carried, and what became of it recorded.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::FutureExt as _;
use hikyaku_db::{DbError, Lane, WriteTx, params};
use hikyaku_types::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::{error, info, warn};

use super::{
    Carrier, Parcel, ParcelRecipient, QueueError, QueueMetrics, Trouble, TroubleKind, Verdict,
    claim::{Claim, Owner},
    hosted,
    load::{self, Hosted, Loaded},
    message::{Message, Recipient},
    settle::{By, End, News, Settled, Settlement, Tell},
};
use crate::{Transport, report::GivenUp};

/// How long one attempt may take: 30 minutes, for RFC 5321 §4.5.3.2 alone lets the reply to the
/// message take 10.
pub const ATTEMPT_SECONDS: u64 = 30 * 60;

/// What a carrier gets beyond its time before it is given up on.
const ATTEMPT_GRACE: Duration = Duration::from_mins(1);

/// Memory of all messages that are being sent at the same time, in KiB: 256 MiB. A message counts
/// twice, as it is stored and as it is sent; a larger one goes alone.
pub const SENDING_MEMORY_KIB: usize = 256 << 10;

/// The longest wait between two tries to record what became of an attempt.
const RECORD_WAIT_MAX: Duration = Duration::from_secs(30);

/// What attempts need. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Worker {
    pub(super) transport: Transport,
    pub(super) carrier: Arc<dyn Carrier>,
    pub(super) metrics: Arc<QueueMetrics>,
    pub(super) owner: Owner,
    pub(super) memory: Arc<Semaphore>,
}

impl Worker {
    /// Makes an attempt and records it, however often that takes.
    pub(super) async fn attempt(&self, claim: Claim, failures: u32) {
        self.metrics.attempt();
        let loaded = self.load(&claim).await;
        let Some((loaded, _memory)) = loaded else {
            return;
        };
        if loaded.hosted == Hosted::Here {
            self.deliver_here(claim, loaded).await;
            return;
        }
        let verdicts = match &loaded.content {
            Ok(content) => self.carry(&claim, &loaded.message, content.clone()).await,
            Err(error) => {
                error!(
                    error = error as &dyn std::error::Error, queued = %claim.message, "a queued message cannot be read");
                vec![Verdict::Later(local()); claim.recipients.len()]
            }
        };
        self.record(&claim, loaded, verdicts, failures).await;
    }

    /// Reads the message once there is memory for it; nothing when it has left the queue.
    async fn load(&self, claim: &Claim) -> Option<(Loaded, Option<OwnedSemaphorePermit>)> {
        let size = claim.size_kib().clamp(1, SENDING_MEMORY_KIB);
        let memory = Arc::clone(&self.memory);
        let permit = memory
            .acquire_many_owned(u32::try_from(size).unwrap_or(u32::MAX))
            .await
            .ok();
        let mut wait = Wait::default();
        loop {
            let destination = Some(claim.destination.clone());
            match load::load(&self.transport, claim.message, destination).await {
                Ok(loaded) => return loaded.map(|loaded| (loaded, permit)),
                Err(error) => {
                    warn!(
                        error = &error as &dyn std::error::Error, queued = %claim.message, "a queued message was not read");
                    wait.longer().await;
                }
            }
        }
    }

    /// One verdict per recipient, whatever the carrier does.
    async fn carry(&self, claim: &Claim, message: &Message, content: Bytes) -> Vec<Verdict> {
        let deadline = Duration::from_secs(ATTEMPT_SECONDS);
        let parcel = parcel(claim, message, (content, deadline));
        let carried = AssertUnwindSafe(self.carrier.carry(parcel)).catch_unwind();
        let missing = match tokio::time::timeout(deadline + ATTEMPT_GRACE, carried).await {
            Ok(Ok(mut verdicts)) => {
                let cut = Verdict::Later(trouble(TroubleKind::Cut, "4.4.2"));
                verdicts.resize(claim.recipients.len(), cut);
                return verdicts;
            }
            Ok(Err(_)) => {
                error!(queued = %claim.message, "the carrier panicked");
                local()
            }
            Err(_) => trouble(TroubleKind::Timeout, "4.4.2"),
        };
        vec![Verdict::Later(missing); claim.recipients.len()]
    }

    async fn record(&self, claim: &Claim, loaded: Loaded, verdicts: Vec<Verdict>, failures: u32) {
        let news = news(&verdicts, failures).map(|news| (claim.destination.clone(), news));
        let now = self.transport.db().now();
        let mut settlement = Settlement {
            about: loaded.about(),
            policy: Arc::clone(self.transport.shared_policy()),
            by: By::Lease(self.owner),
            ended: Vec::new(),
            later: Vec::new(),
            delayed: Vec::new(),
            news,
            tell: Tell::Sender,
            message: loaded.message,
        };
        for (recipient, verdict) in claim.recipients.iter().zip(verdicts) {
            sort(&mut settlement, recipient.clone(), verdict, now);
        }
        let settlement = Arc::new(settlement);
        let write = {
            let settlement = Arc::clone(&settlement);
            move |tx: &WriteTx<'_>| settlement.write(tx)
        };
        if let Some(settled) = self.write(claim, write).await {
            tell(claim, &settlement, settled);
        }
    }

    /// Delivers to a domain that is ours by now, and records it.
    async fn deliver_here(&self, claim: Claim, loaded: Loaded) {
        let claim = Arc::new(claim);
        let job = hosted::Job::new(&self.transport, Arc::clone(&claim), loaded, self.owner);
        let job = match job.await {
            Ok(job) => Arc::new(job),
            Err((loaded, error)) => {
                error!(error, queued = %claim.message, "queued mail cannot be delivered here yet");
                let verdicts = vec![Verdict::Later(local()); claim.recipients.len()];
                self.record(&claim, *loaded, verdicts, 0).await;
                return;
            }
        };
        let write = move |tx: &WriteTx<'_>| job.write(tx);
        if let Some(settled) = self.write(&claim, write).await {
            info!(
                queued = %claim.message, domain = %claim.destination,
                delivered = settled.delivered, "queued mail was delivered here"
            );
        }
    }

    /// Writes until it is written. What will never be written is held, so that what another host
    /// took is not sent again and again.
    async fn write<W>(&self, claim: &Claim, write: W) -> Option<Settled>
    where
        W: Fn(&WriteTx<'_>) -> Result<Settled, QueueError> + Clone + Send + 'static,
    {
        let mut wait = Wait::default();
        loop {
            let failure = match self.transport.db().write(Lane::Mail, write.clone()).await {
                Ok(settled) => {
                    self.metrics.settled(settled);
                    return Some(settled);
                }
                Err(failure) => failure,
            };
            let temporary = failure.is_temporary();
            report_failure(claim, &failure);
            if !temporary && self.hold(claim).await.is_ok() {
                return None;
            }
            wait.longer().await;
        }
    }

    /// Leaves the claimed rows to people.
    async fn hold(&self, claim: &Claim) -> Result<(), DbError> {
        let (message, owner) = (claim.message, self.owner);
        self.transport
            .db()
            .write(Lane::Mail, move |tx| {
                tx.execute(
                    "UPDATE queue_recipient SET state = 1, held = 1, lease_owner = NULL, \
                     lease_until = NULL, trouble = 'local', status = '4.3.0' \
                     WHERE message_id = ?1 AND state = 2 AND lease_owner = ?2",
                    params![message, owner.0],
                )
                .map(drop)
            })
            .await
    }
}

/// Waits that grow: 1 second, 2, 4 …
#[derive(Default)]
struct Wait(u32);

impl Wait {
    async fn longer(&mut self) {
        let wait = Duration::from_secs(1 << self.0.min(5)).min(RECORD_WAIT_MAX);
        self.0 += 1;
        tokio::time::sleep(wait).await;
    }
}

fn parcel(claim: &Claim, message: &Message, (content, deadline): (Bytes, Duration)) -> Parcel {
    let international = |address: &hikyaku_types::EmailAddress| !address.to_string().is_ascii();
    let recipients = || claim.recipients.iter();
    Parcel {
        destination: claim.destination.clone(),
        sender: message.sender.clone(),
        recipients: recipients()
            .map(|recipient| ParcelRecipient {
                address: recipient.address.clone(),
                notify: recipient.notify,
                original: recipient.original.clone(),
            })
            .collect(),
        content,
        eight_bit: message.eight_bit,
        utf8: message.utf8
            || message.sender.as_ref().is_some_and(international)
            || recipients().any(|recipient| international(&recipient.address)),
        reporting: message.reporting.clone(),
        deadline,
    }
}

/// What a verdict means for its recipient.
fn sort(settlement: &mut Settlement, recipient: Recipient, verdict: Verdict, now: Timestamp) {
    let ended = match verdict {
        Verdict::Sent(receipt) => End::Sent(receipt),
        Verdict::Never(trouble) => End::Bounced(trouble.cleaned(), GivenUp::ForGood),
        Verdict::Later(trouble) if now >= settlement.message.expires_at => {
            End::Bounced(trouble.cleaned(), GivenUp::Expired)
        }
        Verdict::Later(trouble) => {
            settlement.later.push((recipient, trouble.cleaned()));
            return;
        }
    };
    settlement.ended.push((recipient, ended));
}

/// What an attempt says about its destination: unreachable when it met nothing but trouble that all
/// mail would meet; reached when anybody answered.
fn news(verdicts: &[Verdict], failures: u32) -> Option<News> {
    let of_all = verdicts.iter().all(|verdict| match verdict {
        Verdict::Later(trouble) => trouble.kind.is_of_the_destination(),
        Verdict::Sent(_) | Verdict::Never(_) => false,
    });
    match verdicts.first() {
        Some(Verdict::Later(trouble)) if of_all => Some(News::Unreachable(trouble.cleaned())),
        // Ours to put right; it says nothing about the destination.
        Some(Verdict::Later(trouble)) if trouble.kind == TroubleKind::Local => None,
        Some(_) if failures > 0 => Some(News::Reached),
        _ => None,
    }
}

fn tell(claim: &Claim, settlement: &Settlement, settled: Settled) {
    let first = settlement.later.first().map(|(_, trouble)| trouble);
    let bounced = settlement.ended.iter().find_map(|(_, end)| match end {
        End::Bounced(trouble, _) => Some(trouble),
        _ => None,
    });
    let trouble = bounced.or(first).map(ToString::to_string);
    info!(
        transaction = %settlement.message.transaction, queued = %claim.message,
        destination = %claim.destination, sent = settled.sent, deferred = settled.deferred,
        bounced = settled.bounced, trouble = trouble.as_deref(), "attempt to send"
    );
}

/// Apart from where it is waited: errors as the log takes them may not cross threads.
fn report_failure(claim: &Claim, failure: &QueueError) {
    let queued = claim.message;
    if failure.is_temporary() {
        warn!(
            error = failure as &dyn std::error::Error, %queued,
            "an attempt was not recorded yet"
        );
    } else {
        error!(
            error = failure as &dyn std::error::Error, %queued,
            "an attempt cannot be recorded; its recipients are held"
        );
    }
}

fn local() -> Trouble {
    trouble(TroubleKind::Local, "4.3.0")
}

fn trouble(kind: TroubleKind, status: &str) -> Trouble {
    Trouble {
        kind,
        status: status.to_owned(),
        host: None,
        reply: None,
    }
}
