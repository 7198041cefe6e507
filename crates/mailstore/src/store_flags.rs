//! Changing flags.

use std::collections::BTreeMap;

use hikyaku_db::{Hint, Value, WriteTx, params};
use hikyaku_directory::AccountScope;
use hikyaku_types::{MailboxId, ModSeq, Uid};

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

/// What a conditional change of flags did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoredFlags {
    /// The flags of the messages that are there and met the condition, changed or not, by ascending
    /// UID.
    pub states: Vec<FlagState>,
    /// The messages that had changed too late, and were left as they are, ascending.
    pub modified: Vec<Uid>,
}

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
        let stored = self.store_unchanged(scope, mailbox, uids, change, None);
        Ok(stored.await?.states)
    }

    /// The same for messages that did not change after a modseq, if one is given. Nobody comes
    /// between the look at a message's modseq and its change (RFC 7162 §3.1.3).
    pub async fn store_unchanged(
        &self,
        scope: AccountScope,
        mailbox: MailboxId,
        uids: &[Uid],
        change: FlagChange,
        since: Option<ModSeq>,
    ) -> Result<StoredFlags, MailError> {
        let mut uids = uids.to_vec();
        uids.sort_unstable();
        uids.dedup();
        let lane = self.lane_for(uids.len());
        let mut all = StoredFlags::default();
        for chunk in uids.chunks(self.chunk()) {
            let store = Store {
                scope,
                mailbox,
                uids: chunk.to_vec(),
                change: change.clone(),
                since,
            };
            let stored = self.db().write(lane, move |tx| store.run(tx)).await?;
            all.states.extend(stored.states);
            all.modified.extend(stored.modified);
        }
        Ok(all)
    }
}

/// One chunk of a change.
struct Store {
    scope: AccountScope,
    mailbox: MailboxId,
    uids: Vec<Uid>,
    change: FlagChange,
    since: Option<ModSeq>,
}

impl Store {
    fn run(&self, tx: &WriteTx<'_>) -> Result<StoredFlags, MailError> {
        let account = accounts::lock(tx, self.scope)?;
        if !mailboxes::exists(tx, self.scope, self.mailbox)? {
            return Err(MailError::NoSuchMailbox);
        }
        let before = placement::select(tx, self.scope.account, self.mailbox, &self.uids)?;
        let mut stored = StoredFlags::default();
        let mut changed: Vec<(&Placement, Flags)> = Vec::new();
        for placement in &before {
            if self.since.is_some_and(|since| placement.modseq > since) {
                stored.modified.push(placement.uid);
                continue;
            }
            let flags = placement.flags.changed(&self.change)?;
            let mut modseq = placement.modseq;
            if flags != placement.flags {
                modseq = account.modseq;
                changed.push((placement, flags.clone()));
            }
            stored.states.push(FlagState {
                uid: placement.uid,
                flags,
                modseq,
            });
        }
        if !changed.is_empty() {
            write(tx, &account, self.mailbox, &changed)?;
            tx.hint(Hint::Mail(self.scope.account));
        }
        Ok(stored)
    }
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
