//! An account's expunged messages that can still be restored, as a list to choose from (F-56,
//! AD-32).

use std::collections::HashMap;

use hikyaku_db::{DbError, Row, Tx, params};
use hikyaku_directory::AccountScope;
use hikyaku_message::{Address, Mailbox};
use hikyaku_types::{Id as _, MailboxId, MessageId, Timestamp};

use crate::{accounts, error::MailError, mailboxes::Tree, message, name::MailboxPath};

/// Restorable messages of one page at most, whatever was asked for.
pub const RESTORABLE_PAGE_MAX: u32 = 500;

/// One message that was expunged and can be restored.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RestorableMessage {
    /// The message.
    pub id: MessageId,
    /// Its subject, decoded; empty when it has none.
    pub subject: String,
    /// The address of its first author; empty when it has none.
    pub from: String,
    /// Its size in bytes.
    pub size: u64,
    /// When it was received.
    pub received_at: Timestamp,
    /// When it was expunged.
    pub expunged_at: Timestamp,
    /// Until when it can be restored at least.
    pub restorable_until: Timestamp,
    /// The mailbox it was in, by its present name or the one it was deleted under.
    pub mailbox: Option<MailboxPath>,
}

/// Where a page begins: behind the message that can be restored until then.
pub type RestorableBefore = (Timestamp, MessageId);

/// Up to `limit` messages (at most [`RESTORABLE_PAGE_MAX`]) that can be restored longest first:
/// those expunged last.
///
/// # Errors
/// [`MailError::NoSuchAccount`].
pub fn restorable(
    tx: &Tx<'_>,
    scope: AccountScope,
    before: Option<RestorableBefore>,
    limit: u32,
) -> Result<Vec<RestorableMessage>, MailError> {
    // Also whether it is this tenant's account.
    accounts::usage(tx, scope)?;
    let (until, id) = before.map_or((i64::MAX, i64::MAX), |(until, id)| (until.0, id.to_i64()));
    let limit = limit.min(RESTORABLE_PAGE_MAX);
    let rows = tx.query(STATEMENT, params![scope.account, until, id, limit], read)?;
    let tree = Tree::load(tx, scope)?;
    let deleted = deleted_paths(tx, scope)?;
    rows.into_iter()
        .map(|row| {
            let envelope = message::decode_envelope(&row.envelope)?;
            let subject = envelope.subject.as_ref().map(|text| text.decoded());
            let author = envelope.from.iter().find_map(Address::mailbox);
            let present = tree.get(row.mailbox).map(|node| tree.path(node));
            let gone = || deleted.get(&row.mailbox).cloned();
            Ok(RestorableMessage {
                id: row.id,
                subject: subject.unwrap_or_default().into_owned(),
                from: author.map(Mailbox::addr_spec).unwrap_or_default(),
                size: row.size,
                received_at: row.received_at,
                expunged_at: row.expunged_at,
                restorable_until: row.purge_at,
                mailbox: present.or_else(gone),
            })
        })
        .collect()
}

const STATEMENT: &str = "SELECT e.message_id, e.mailbox_id, e.expunged_at, e.purge_at, m.size, \
     m.received_at, m.envelope \
     FROM expunged e JOIN message m ON m.id = e.message_id AND m.account_id = e.account_id \
     WHERE e.account_id = ?1 AND (e.purge_at < ?2 OR (e.purge_at = ?2 AND e.message_id < ?3)) \
     ORDER BY e.purge_at DESC, e.message_id DESC LIMIT ?4";

struct Gone {
    id: MessageId,
    mailbox: MailboxId,
    expunged_at: Timestamp,
    purge_at: Timestamp,
    size: u64,
    received_at: Timestamp,
    envelope: Vec<u8>,
}

fn read(row: &Row<'_>) -> Result<Gone, DbError> {
    Ok(Gone {
        id: row.get(0)?,
        mailbox: row.get(1)?,
        expunged_at: row.get(2)?,
        purge_at: row.get(3)?,
        size: row.get(4)?,
        received_at: row.get(5)?,
        envelope: row.get(6)?,
    })
}

/// What deleted mailboxes were called. An account has no more of them than it deleted in the
/// restorable window.
fn deleted_paths(
    tx: &Tx<'_>,
    scope: AccountScope,
) -> Result<HashMap<MailboxId, MailboxPath>, MailError> {
    let rows = tx.query(
        "SELECT mailbox_id, path FROM deleted_mailbox WHERE account_id = ?1",
        params![scope.account],
        |row| Ok((row.get(0)?, MailboxPath::from_stored(row.get(1)?))),
    )?;
    Ok(rows.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_list_is_read_by_index() {
        hikyaku_db::testing::assert_only_searches(STATEMENT.to_owned(), 4).await;
    }
}
