//! Changing flags.

use std::collections::BTreeMap;

use hikyaku_db::{Hint, Value, WriteTx, params};
use hikyaku_directory::AccountScope;
use hikyaku_types::{MailboxId, Uid};

use crate::{
    Mailstore,
    accounts::{self, Locked, Settlement},
    change::{self, FlagState, Kind},
    error::MailError,
    flags::{FlagChange, Flags, SystemFlags},
    list::push_list,
    mailboxes,
    placement::{self, Placement},
};

impl Mailstore {
    /// Changes the flags of messages, in chunks. Returns the flags of those messages that are
    /// there, changed or not, by ascending UID; a message whose flags did not change keeps its
    /// modseq.
    pub async fn store(
        &self,
        scope: AccountScope,
        mailbox: MailboxId,
        uids: &[Uid],
        change: FlagChange,
    ) -> Result<Vec<FlagState>, MailError> {
        let mut uids = uids.to_vec();
        uids.sort_unstable();
        uids.dedup();
        let lane = self.lane_for(uids.len());
        let mut states = Vec::with_capacity(uids.len());
        for chunk in uids.chunks(self.chunk()) {
            let (chunk, change) = (chunk.to_vec(), change.clone());
            states.extend(
                self.db()
                    .write(lane, move |tx| store(tx, scope, mailbox, &chunk, &change))
                    .await?,
            );
        }
        Ok(states)
    }
}

fn store(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    mailbox: MailboxId,
    uids: &[Uid],
    change: &FlagChange,
) -> Result<Vec<FlagState>, MailError> {
    let account = accounts::lock(tx, scope)?;
    if !mailboxes::exists(tx, scope, mailbox)? {
        return Err(MailError::NoSuchMailbox);
    }
    let before = placement::select(tx, scope.account, mailbox, uids)?;
    let mut states = Vec::with_capacity(before.len());
    let mut changed: Vec<(&Placement, Flags)> = Vec::new();
    for placement in &before {
        let flags = placement.flags.changed(change)?;
        let mut modseq = placement.modseq;
        if flags != placement.flags {
            modseq = account.modseq;
            changed.push((placement, flags.clone()));
        }
        states.push(FlagState {
            uid: placement.uid,
            flags,
            modseq,
        });
    }
    if !changed.is_empty() {
        write(tx, &account, mailbox, &changed)?;
        tx.hint(Hint::Mail(scope.account));
    }
    Ok(states)
}

fn write(
    tx: &WriteTx<'_>,
    account: &Locked,
    mailbox: MailboxId,
    changed: &[(&Placement, Flags)],
) -> Result<(), MailError> {
    // Messages that end up with the same flags share a statement: mostly all of them.
    let mut groups: BTreeMap<(u8, String), Vec<Uid>> = BTreeMap::new();
    for (placement, flags) in changed {
        let key = (flags.system().bits(), flags.keyword_text());
        groups.entry(key).or_default().push(placement.uid);
    }
    for ((bits, keywords), uids) in &groups {
        let mut parameters: Vec<Value<'_>> = vec![
            account.scope.account.into(),
            mailbox.into(),
            (*bits).into(),
            keywords.into(),
            account.modseq.into(),
        ];
        let list = push_list(&mut parameters, uids);
        let sql = format!(
            "UPDATE placement SET flags = ?3, keywords = ?4, modseq = ?5 \
             WHERE account_id = ?1 AND mailbox_id = ?2 AND uid IN ({list})"
        );
        tx.execute(&sql, &parameters)?;
    }
    count(tx, account, mailbox, changed)?;
    let uids: Vec<Uid> = changed.iter().map(|(placement, _)| placement.uid).collect();
    let changes = change::record_messages(tx, account, mailbox, Kind::Flags, &uids)?;
    accounts::settle(
        tx,
        account,
        Settlement {
            changes,
            ..Settlement::default()
        },
    )
}

/// Brings the mailbox's counters in step.
fn count(
    tx: &WriteTx<'_>,
    account: &Locked,
    mailbox: MailboxId,
    changed: &[(&Placement, Flags)],
) -> Result<(), MailError> {
    let difference = |flag: SystemFlags, set: i64| -> i64 {
        let one = |flags: &Flags| {
            if flags.system().contains(flag) {
                set
            } else {
                0
            }
        };
        changed
            .iter()
            .map(|(placement, after)| one(after) - one(&placement.flags))
            .sum()
    };
    tx.execute(
        "UPDATE mailbox SET modseq = ?3, unseen = unseen + ?4, deleted = deleted + ?5 \
         WHERE account_id = ?1 AND id = ?2",
        params![
            account.scope.account,
            mailbox,
            account.modseq,
            difference(SystemFlags::SEEN, -1),
            difference(SystemFlags::DELETED, 1)
        ],
    )?;
    Ok(())
}
