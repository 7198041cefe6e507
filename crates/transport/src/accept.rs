//! The only way in: from an envelope and a content to a durable outcome or a refusal.

pub(crate) mod deliver;
pub(crate) mod prepared;
mod report;
pub(crate) mod upload;

use std::sync::Arc;

use bytes::Bytes;
use hikyaku_blob::{Contents, SpaceWatch};
use hikyaku_db::{Database, DbError, Lane, Tx, WriteTx};
use hikyaku_directory::{AccountScope, addresses};
use hikyaku_mailstore::{Room, delivery};
use hikyaku_types::{EmailAddress, TraceId};
use tracing::{info, warn};

use crate::{
    Envelope, Metrics, Policy, Rejection, Source, Via,
    in_force::{InForce, Known},
    policy::MailboxFull,
    queue::QueueMetrics,
    recipient::{Locks, Route, ToOthers, route},
};
use deliver::{Also, Failure, Job, ReportAt};
use prepared::Prepared;

/// Content from this size on is hashed, compressed and parsed on a blocking thread, so that other
/// sessions of this worker do not wait for it.
const PREPARE_ON_BLOCKING_THREAD: usize = 128 << 10;

/// The way of a message. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Transport {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    db: Database,
    policy: Arc<Policy>,
    space: SpaceWatch,
    metrics: Metrics,
    queue_metrics: Arc<QueueMetrics>,
    contents: Contents,
    known: Arc<Known>,
}

/// A message whose outcomes are durable now.
#[derive(Debug)]
pub struct Accepted {
    /// The message's id in the trace; the reply names it.
    pub transaction: TraceId,
    /// In the order of the envelope: delivered or queued, or why this recipient did not get it.
    pub outcomes: Vec<Result<(), Rejection>>,
    /// How many of those who get it are elsewhere: it waits in the queue for them.
    pub queued: usize,
}

impl Transport {
    /// The transport of a store that keeps all contents in the database.
    pub fn new(db: Database, policy: Policy, space: SpaceWatch) -> Self {
        Self::with_contents(db, policy, space, Contents::in_database())
    }

    /// The transport of a store.
    pub fn with_contents(
        db: Database,
        policy: Policy,
        space: SpaceWatch,
        contents: Contents,
    ) -> Self {
        let metrics = Metrics::default();
        let known = Arc::new(Known::new(db.hints().clone()));
        Self {
            inner: Arc::new(Inner {
                known,
                db,
                policy: Arc::new(policy),
                space,
                metrics,
                queue_metrics: Arc::default(),
                contents,
            }),
        }
    }

    /// The limits in force.
    pub fn policy(&self) -> &Policy {
        &self.inner.policy
    }

    /// The same, to be kept.
    pub(crate) fn shared_policy(&self) -> &Arc<Policy> {
        &self.inner.policy
    }

    /// What contracts say.
    pub(crate) fn known(&self) -> &Arc<Known> {
        &self.inner.known
    }

    /// How contents are read.
    pub(crate) fn contents(&self) -> &Contents {
        &self.inner.contents
    }

    /// The store.
    pub(crate) fn db(&self) -> &Database {
        &self.inner.db
    }

    /// What was accepted and refused so far.
    pub fn metrics(&self) -> &Metrics {
        &self.inner.metrics
    }

    /// What became of queued mail so far, and how full the queue is.
    pub fn queue_metrics(&self) -> &Arc<QueueMetrics> {
        &self.inner.queue_metrics
    }

    /// Whether mail can be accepted now at all; asked at MAIL FROM.
    pub fn check_storage(&self) -> Result<(), Rejection> {
        if self.inner.space.is_low() {
            return Err(self.refused(Rejection::storage_low()));
        }
        Ok(())
    }

