//! Writing the change log.

use hikyaku_db::{Value, WriteTx};
use hikyaku_types::{Id as _, MailboxId, MessageId, Uid};

use crate::{
    accounts::Locked,
    error::MailError,
    list::{insert_rows, push_list},
};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A message came into a mailbox.
    Added,
    /// Its flags changed.
    Flags,
    /// It left the mailbox.
    Removed,
    /// A mailbox was made.
    MailboxMade,
    /// Its name or place changed.
    MailboxChanged,
    /// It was deleted.
    MailboxGone,
}

impl Kind {
    /// The number as stored.
    pub(crate) const fn code(self) -> i64 {
        match self {
            Self::Added => 1,
            Self::Flags => 2,
            Self::Removed => 3,
            Self::MailboxMade => 4,
            Self::MailboxChanged => 5,
            Self::MailboxGone => 6,
        }
    }
}

const COLUMNS: &str = "account_id, modseq, mailbox_id, uid, kind, member_id, message_id";

/// Records messages that came into a mailbox. Returns the number of rows.
pub(crate) fn record_new(
    tx: &WriteTx<'_>,
    account: &Locked,
    mailbox: MailboxId,
    messages: impl IntoIterator<Item = (Uid, MessageId)>,
) -> Result<i64, MailError> {
    let rows: Vec<[Value<'_>; 7]> = messages
        .into_iter()
        .map(|(uid, message)| {
            row(
                account,
                mailbox.to_i64(),
                uid.into(),
                Kind::Added,
                message.into(),
            )
        })
        .collect();
    insert(tx, rows)
}

/// Records the same change of messages that are in a mailbox, taking their ids from there. At most
/// [`LONGEST`](crate::list::LONGEST) UIDs. Returns the number of rows.
pub(crate) fn record_messages(
    tx: &WriteTx<'_>,
    account: &Locked,
    mailbox: MailboxId,
    kind: Kind,
    uids: &[Uid],
) -> Result<i64, MailError> {
    let mut parameters: Vec<Value<'_>> = vec![
        account.scope.account.into(),
        mailbox.into(),
        account.modseq.into(),
        kind.code().into(),
    ];
    let list = push_list(&mut parameters, uids);
    let sql = format!(
        "INSERT INTO change ({COLUMNS}) \
         SELECT account_id, CAST(?3 AS BIGINT), mailbox_id, uid, CAST(?4 AS BIGINT), 0, message_id \
         FROM placement WHERE account_id = ?1 AND mailbox_id = ?2 AND uid IN ({list})"
    );
    Ok(tx.execute(&sql, &parameters)? as i64)
}

/// Records that mailboxes themselves changed. Returns the number of rows.
pub(crate) fn record_mailboxes(
    tx: &WriteTx<'_>,
    account: &Locked,
    kind: Kind,
    mailboxes: impl IntoIterator<Item = MailboxId>,
) -> Result<i64, MailError> {
    let rows: Vec<[Value<'_>; 7]> = mailboxes
        .into_iter()
        .map(|mailbox| row(account, mailbox.to_i64(), 0.into(), kind, 0.into()))
        .collect();
    insert(tx, rows)
}

fn row(
    account: &Locked,
    mailbox: i64,
    uid: Value<'static>,
    kind: Kind,
    message: Value<'static>,
) -> [Value<'static>; 7] {
    [
        account.scope.account.into(),
        account.modseq.into(),
        mailbox.into(),
        uid,
        kind.code().into(),
        0.into(),
        message,
    ]
}

fn insert(tx: &WriteTx<'_>, rows: Vec<[Value<'_>; 7]>) -> Result<i64, MailError> {
    let inserted = insert_rows(tx, &format!("INSERT INTO change ({COLUMNS})"), rows, "")?;
    Ok(inserted as i64)
}
