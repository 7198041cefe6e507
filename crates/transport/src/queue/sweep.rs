//! What waits for too long: its sender hears of the delay, once, and later it is given up.

use std::sync::Arc;

use hikyaku_db::{DbError, Lane, Tx, WriteTx, params};
use hikyaku_types::{Domain, QueuedId, Timestamp};

use super::{
    QueueError, Trouble, TroubleKind,
    load::{self, trouble_of},
    message::Recipient,
    settle::{By, End, Settled, Settlement, Tell},
};
use crate::{Transport, report::GivenUp};

/// Messages of one sweep at most.
const MESSAGES: i64 = 50;

/// Recipients of a message that are settled at once, and told of in one report, at most.
pub(super) const RECIPIENTS: i64 = 100;

const MESSAGES_DUE: &str = "SELECT message_id FROM queue_recipient \
     WHERE state = 1 AND held = 0 AND watch_at <= ?1 ORDER BY watch_at LIMIT ?2";

/// Settles what is due now; says how many rows that were, so that the caller comes again until it
/// is none.
pub(super) async fn sweep(transport: &Transport) -> Result<Settled, QueueError> {
    let now = transport.db().now();
    let mut due: Vec<QueuedId> = transport
        .db()
        .read(move |tx| tx.query(MESSAGES_DUE, params![now, MESSAGES], |row| row.get(0)))
        .await
        .map_err(QueueError::Db)?;
    due.sort_unstable();
    due.dedup();
    let mut all = Settled::default();
    for message in due {
        all.add(sweep_message(transport, message, now).await?);
    }
    Ok(all)
}

async fn sweep_message(
    transport: &Transport,
    message: QueuedId,
    now: Timestamp,
) -> Result<Settled, QueueError> {
    let Some(loaded) = load::load(transport, message, None).await? else {
        return Ok(Settled::default());
    };
    let expired = now >= loaded.message.expires_at;
    let rows = transport
        .db()
        .read(move |tx| late(tx, message, now))
        .await
        .map_err(QueueError::Db)?;
    let mut settlement = Settlement {
        about: loaded.about(),
        message: loaded.message,
        policy: Arc::clone(transport.shared_policy()),
        by: By::Nobody,
        ended: Vec::new(),
        later: Vec::new(),
        delayed: Vec::new(),
        news: None,
        tell: Tell::Sender,
    };
    for (recipient, trouble) in rows {
        if expired {
            let end = End::Bounced(trouble, GivenUp::Expired);
            settlement.ended.push((recipient, end));
        } else {
            let trouble = Some(trouble);
            settlement.delayed.push(Recipient {
                trouble,
                ..recipient
            });
        }
    }
    let settlement = Arc::new(settlement);
    let write = move |tx: &WriteTx<'_>| settlement.write(tx);
    transport.db().write(Lane::Mail, write).await
}

/// The rows of a message that are late, each with the reason: its own, else its destination's.
fn late(
    tx: &Tx<'_>,
    message: QueuedId,
    now: Timestamp,
) -> Result<Vec<(Recipient, Trouble)>, DbError> {
    let columns = Recipient::COLUMNS;
    let sql = format!(
        "SELECT {columns} FROM queue_recipient WHERE message_id = ?1 AND state = 1 AND held = 0 \
         AND watch_at <= ?2 ORDER BY id LIMIT {RECIPIENTS}"
    );
    let rows = tx.query(&sql, params![message, now], Recipient::read)?;
    let mut late = Vec::with_capacity(rows.len());
    for row in rows {
        let trouble = match &row.trouble {
            Some(trouble) => trouble.clone(),
            None => of_destination(tx, row.address.domain())?,
        };
        late.push((row, trouble));
    }
    Ok(late)
}

fn of_destination(tx: &Tx<'_>, domain: &Domain) -> Result<Trouble, DbError> {
    Ok(trouble_of(tx, domain)?.unwrap_or_else(|| Trouble {
        kind: TroubleKind::Local,
        status: "4.4.7".to_owned(),
        host: None,
        reply: None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However many rows wait.
    #[tokio::test]
    async fn the_late_are_found_by_index() {
        hikyaku_db::testing::assert_only_searches(MESSAGES_DUE.to_owned(), 2).await;
    }
}
