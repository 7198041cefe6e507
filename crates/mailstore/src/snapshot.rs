//! The list of a mailbox's UIDs, as a session numbers them.

use std::{collections::BTreeSet, ops::ControlFlow, sync::Arc};

use hikyaku_db::{Lane, Tx, WriteTx, params};
use hikyaku_directory::AccountScope;
use hikyaku_types::{MailboxId, Uid};

use crate::{
    Mailstore,
    change::{self, Changes},
    error::MailError,
    flags::{Flags, Keyword},
    mailbox::{Recent, Snapshot},
    mailboxes::uid_next,
    uid_list::{UidList, UidListBuilder},
};

/// Most keywords listed for a mailbox (200); clients show a handful. Others can still be set and
/// are shown with the messages that have them.
pub const LISTED_KEYWORDS_MAX: usize = 200;

impl Mailstore {
    /// The messages of a mailbox as a session numbers them, with [`Recent::Take`] as SELECT does
    /// it.
    pub async fn snapshot(
        &self,
        scope: AccountScope,
        mailbox: MailboxId,
        recent: Recent,
    ) -> Result<Snapshot, MailError> {
        self.snapshot_after(scope, mailbox, None, recent).await
    }

    /// The same, from an earlier snapshot of the mailbox: when it is remembered what changed since,
    /// that is all that is read.
    pub async fn snapshot_after(
        &self,
        scope: AccountScope,
        mailbox: MailboxId,
        known: Option<Snapshot>,
        recent: Recent,
    ) -> Result<Snapshot, MailError> {
        let mut snapshot = self
            .db()
            .read(move |tx| snapshot(tx, scope, mailbox, known.as_ref()))
            .await?;
        if recent == Recent::Take && snapshot.first_recent < snapshot.uid_next {
            // Another session may have been faster: then its messages are not recent here.
            let next = snapshot.uid_next;
            snapshot.first_recent = self.take_recent(scope, mailbox, next).await?;
        }
        Ok(snapshot)
    }

    /// Takes the messages before `next`; gives the first that was not taken before.
    ///
    /// On a full disk, where mail can still be read (design §4), nothing is taken: the messages are
    /// recent here and may be so in the next session too, the side to err on (RFC 3501 §2.3.2).
    async fn take_recent(
        &self,
        scope: AccountScope,
        mailbox: MailboxId,
        next: Uid,
    ) -> Result<Uid, MailError> {
        let taken = self
            .db()
            .write(Lane::Mail, move |tx| take_recent(tx, scope, mailbox, next))
            .await;
        match taken {
            Err(error) if error.is_storage_full() => {
                let first = self.db().read(move |tx| recent_from(tx, scope, mailbox));
                first.await
            }
            taken => taken,
        }
    }

    /// The UIDs of all messages of a mailbox, ascending.
    pub async fn uids_of(
        &self,
        scope: AccountScope,
        mailbox: MailboxId,
    ) -> Result<Vec<Uid>, MailError> {
        self.db()
            .read(move |tx| snapshot(tx, scope, mailbox, None))
            .await
            .map(|found| found.uids.iter().collect())
    }
}

impl Mailstore {
    /// From which UID on the messages of a mailbox are recent, up to `last`, the last one a session
    /// was told of. Taking them means that no other session gets them as recent.
    pub async fn first_recent(
        &self,
        scope: AccountScope,
        mailbox: MailboxId,
        last: Uid,
        recent: Recent,
    ) -> Result<Uid, MailError> {
        match recent {
            Recent::Take => {
                let next = Uid::new(last.get().saturating_add(1)).unwrap_or(Uid::MAX);
                self.take_recent(scope, mailbox, next).await
            }
            Recent::Leave => {
                self.db()
                    .read(move |tx| recent_from(tx, scope, mailbox))
                    .await
            }
        }
    }

    /// How many messages of a mailbox no session was told of yet (STATUS RECENT).
    pub async fn recent_count(
        &self,
        scope: AccountScope,
        mailbox: MailboxId,
    ) -> Result<u32, MailError> {
        self.db()
            .read(move |tx| {
                let from = recent_from(tx, scope, mailbox)?;
                Ok(tx.query_one(
                    "SELECT COUNT(*) FROM placement \
                     WHERE account_id = ?1 AND mailbox_id = ?2 AND uid >= ?3",
                    params![scope.account, mailbox, from],
                    |row| row.get(0),
                )?)
            })
            .await
    }
}

fn recent_from(tx: &Tx<'_>, scope: AccountScope, mailbox: MailboxId) -> Result<Uid, MailError> {
    let from = tx.query_opt(
        "SELECT b.recent_from FROM mailbox b JOIN mail_account a ON a.account_id = b.account_id \
         WHERE b.account_id = ?1 AND a.tenant_id = ?2 AND b.id = ?3 AND b.parent_id >= 0",
        params![scope.account, scope.tenant, mailbox],
        |row| row.get::<i64>(0),
    )?;
    from.map(uid_next).ok_or(MailError::NoSuchMailbox)
}

