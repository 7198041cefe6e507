//! Recording what became of recipients: one transaction for the rows, the trace, the report to the
//! sender, and the content when nobody needs it any more.
//!
//! Locks: the message, then its recipients, then the reader's account, then contents, then the
//! destination.

mod destination;
mod tell;

use std::sync::Arc;

use bytes::Bytes;
use hikyaku_db::{DbError, Hint, Value, WriteTx, params, sql::in_list};
use hikyaku_directory::DirectoryError;
use hikyaku_mailstore::MailError;
use hikyaku_types::{AccountId, Domain, Id as _, QueuedRecipientId, Timestamp, TraceId};

use super::{
    Receipt, Trouble,
    claim::Owner,
    message::{Message, Recipient},
    schedule,
};
use crate::{
    Policy,
    report::{GivenUp, Original},
    trace::{self, Outcome},
};

/// Why something was not recorded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueueError {
    /// The mail store failed.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// The directory failed.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl QueueError {
    /// Whether the same may succeed later.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Db(error)
            | Self::Mail(MailError::Db(error))
            | Self::Directory(DirectoryError::Db(error)) => error.is_temporary(),
            Self::Mail(MailError::Content(error)) => error.is_temporary(),
            Self::Mail(_) | Self::Directory(_) => false,
        }
    }
}

/// What the sender can be told about a message.
pub(crate) struct About {
    pub(crate) original: Original,
    /// The whole message, when a report may return it.
    pub(crate) whole: Option<Bytes>,
}

/// Which rows may be settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// Those that this owner has claimed.
    Lease(Owner),
    /// Those that wait.
    Nobody,
}

/// How a recipient ends.
#[derive(Debug, Clone)]
pub(super) enum End {
    /// Another host has it.
    Sent(Receipt),
    /// It is in a mailbox of ours.
    Delivered(AccountId),
    /// It was given up.
    Bounced(Trouble, GivenUp),
    /// An administrator took it out.
    Canceled,
}

/// What was learned of a destination.
#[derive(Debug, Clone)]
pub(super) enum News {
    /// Somebody answered there, after it could not be reached.
    Reached,
    /// It could not be reached.
    Unreachable(Trouble),
}

/// Whether the sender hears of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tell {
    /// As the sender wishes.
    Sender,
    /// In no case.
    Nobody,
}

/// Everything that one transaction records about one message.
pub(super) struct Settlement {
    pub(super) message: Message,
    pub(super) policy: Arc<Policy>,
    pub(super) about: About,
    pub(super) by: By,
    pub(super) ended: Vec<(Recipient, End)>,
    /// Those who are tried again.
    pub(super) later: Vec<(Recipient, Trouble)>,
    /// Those whose sender hears of the delay.
    pub(super) delayed: Vec<Recipient>,
    pub(super) news: Option<(Domain, News)>,
    pub(super) tell: Tell,
}

/// How many rows were settled; those that somebody else had settled or claimed are not counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Settled {
    pub(super) sent: u64,
    pub(super) delivered: u64,
    pub(super) bounced: u64,
    pub(super) canceled: u64,
    pub(super) deferred: u64,
    pub(super) reports: u64,
    pub(super) noticed: u64,
}

/// Recipients of one statement; padded, so that there are few different ones.
const ROWS: [usize; 3] = [1, 10, 100];

/// Characters of the other side's words that the queue and the trace keep.
const WORDS_MAX: usize = 500;

impl Settlement {
    /// Records all of it.
    pub(super) fn write(&self, tx: &WriteTx<'_>) -> Result<Settled, QueueError> {
        let mut settled = Settled::default();
        let Some(recipients) = self.lock(tx)? else {
            return Ok(settled);
        };
        let mut gone: Vec<(&Recipient, &End)> = Vec::new();
        for group in groups(&self.ended, |(_, end)| detail(end)) {
            gone.extend(self.end(tx, &group)?);
        }
        for (_, end) in &gone {
            *settled.count(end) += 1;
        }
        for group in groups(&self.later, |(row, trouble)| {
            (row.attempts, trouble.clone())
        }) {
            settled.deferred += self.defer(tx, &group)?;
        }
        let delayed = self.notice(tx)?;
        settled.noticed = delayed.len() as u64;
        if self.tell == Tell::Sender {
            settled.reports = self.report(tx, &gone, &delayed)?;
        }
        self.forget(tx, recipients, gone.len() as i64)?;
        if let Some((domain, news)) = &self.news {
            destination::record(tx, domain, news)?;
        }
        Ok(settled)
    }