    /// Whether a recipient would get a message of `size` bytes (0 when the client did not say).
    pub async fn check_recipient(
        &self,
        address: &EmailAddress,
        size: u64,
        via: Via,
    ) -> Result<(), Rejection> {
        let owned = address.clone();
        let (known, policy) = (
            Arc::clone(&self.inner.known),
            Arc::clone(&self.inner.policy),
        );
        let doors = (ToOthers::from(via, &policy), Locks::from(via));
        let checked = self
            .inner
            .db
            .read(move |tx| {
                let resolution = addresses::resolve(tx, &owned)?;
                let scopes = match route(&owned, &resolution, doors) {
                    Route::Refuse(rejection) => return Ok(Err(rejection)),
                    Route::Remote | Route::Discard(_) => return Ok(Ok(())),
                    Route::Mailbox(scope) => vec![scope],
                    Route::Mailboxes(scopes) => scopes,
                };
                let Some(first) = scopes.first() else {
                    return Ok(Ok(()));
                };
                let in_force = known.of(tx, first.tenant, &policy)?;
                if let Err(rejection) = in_force.check_size(size) {
                    return Ok(Err(rejection));
                }
                room(tx, &scopes, size, in_force.mailbox_full)
            })
            .await;
        match checked {
            Ok(Ok(())) => Ok(()),
            Ok(Err(rejection)) => Err(self.refused(rejection)),
            Err(failure) => Err(self.failed(failure)),
        }
    }

    /// What is in force for an account that sends; asked at MAIL FROM.
    ///
    /// # Errors
    /// When it may not send at present: a pool it belongs to is locked, and the contract then stops
    /// sending too (C-01).
    pub async fn check_sender(&self, scope: AccountScope) -> Result<InForce, Rejection> {
        let inner = &self.inner;
        if let Some(known) = inner.known.of_sender_at_once(scope, inner.db.now()) {
            return known.map_err(|rejection| self.refused(rejection));
        }
        let (known, policy) = (Arc::clone(&inner.known), Arc::clone(&inner.policy));
        let looked = inner
            .db
            .read(move |tx| known.of_sender(tx, scope, &policy))
            .await;
        match looked {
            Ok(Ok(in_force)) => Ok(in_force),
            Ok(Err(rejection)) => Err(self.refused(rejection)),
            Err(error) => Err(self.failed(Failure::Directory(error))),
        }
    }

    /// Takes a message in. `content` is the message as the client sent it, lines ending in CRLF,
    /// without dot-stuffing.
    ///
    /// `Ok` comes after commit and fsync. `Err` means that nothing was written: no recipient can
    /// take it, or something failed. With [`Answer::PerRecipient`](crate::Answer) a message that
    /// nobody can take is `Ok` too, with a reason for each.
    pub async fn accept(&self, envelope: Envelope, content: Bytes) -> Result<Accepted, Rejection> {
        self.take_in(envelope, content, None).await
    }

