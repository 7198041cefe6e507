//! Inserting mailbox rows.

use hikyaku_db::{Value, WriteTx};
use hikyaku_types::{AccountId, MailboxId};

use crate::{error::MailError, list::insert_rows, special_use::SpecialUse};

use super::TOP;

/// A mailbox to be made.
#[derive(Debug, Clone)]
pub(crate) struct NewMailbox {
    pub(crate) id: MailboxId,
    /// The parent's id, or [`TOP`].
    pub(crate) parent: i64,
    /// The name of its own level.
    pub(crate) name: String,
    pub(crate) role: Option<SpecialUse>,
}

impl NewMailbox {
    /// A mailbox at the top.
    pub(crate) fn top(id: MailboxId, name: &str, role: Option<SpecialUse>) -> Self {
        Self {
            id,
            parent: TOP,
            name: name.to_owned(),
            role,
        }
    }
}

/// Inserts mailboxes with consecutive UIDVALIDITYs from `first_validity` on.
pub(crate) fn insert_mailboxes(
    tx: &WriteTx<'_>,
    account: AccountId,
    mailboxes: &[NewMailbox],
    first_validity: i64,
    modseq: i64,
) -> Result<(), MailError> {
    let row = |(validity, mailbox): (i64, &NewMailbox)| -> [Value<'static>; 9] {
        [
            account.into(),
            mailbox.id.into(),
            mailbox.parent.into(),
            mailbox.name.clone().into(),
            mailbox.role.map(SpecialUse::code).into(),
            validity.into(),
            1.into(),
            1.into(),
            modseq.into(),
        ]
    };
    let rows = (first_validity..)
        .zip(mailboxes)
        .map(row)
        .map(with_zeros)
        .collect();
    insert_rows(
        tx,
        "INSERT INTO mailbox (account_id, id, parent_id, name, role, uid_validity, uid_next, \
         recent_from, modseq, created_modseq, total, unseen, deleted, size_bytes)",
        rows,
        "",
    )?;
    Ok(())
}

/// The columns after `modseq`: made with that modseq, holding nothing.
fn with_zeros(row: [Value<'static>; 9]) -> [Value<'static>; 14] {
    let [
        account,
        id,
        parent,
        name,
        role,
        validity,
        next,
        recent,
        modseq,
    ] = row;
    let made = modseq.clone();
    let zero = || Value::Int(0);
    [
        account,
        id,
        parent,
        name,
        role,
        validity,
        next,
        recent,
        modseq,
        made,
        zero(),
        zero(),
        zero(),
        zero(),
    ]
}