    /// How many recipients the message has; nothing when it has left the queue.
    fn lock(&self, tx: &WriteTx<'_>) -> Result<Option<i64>, DbError> {
        tx.query_opt(
            "SELECT recipients FROM queue_message WHERE id = ?1 FOR UPDATE",
            params![self.message.id],
            |row| row.get(0),
        )
    }

    /// The condition under which a row is settled. What another host took is settled in any case.
    fn guard(&self, end: Option<&End>) -> (&'static str, Option<Value<'static>>) {
        match (self.by, end) {
            (_, Some(End::Sent(_))) => ("", None),
            (By::Nobody, _) => (" AND state = 1", None),
            (By::Lease(owner), _) => (" AND state = 2 AND lease_owner = ?1", Some(owner.0.into())),
        }
    }

    /// Removes rows that end the same way; returns those that were there.
    fn end<'a>(
        &self,
        tx: &WriteTx<'_>,
        group: &[&'a (Recipient, End)],
    ) -> Result<Vec<(&'a Recipient, &'a End)>, DbError> {
        let Some((_, end)) = group.first() else {
            return Ok(Vec::new());
        };
        let (guard, value) = self.guard(Some(end));
        let ids: Vec<QueuedRecipientId> = group.iter().map(|(row, _)| row.id).collect();
        let mut removed = Vec::new();
        for chunk in ids.chunks(ROWS[2]) {
            // A parameter that the guard does not use has a place all the same.
            let owner = value.clone().unwrap_or(Value::Int(0));
            let (list, values) = id_list(owner, chunk);
            let unused = if value.is_none() {
                " AND CAST(?1 AS BIGINT) = 0"
            } else {
                ""
            };
            let sql = format!(
                "DELETE FROM queue_recipient WHERE id IN ({list}){guard}{unused} RETURNING id"
            );
            removed.extend(tx.query(&sql, &values, |row| row.get::<QueuedRecipientId>(0))?);
        }
        let there = |(row, _): &&(Recipient, End)| removed.contains(&row.id);
        let gone: Vec<_> = group.iter().copied().filter(there).collect();
        let rows: Vec<TraceId> = gone.iter().map(|(row, _)| row.trace).collect();
        let ((account, outcome), detail) = (outcome(end), detail(end));
        let told = (account, outcome, detail.as_str());
        trace::conclude(tx, &rows, self.message.tenant, told)?;
        Ok(gone.into_iter().map(|(row, end)| (row, end)).collect())
    }

    /// Lets rows with the same trouble wait for their next attempt.
    fn defer(&self, tx: &WriteTx<'_>, group: &[&(Recipient, Trouble)]) -> Result<u64, DbError> {
        let Some((first, trouble)) = group.first() else {
            return Ok(0);
        };
        let By::Lease(owner) = self.by else {
            return Ok(0);
        };
        let attempts = first.attempts.saturating_add(1);
        let now = tx.now();
        let due = now.plus(schedule::retry_after(attempts, self.message.id));
        let mut deferred = 0;
        for chunk in group.chunks(ROWS[2]) {
            let ids: Vec<QueuedRecipientId> = chunk.iter().map(|(row, _)| row.id).collect();
            let list = in_list(9, padded(ids.len()));
            let sql = format!(
                "UPDATE queue_recipient SET state = 1, lease_owner = NULL, lease_until = NULL, \
                 attempts = ?2, due_at = ?3, tried_at = ?4, trouble = ?5, status = ?6, \
                 remote_host = ?7, reply = ?8 \
                 WHERE state = 2 AND lease_owner = ?1 AND id IN ({list})"
            );
            let mut values = params![
                owner.0,
                attempts,
                due,
                now,
                trouble.kind.as_str(),
                trouble.status.as_str(),
                trouble.host.as_deref(),
                trouble.reply.as_deref(),
            ]
            .to_vec();
            pad(&mut values, &ids);
            deferred += tx.execute(&sql, &values)?;
        }
        Ok(deferred)
    }

    /// Notes that the sender hears of a delay; returns the rows for which it was not noted yet.
    fn notice(&self, tx: &WriteTx<'_>) -> Result<Vec<&Recipient>, DbError> {
        let mut noted = Vec::new();
        for chunk in self.delayed.chunks(ROWS[2]) {
            let ids: Vec<QueuedRecipientId> = chunk.iter().map(|row| row.id).collect();
            let (list, values) = id_list(self.message.expires_at.into(), &ids);
            let sql = format!(
                "UPDATE queue_recipient SET noticed = 1, watch_at = ?1 \
                 WHERE id IN ({list}) AND state = 1 AND noticed = 0 RETURNING id"
            );
            let ids = tx.query(&sql, &values, |row| row.get::<QueuedRecipientId>(0))?;
            noted.extend(chunk.iter().filter(|row| ids.contains(&row.id)));
        }
        Ok(noted)
    }