    /// The same, and in the same transaction what `also` writes: the caller's own record that the
    /// message was handed over, so that it is handed over once.
    pub async fn accept_and(
        &self,
        envelope: Envelope,
        content: Bytes,
        also: impl Fn(&WriteTx<'_>) -> Result<(), DbError> + Send + Sync + 'static,
    ) -> Result<Accepted, Rejection> {
        let also = Also(Arc::new(also));
        self.take_in(envelope, content, Some(also)).await
    }

    async fn take_in(
        &self,
        envelope: Envelope,
        content: Bytes,
        also: Option<Also>,
    ) -> Result<Accepted, Rejection> {
        self.check(&envelope, &content)
            .map_err(|rejection| self.refused(rejection))?;
        self.check_contract(&envelope, &content).await?;
        let size = content.len();
        let prepared = prepare(self.contents(), content)
            .await
            .map_err(|rejection| self.refused(rejection))?;
        if prepared.received_lines() > self.inner.policy.max_received_lines {
            return Err(self.refused(Rejection::mail_loop()));
        }
        let policy = Arc::clone(&self.inner.policy);
        let prepared = upload::upload(self.db(), self.contents(), (&envelope, &policy), prepared)
            .await
            .map_err(|failure| self.failed(failure))?;
        let source = envelope.source.clone();
        let job = Arc::new(Job {
            envelope,
            prepared,
            policy,
            known: Arc::clone(&self.inner.known),
            also,
        });
        let written = match self.write(Arc::clone(&job), ReportAt::ItsTurn).await {
            Err(Failure::WrongGuess) => self.write(Arc::clone(&job), ReportAt::End).await,
            written => written,
        };
        if let Err(Failure::Refused(_)) = &written {
            // Nothing refers to it, for certain.
            let content = job.prepared.content().prepared();
            self.contents().abandon(content).await;
        }
        let accepted = written.map_err(|failure| self.failed(failure))?;
        self.tell(&source, size, &accepted);
        Ok(accepted)
    }

    async fn write(&self, job: Arc<Job>, report_at: ReportAt) -> Result<Accepted, Failure> {
        self.inner
            .db
            .write(Lane::Mail, move |tx| deliver::all(tx, &job, report_at))
            .await
    }

    /// Counts and logs a message that somebody got. With a reply each it may be nobody.
    fn tell(&self, source: &Source, size: usize, accepted: &Accepted) {
        for rejection in accepted
            .outcomes
            .iter()
            .filter_map(|outcome| outcome.as_ref().err())
        {
            self.inner.metrics.rejected(rejection);
        }
        let taken = accepted
            .outcomes
            .iter()
            .filter(|outcome| outcome.is_ok())
            .count();
        let queued = accepted.queued;
        let delivered = taken.saturating_sub(queued);
        if taken > 0 {
            self.inner.metrics.accepted(size, delivered);
        }
        info!(
            transaction = %accepted.transaction, size_bytes = size, delivered, queued,
            recipients = accepted.outcomes.len(), via = source.via.as_str(),
            "message accepted"
        );
    }

    fn check(&self, envelope: &Envelope, content: &Bytes) -> Result<(), Rejection> {
        let policy = &self.inner.policy;
        if envelope.recipients.is_empty() {
            return Err(Rejection::no_recipients());
        }
        if envelope.recipients.len() > policy.max_recipients {
            return Err(Rejection::too_many_recipients(policy.max_recipients));
        }
        if content.len() as u64 > policy.max_message.bytes() {
            return Err(Rejection::too_big(policy.max_message));
        }
        if self.inner.space.is_low() {
            return Err(Rejection::storage_low());
        }
        Ok(())
    }

    /// The limits of the sender's contract, which JMAP and programs meet only here.
    async fn check_contract(&self, envelope: &Envelope, content: &Bytes) -> Result<(), Rejection> {
        let Some(scope) = envelope.source.account else {
            return Ok(());
        };
        let in_force = self.check_sender(scope).await?;
        in_force
            .check_size(content.len() as u64)
            .map_err(|rejection| self.refused(rejection))?;
        if envelope.recipients.len() > in_force.max_recipients {
            let rejection = Rejection::too_many_recipients(in_force.max_recipients);
            return Err(self.refused(rejection));
        }
        Ok(())
    }

    fn refused(&self, rejection: Rejection) -> Rejection {
        self.inner.metrics.rejected(&rejection);
        rejection
    }

    fn failed(&self, failure: Failure) -> Rejection {
        let rejection = match failure {
            // The second run guesses nothing.
            Failure::WrongGuess => Rejection::temporary(),
            Failure::Refused(rejection) => rejection,
            Failure::Mail(error) => {
                warn!(
                    error = &error as &dyn std::error::Error,
                    "a message was not written"
                );
                if error.is_storage_full() {
                    Rejection::storage_low()
                } else {
                    Rejection::temporary()
                }
            }
            Failure::Directory(error) => {
                warn!(
                    error = &error as &dyn std::error::Error,
                    "a recipient was not resolved"
                );
                Rejection::temporary()
            }
            Failure::Db(error) => {
                warn!(
                    error = &error as &dyn std::error::Error,
                    "a message was not written"
                );
                Rejection::from(&error)
            }
        };
        self.refused(rejection)
    }
}

/// Whether somebody of these has room: then the message is accepted.
fn room(
    tx: &Tx<'_>,
    scopes: &[AccountScope],
    size: u64,
    full: MailboxFull,
) -> Result<Result<(), Rejection>, Failure> {
    for scope in scopes {
        if delivery::check_room(tx, *scope, size)? == Room::Ok {
            return Ok(Ok(()));
        }
    }
    Ok(Err(Rejection::mailbox_full(full)))
}

async fn prepare(contents: &Contents, content: Bytes) -> Result<Prepared, Rejection> {
    if content.len() < PREPARE_ON_BLOCKING_THREAD {
        return Ok(Prepared::new(contents, &content));
    }
    let contents = contents.clone();
    tokio::task::spawn_blocking(move || Prepared::new(&contents, &content))
        .await
        .map_err(|_| Rejection::temporary())
}