fn snapshot(
    tx: &Tx<'_>,
    scope: AccountScope,
    mailbox: MailboxId,
    known: Option<&Snapshot>,
) -> Result<Snapshot, MailError> {
    let state = tx.query_opt(
        "SELECT b.uid_validity, b.uid_next, b.modseq, b.recent_from, b.unseen FROM mailbox b \
         JOIN mail_account a ON a.account_id = b.account_id \
         WHERE b.account_id = ?1 AND a.tenant_id = ?2 AND b.id = ?3 AND b.parent_id >= 0",
        params![scope.account, scope.tenant, mailbox],
        |row| {
            Ok(Snapshot {
                uids: UidList::new(),
                uid_validity: row.get(0)?,
                uid_next: uid_next(row.get(1)?),
                modseq: row.get(2)?,
                first_recent: uid_next(row.get(3)?),
                first_unseen: None,
                unseen: row.get(4)?,
                keywords: Arc::default(),
                unseen_from: None,
            })
        },
    )?;
    let mut snapshot = state.ok_or(MailError::NoSuchMailbox)?;
    match known.map(|known| advanced(tx, scope, mailbox, known)) {
        Some(known) => match known? {
            Some(known) if known.uid_validity == snapshot.uid_validity => {
                snapshot.uids = known.uids;
                snapshot.keywords = known.keywords;
                snapshot.unseen_from = known.unseen_from;
            }
            _ => scan(tx, scope, mailbox, &mut snapshot)?,
        },
        None => scan(tx, scope, mailbox, &mut snapshot)?,
    }
    find_first_unseen(tx, scope, mailbox, &mut snapshot)?;
    Ok(snapshot)
}

/// An earlier snapshot with what changed since; nothing when that is not remembered.
fn advanced(
    tx: &Tx<'_>,
    scope: AccountScope,
    mailbox: MailboxId,
    known: &Snapshot,
) -> Result<Option<Snapshot>, MailError> {
    match change::changes(tx, scope, mailbox, known.modseq)? {
        Changes::Delta(delta) => {
            let mut snapshot = known.clone();
            snapshot.apply(&delta);
            Ok(Some(snapshot))
        }
        Changes::Resync => Ok(None),
    }
}

/// Reads the list of UIDs and what keywords there are from the messages of the mailbox, all of
/// which it looks at.
fn scan(
    tx: &Tx<'_>,
    scope: AccountScope,
    mailbox: MailboxId,
    snapshot: &mut Snapshot,
) -> Result<(), MailError> {
    let mut uids = UidListBuilder::default();
    let mut keywords: BTreeSet<Keyword> = BTreeSet::new();
    let mut last = String::new();
    let mut unseen_from = None;
    tx.for_each(
        "SELECT uid, flags, keywords FROM placement WHERE account_id = ?1 AND mailbox_id = ?2 \
         ORDER BY uid",
        params![scope.account, mailbox],
        |row| {
            let (uid, bits, words) = (row.get::<Uid>(0)?, row.get::<i64>(1)?, row.text(2)?);
            uids.push(uid);
            if unseen_from.is_none() && bits & 1 == 0 {
                unseen_from = Some(uid);
            }
            // Neighbours mostly have the same keywords.
            if words != last && keywords.len() < LISTED_KEYWORDS_MAX {
                keywords.extend(Flags::from_stored(bits, words).keywords().iter().cloned());
                words.clone_into(&mut last);
            }
            Ok(ControlFlow::Continue(()))
        },
    )?;
    snapshot.uids = uids.build();
    snapshot.keywords = keywords.into_iter().take(LISTED_KEYWORDS_MAX).collect();
    snapshot.unseen_from = unseen_from;
    Ok(())
}

/// Finds the first message without the Seen flag; those before `unseen_from` need no look.
fn find_first_unseen(
    tx: &Tx<'_>,
    scope: AccountScope,
    mailbox: MailboxId,
    snapshot: &mut Snapshot,
) -> Result<(), MailError> {
    snapshot.first_unseen = match snapshot.unseen_from {
        Some(from) if snapshot.unseen > 0 => tx.query_opt(
            "SELECT uid FROM placement WHERE account_id = ?1 AND mailbox_id = ?2 AND uid >= ?3 \
             AND (flags & 1) = 0 ORDER BY uid LIMIT 1",
            params![scope.account, mailbox, from],
            |row| row.get::<Uid>(0),
        )?,
        _ => None,
    };
    snapshot.unseen_from = snapshot.first_unseen;
    Ok(())
}

/// Takes the recent messages below `seen` and returns from which UID on they were recent.
fn take_recent(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    mailbox: MailboxId,
    seen: Uid,
) -> Result<Uid, MailError> {
    let recent = tx.query_opt(
        "SELECT b.recent_from FROM mailbox b WHERE b.account_id = ?1 AND b.id = ?2 FOR UPDATE",
        params![scope.account, mailbox],
        |row| row.get::<i64>(0),
    )?;
    let recent = uid_next(recent.ok_or(MailError::NoSuchMailbox)?);
    if recent >= seen {
        return Ok(recent);
    }
    tx.execute(
        "UPDATE mailbox SET recent_from = ?3 WHERE account_id = ?1 AND id = ?2",
        params![scope.account, mailbox, seen],
    )?;
    Ok(recent)
}
