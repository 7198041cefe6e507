//! What administrators do with the queue: try now, hold, release, take out.
//!
//! Each works in chunks that are atomic by themselves; a recipient that is being sent is never
//! taken out, because nobody knows whether the other side has it.

use std::{collections::BTreeSet, sync::Arc};

use hikyaku_db::{DbError, Hint, Lane, Tx, Value, WriteTx};
use hikyaku_directory::Reach;
use hikyaku_types::{Domain, Id as _, QueuedId, QueuedRecipientId, TenantId};
use serde::Serialize;

use super::{
    QueueError, Tell, load,
    message::Recipient,
    settle::{By, End, Settlement},
    sweep::RECIPIENTS,
};
use crate::Transport;

/// Rows that one transaction changes at most: about 10 ms of writer time.
const CHUNK: i64 = 500;

/// What is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// One message.
    Message(QueuedId),
    /// All mail to one domain.
    Destination(Domain),
    /// Everything within reach.
    All,
}

/// What came of a change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// Recipients that were changed.
    pub recipients: u64,
    /// Recipients that were left alone, because they are being sent.
    pub sending: u64,
}

/// What is changed, and how far the caller reaches.
#[derive(Debug, Clone)]
struct Target {
    tenant: Option<TenantId>,
    which: Which,
}

impl Target {
    /// The condition on rows of `queue_recipient`, with its two parameters `?1` and `?2`.
    fn condition(&self) -> (&'static str, [Value<'_>; 2]) {
        let tenant = self.tenant.into();
        let (which, value) = match &self.which {
            Which::Message(id) => ("message_id = ?2", (*id).into()),
            Which::Destination(domain) => ("destination = ?2", domain.as_str().into()),
            Which::All => ("CAST(?2 AS BIGINT) = 0", Value::Int(0)),
        };
        (which, [tenant, value])
    }

    /// The condition as it stands in a statement.
    fn clause(&self) -> String {
        let (which, _) = self.condition();
        format!("(CAST(?1 AS BIGINT) IS NULL OR tenant_id = ?1) AND {which}")
    }
}

/// What is done to rows that can be changed by one statement.
#[derive(Debug, Clone, Copy)]
enum Change {
    Retry,
    Hold,
    Release,
}

impl Change {
    /// What is set, and on which rows; `?3` is the current instant.
    const fn sql(self) -> (&'static str, &'static str) {
        match self {
            Self::Retry => ("due_at = ?3", "state = 1 AND held = 0"),
            Self::Hold => ("held = 1", "held = 0 AND CAST(?3 AS BIGINT) >= 0"),
            Self::Release => ("held = 0, due_at = ?3", "held = 1"),
        }
    }
}

/// The queue as administrators change it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Operator {
    transport: Transport,
}

impl Operator {
    /// For the queue of a transport.
    pub const fn new(transport: Transport) -> Self {
        Self { transport }
    }

    /// Makes what waits due now. The operator of the platform also forgets that destinations could
    /// not be reached; a tenant cannot, for others' mail rests there too.
    pub async fn retry(&self, reach: impl Reach, which: Which) -> Result<Changed, QueueError> {
        let target = target(reach, which);
        if target.tenant.is_none() {
            self.forget_destinations(target.clone()).await?;
        }
        self.change(target, Change::Retry).await
    }

    /// Lets nothing be tried until it is released. What is held does not expire.
    pub async fn hold(&self, reach: impl Reach, which: Which) -> Result<Changed, QueueError> {
        self.change(target(reach, which), Change::Hold).await
    }

    /// Makes what is held due now.
    pub async fn release(&self, reach: impl Reach, which: Which) -> Result<Changed, QueueError> {
        self.change(target(reach, which), Change::Release).await
    }

    /// Takes out what waits or is held; the senders hear of it, or not.
    pub async fn cancel(
        &self,
        reach: impl Reach,
        which: Which,
        tell: Tell,
    ) -> Result<Changed, QueueError> {
        let target = target(reach, which);
        let mut changed = Changed::default();
        let mut after = QueuedRecipientId::from_i64(0);
        loop {
            let what = target.clone();
            let read = move |tx: &Tx<'_>| waiting(tx, &what, after);
            let rows = self.transport.db().read(read).await?;
            let Some((last, _)) = rows.last() else {
                break;
            };
            after = *last;
            let messages: BTreeSet<QueuedId> = rows.iter().map(|(_, message)| *message).collect();
            for message in messages {
                changed.recipients += self.cancel_message(&target, message, tell).await?;
            }
        }
        let read = move |tx: &Tx<'_>| sending(tx, &target);
        changed.sending = self.transport.db().read(read).await?;
        Ok(changed)
    }

