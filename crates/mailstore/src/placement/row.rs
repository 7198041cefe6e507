//! A placement as stored.

use hikyaku_db::{DbError, Row, Tx, Value};
use hikyaku_types::{AccountId, MailboxId, MessageId, ModSeq, OffsetTimestamp, Timestamp, Uid};

use crate::{error::MailError, flags::Flags, list::push_list};

/// One placement row.
#[derive(Debug, Clone)]
pub(crate) struct Placement {
    pub(crate) uid: Uid,
    pub(crate) message: MessageId,
    pub(crate) flags: Flags,
    pub(crate) size: u64,
    pub(crate) internal: OffsetTimestamp,
    pub(crate) saved_at: Timestamp,
    pub(crate) modseq: ModSeq,
}

impl Placement {
    /// The columns that [`Placement::read`] expects, of a table called `p`.
    pub(crate) const COLUMNS: &str = "p.uid, p.message_id, p.flags, p.keywords, p.size, \
        p.internal_at, p.internal_offset, p.saved_at, p.modseq";

    /// How many they are.
    pub(crate) const WIDTH: usize = 9;

    pub(crate) fn read(row: &Row<'_>) -> Result<Self, DbError> {
        Ok(Self {
            uid: row.get(0)?,
            message: row.get(1)?,
            flags: Flags::from_stored(row.get(2)?, row.text(3)?),
            size: row.get(4)?,
            internal: OffsetTimestamp {
                at: row.get(5)?,
                offset_minutes: row.get(6)?,
            },
            saved_at: row.get(7)?,
            modseq: row.get(8)?,
        })
    }
}

/// The placements of these UIDs, ascending; those that are gone are left out. At most
/// [`LONGEST`](crate::list::LONGEST) UIDs.
pub(crate) fn select(
    tx: &Tx<'_>,
    account: AccountId,
    mailbox: MailboxId,
    uids: &[Uid],
) -> Result<Vec<Placement>, MailError> {
    let mut parameters: Vec<Value<'_>> = vec![account.into(), mailbox.into()];
    let list = push_list(&mut parameters, uids);
    let sql = format!(
        "SELECT {} FROM placement p \
         WHERE p.account_id = ?1 AND p.mailbox_id = ?2 AND p.uid IN ({list}) ORDER BY p.uid",
        Placement::COLUMNS
    );
    Ok(tx.query(&sql, &parameters, Placement::read)?)
}
