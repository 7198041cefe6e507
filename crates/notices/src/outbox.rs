//! The outbox: notices that are not yet handed to the transport.

use std::time::Duration;

use hikyaku_db::{DbError, Hint, Row, Tx, WriteTx, params};
use hikyaku_directory::{DirectoryError, Language, TenantScope};
use hikyaku_types::{EmailAddress, NoticeId, Timestamp};
use serde_json::Value;

use crate::{Event, Recipient, event::Variables};

/// How long whoever takes a row has for it (5 minutes); then somebody else tries again.
pub(crate) const LEASE: Duration = Duration::from_mins(5);
/// How long a notice is tried (3 days): whom it is for has heard of it otherwise by then.
pub(crate) const EXPIRE: Duration = Duration::from_hours(72);
/// Rows taken at a time (50).
const BATCH: u32 = 50;

/// A notice to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What has happened.
    pub event: Event,
    /// In whose name it is sent.
    pub tenant: TenantScope,
    /// Who gets it.
    pub to: Recipient,
    /// What the event's template needs ([`Event::sample`] names them).
    pub variables: Variables,
}

impl Notice {
    /// A notice about an event; `variables` is an object, as `serde_json::json!` makes it.
    pub fn new(event: Event, tenant: TenantScope, to: Recipient, variables: Value) -> Self {
        let variables = match variables {
            Value::Object(variables) => variables,
            _ => Variables::new(),
        };
        Self {
            event,
            tenant,
            to,
            variables,
        }
    }
}

/// Puts a notice into the outbox, within the transaction of its event. How many people get it is
/// decided now: none, when there is no administrator to tell.
pub fn enqueue(tx: &WriteTx<'_>, notice: &Notice) -> Result<usize, DirectoryError> {
    let people = notice.to.resolve(tx, notice.tenant)?;
    let variables = Value::Object(notice.variables.clone()).to_string();
    for to in &people {
        let id: NoticeId = tx.new_id();
        tx.execute(
            "INSERT INTO notice_outbox (id, tenant_id, event, address, language, time_zone,
                 variables, created_at, due_at, attempts)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, 0)",
            params![
                id,
                notice.tenant.tenant,
                notice.event.word(),
                to.address.to_string(),
                to.language.tag(),
                &to.time_zone,
                &variables,
                tx.now(),
            ],
        )?;
    }
    if !people.is_empty() {
        tx.hint(Hint::Notices);
    }
    Ok(people.len())
}

/// A row of the outbox.
#[derive(Clone)]
pub(crate) struct Waiting {
    pub(crate) id: NoticeId,
    pub(crate) tenant: TenantScope,
    pub(crate) event: String,
    pub(crate) address: String,
    pub(crate) language: Language,
    pub(crate) time_zone: String,
    pub(crate) variables: Variables,
    pub(crate) created_at: Timestamp,
    pub(crate) attempts: u32,
}

impl std::fmt::Debug for Waiting {
    /// Without the variables, which may be secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Waiting")
            .field("id", &self.id)
            .field("event", &self.event)
            .finish_non_exhaustive()
    }
}

impl Waiting {
    /// The address to write to; nothing when the row holds none.
    pub(crate) fn to(&self) -> Option<EmailAddress> {
        self.address.parse().ok()
    }
}

/// Takes what is due, for [`LEASE`].
pub(crate) fn take(tx: &WriteTx<'_>) -> Result<Vec<Waiting>, DbError> {
    tx.query(
        "UPDATE notice_outbox SET due_at = ?1, attempts = attempts + 1
         WHERE id IN (SELECT id FROM notice_outbox WHERE due_at <= ?2
                      ORDER BY due_at, id LIMIT ?3)
           AND due_at <= ?2
         RETURNING id, tenant_id, event, address, language, time_zone, variables, created_at,
                   attempts",
        params![tx.now().plus(LEASE), tx.now(), BATCH],
        waiting,
    )
}

/// When the next row is due.
pub(crate) fn next_due(tx: &Tx<'_>) -> Result<Option<Timestamp>, DbError> {
    tx.query_opt(NEXT_DUE, params![], |row| row.get(0))
}

const NEXT_DUE: &str =
    "SELECT due_at FROM notice_outbox WHERE due_at >= 0 ORDER BY due_at, id LIMIT 1";

/// Removes a row that is sent or given up.
///
/// # Errors
/// [`DbError::NotFound`] when somebody else has done so: then nothing of this transaction holds.
pub(crate) fn done(tx: &WriteTx<'_>, id: NoticeId) -> Result<(), DbError> {
    match tx.execute("DELETE FROM notice_outbox WHERE id = ?1", params![id])? {
        0 => Err(DbError::NotFound),
        _ => Ok(()),
    }
}

/// Lets a row wait.
pub(crate) fn later(tx: &WriteTx<'_>, id: NoticeId, due_at: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "UPDATE notice_outbox SET due_at = ?2 WHERE id = ?1",
        params![id, due_at],
    )?;
    Ok(())
}

fn waiting(row: &Row<'_>) -> Result<Waiting, DbError> {
    let variables: Value = serde_json::from_str(row.text(6)?).unwrap_or_default();
    Ok(Waiting {
        id: row.get(0)?,
        tenant: TenantScope {
            tenant: row.get(1)?,
        },
        event: row.get(2)?,
        address: row.get(3)?,
        language: row.text(4)?.parse().unwrap_or_default(),
        time_zone: row.get(5)?,
        variables: match variables {
            Value::Object(variables) => variables,
            _ => Variables::new(),
        },
        created_at: row.get(7)?,
        attempts: row.get(8)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_next_one_is_found_by_index() {
        hikyaku_db::testing::assert_only_searches(NEXT_DUE.to_owned(), 0).await;
    }
}