    async fn cancel_message(
        &self,
        target: &Target,
        id: QueuedId,
        tell: Tell,
    ) -> Result<u64, QueueError> {
        let mut canceled = 0;
        loop {
            let Some(loaded) = load::load(&self.transport, id, None).await? else {
                return Ok(canceled);
            };
            let what = target.clone();
            let read = move |tx: &Tx<'_>| recipients(tx, &what, id);
            let rows = self.transport.db().read(read).await?;
            if rows.is_empty() {
                return Ok(canceled);
            }
            let ended = rows.into_iter().map(|row| (row, End::Canceled));
            let settlement = Settlement {
                about: loaded.about(),
                message: loaded.message,
                policy: Arc::clone(self.transport.shared_policy()),
                by: By::Nobody,
                ended: ended.collect(),
                later: Vec::new(),
                delayed: Vec::new(),
                news: None,
                tell,
            };
            let settlement = Arc::new(settlement);
            let write = move |tx: &WriteTx<'_>| settlement.write(tx);
            let settled = self.transport.db().write(Lane::Background, write).await?;
            self.transport.queue_metrics().settled(settled);
            if settled.canceled == 0 {
                return Ok(canceled);
            }
            canceled += settled.canceled;
        }
    }

    async fn change(&self, target: Target, change: Change) -> Result<Changed, QueueError> {
        let mut changed = Changed::default();
        let mut after = QueuedRecipientId::from_i64(0);
        loop {
            let what = target.clone();
            let write = move |tx: &WriteTx<'_>| change_chunk(tx, &what, change, after);
            let db = self.transport.db();
            let ids = db.write(Lane::Background, write).await?;
            changed.recipients += ids.len() as u64;
            match ids.into_iter().max() {
                Some(last) => after = last,
                None => return Ok(changed),
            }
        }
    }

    async fn forget_destinations(&self, target: Target) -> Result<(), QueueError> {
        let write = move |tx: &WriteTx<'_>| {
            let clause = target.clause();
            let (_, values) = target.condition();
            let sql = format!(
                "DELETE FROM queue_destination WHERE destination IN \
                 (SELECT destination FROM queue_recipient WHERE {clause})"
            );
            tx.execute(&sql, &values).map(drop)
        };
        Ok(self.transport.db().write(Lane::Background, write).await?)
    }
}

fn target(reach: impl Reach, which: Which) -> Target {
    Target {
        tenant: reach.tenant(),
        which,
    }
}

fn change_chunk(
    tx: &WriteTx<'_>,
    target: &Target,
    change: Change,
    after: QueuedRecipientId,
) -> Result<Vec<QueuedRecipientId>, DbError> {
    let (set, rows) = change.sql();
    let clause = target.clause();
    let (_, [tenant, which]) = target.condition();
    let sql = format!(
        "UPDATE queue_recipient SET {set} WHERE id IN (SELECT id FROM queue_recipient \
         WHERE {clause} AND {rows} AND id > ?4 ORDER BY id LIMIT ?5 FOR UPDATE) RETURNING id"
    );
    let values = [
        tenant,
        which,
        tx.now().into(),
        after.into(),
        Value::Int(CHUNK),
    ];
    tx.hint(Hint::Queue);
    tx.query(&sql, &values, |row| row.get(0))
}

/// Recipients that wait or are held, with their messages.
fn waiting(
    tx: &Tx<'_>,
    target: &Target,
    after: QueuedRecipientId,
) -> Result<Vec<(QueuedRecipientId, QueuedId)>, DbError> {
    let clause = target.clause();
    let (_, [tenant, which]) = target.condition();
    let sql = format!(
        "SELECT id, message_id FROM queue_recipient WHERE {clause} AND state = 1 AND id > ?3 \
         ORDER BY id LIMIT ?4"
    );
    let values = [tenant, which, after.into(), Value::Int(CHUNK)];
    tx.query(&sql, &values, |row| Ok((row.get(0)?, row.get(1)?)))
}

/// The recipients of a message that are meant, as many as one report tells of.
fn recipients(tx: &Tx<'_>, target: &Target, id: QueuedId) -> Result<Vec<Recipient>, DbError> {
    let (clause, columns) = (target.clause(), Recipient::COLUMNS);
    let (_, [tenant, which]) = target.condition();
    let sql = format!(
        "SELECT {columns} FROM queue_recipient WHERE {clause} AND message_id = ?3 AND state = 1 \
         ORDER BY id LIMIT {RECIPIENTS}"
    );
    tx.query(&sql, &[tenant, which, id.into()], Recipient::read)
}

fn sending(tx: &Tx<'_>, target: &Target) -> Result<u64, DbError> {
    let clause = target.clause();
    let (_, values) = target.condition();
    let sql = format!("SELECT COUNT(*) FROM queue_recipient WHERE {clause} AND state = 2");
    tx.query_one(&sql, &values, |row| row.get(0))
}