    /// Lets the message go with its last recipient, and the reference to its content with it.
    fn forget(&self, tx: &WriteTx<'_>, recipients: i64, gone: i64) -> Result<(), QueueError> {
        let message = &self.message;
        if gone == 0 {
            return Ok(());
        }
        if gone < recipients {
            tx.execute(
                "UPDATE queue_message SET recipients = recipients - ?2 WHERE id = ?1",
                params![message.id, gone],
            )?;
            return Ok(());
        }
        tx.execute(
            "DELETE FROM queue_message WHERE id = ?1",
            params![message.id],
        )?;
        hikyaku_blob::release(tx, message.tenant, &message.hash, 1).map_err(MailError::from)?;
        Ok(())
    }
}

impl Settled {
    fn count(&mut self, end: &End) -> &mut u64 {
        match end {
            End::Sent(_) => &mut self.sent,
            End::Delivered(_) => &mut self.delivered,
            End::Bounced(..) => &mut self.bounced,
            End::Canceled => &mut self.canceled,
        }
    }

    /// Whether anything was recorded.
    pub(super) fn is_something(&self) -> bool {
        *self != Self::default()
    }

    /// Counts another one in.
    pub(super) fn add(&mut self, other: Self) {
        self.sent += other.sent;
        self.delivered += other.delivered;
        self.bounced += other.bounced;
        self.canceled += other.canceled;
        self.deferred += other.deferred;
        self.reports += other.reports;
        self.noticed += other.noticed;
    }
}

const fn outcome(end: &End) -> (Option<AccountId>, Outcome) {
    match end {
        End::Sent(_) => (None, Outcome::Sent),
        End::Delivered(account) => (Some(*account), Outcome::Delivered),
        End::Bounced(..) => (None, Outcome::Bounced),
        End::Canceled => (None, Outcome::Canceled),
    }
}

/// The words for the trace.
fn detail(end: &End) -> String {
    match end {
        End::Sent(receipt) => {
            let Receipt {
                host,
                address,
                reply,
                tls,
                ..
            } = receipt;
            let tls = tls.as_deref().unwrap_or("no TLS");
            one_line(&format!("{host} [{address}] ({tls}): {reply}"))
        }
        End::Delivered(account) => format!("the domain is hosted here now (account {account})"),
        End::Bounced(trouble, why) => {
            let why = match why {
                GivenUp::ForGood => "",
                GivenUp::Expired => "tried for too long; ",
            };
            one_line(&format!("{why}{trouble}"))
        }
        End::Canceled => String::new(),
    }
}

/// What others said, as one line of bounded length.
pub(super) fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(WORDS_MAX)
        .collect()
}

/// The elements with the same key together, in the order of their first ones.
fn groups<T, K: PartialEq>(all: &[T], key: impl Fn(&T) -> K) -> Vec<Vec<&T>> {
    let mut groups: Vec<(K, Vec<&T>)> = Vec::new();
    for element in all {
        let of = key(element);
        match groups.iter_mut().find(|(known, _)| *known == of) {
            Some((_, group)) => group.push(element),
            None => groups.push((of, vec![element])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

fn padded(ids: usize) -> usize {
    ROWS.into_iter().find(|rows| ids <= *rows).unwrap_or(ids)
}

/// Parameters that name these rows behind a first one, and their list.
fn id_list<'a>(first: Value<'a>, ids: &[QueuedRecipientId]) -> (String, Vec<Value<'a>>) {
    let mut values = vec![first];
    pad(&mut values, ids);
    (in_list(2, padded(ids.len())), values)
}

fn pad(values: &mut Vec<Value<'_>>, ids: &[QueuedRecipientId]) {
    let rest = padded(ids.len()).saturating_sub(ids.len());
    let again = std::iter::repeat_n(ids.last(), rest).flatten();
    values.extend(ids.iter().chain(again).map(|id| Value::Int(id.to_i64())));
}

/// Makes up to [`WAKE`] rows of a destination due that met its trouble: it answers again.
fn wake(tx: &WriteTx<'_>, destination: &Domain, now: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "UPDATE queue_recipient SET due_at = ?2 WHERE id IN \
         (SELECT id FROM queue_recipient WHERE state = 1 AND held = 0 AND destination = ?1 \
         AND due_at > ?2 AND trouble IN ('dns', 'connect', 'timeout', 'cut', 'tls', 'auth') \
         ORDER BY due_at LIMIT ?3)",
        params![destination.as_str(), now, WAKE],
    )?;
    tx.hint(Hint::Queue);
    Ok(())
}

/// Rows that one success at a destination wakes at most: about 10 ms of writer time.
const WAKE: i64 = 500;
