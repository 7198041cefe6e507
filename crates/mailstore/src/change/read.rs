//! Reading the change log for a session.

use std::collections::{BTreeMap, BTreeSet};

use hikyaku_db::{Tx, Value, params};
use hikyaku_directory::AccountScope;
use hikyaku_types::{MailboxId, ModSeq, Uid};

use crate::{
    Mailstore,
    change::Kind,
    error::MailError,
    flags::Flags,
    list::{LONGEST, push_list},
    mailboxes::uid_next,
};

/// The flags of one message in a mailbox, and when they changed last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlagState {
    /// Which message.
    pub uid: Uid,
    /// Its flags.
    pub flags: Flags,
    /// The modseq of its last change.
    pub modseq: ModSeq,
}

/// What happened in a mailbox since a modseq.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changes {
    /// This.
    Delta(Delta),
    /// More than is remembered: compare the whole mailbox
    /// ([`Mailstore::snapshot`](crate::Mailstore::snapshot)).
    Resync,
}

/// The changes of one mailbox, as one instant saw them. A message that came and went in between is
/// in none of the lists.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Delta {
    /// Messages that came, by ascending UID.
    pub new: Vec<FlagState>,
    /// Messages whose flags changed, by ascending UID.
    pub flags: Vec<FlagState>,
    /// Messages that went, ascending.
    pub expunged: Vec<Uid>,
    /// What to ask from the next time.
    pub modseq: ModSeq,
    /// The UID that the next message will have at least; `None` when nothing changed.
    pub uid_next: Option<Uid>,
}

impl Mailstore {
    /// What happened in a mailbox after `since`, a modseq from
    /// [`Snapshot`](crate::Snapshot) or an earlier [`Delta`]. Costs one row when nothing did.
    pub async fn changes(
        &self,
        scope: AccountScope,
        mailbox: MailboxId,
        since: ModSeq,
    ) -> Result<Changes, MailError> {
        self.db()
            .read(move |tx| changes(tx, scope, mailbox, since))
            .await
    }
}

pub(crate) fn changes(
    tx: &Tx<'_>,
    scope: AccountScope,
    mailbox: MailboxId,
    since: ModSeq,
) -> Result<Changes, MailError> {
    let state = tx.query_opt(
        "SELECT b.modseq, b.uid_next, a.kept_modseq FROM mailbox b \
         JOIN mail_account a ON a.account_id = b.account_id \
         WHERE b.account_id = ?1 AND a.tenant_id = ?2 AND b.id = ?3 AND b.parent_id >= 0",
        params![scope.account, scope.tenant, mailbox],
        |row| {
            Ok((
                row.get::<ModSeq>(0)?,
                row.get::<i64>(1)?,
                row.get::<ModSeq>(2)?,
            ))
        },
    )?;
    let (modseq, next, kept) = state.ok_or(MailError::NoSuchMailbox)?;
    if modseq <= since {
        let modseq = since;
        return Ok(Changes::Delta(Delta {
            modseq,
            ..Delta::default()
        }));
    }
    if since < kept {
        return Ok(Changes::Resync);
    }
    let logged = Logged::read(tx, scope, mailbox, since)?;
    let mut delta = Delta {
        expunged: logged.expunged,
        modseq,
        uid_next: Some(uid_next(next)),
        ..Delta::default()
    };
    for uids in logged.present.chunks(LONGEST) {
        for state in states(tx, scope, mailbox, uids)? {
            if logged.added.contains(&state.uid) {
                delta.new.push(state);
            } else {
                delta.flags.push(state);
            }
        }
    }
    Ok(Changes::Delta(delta))
}

/// The change log of one mailbox, by message.
struct Logged {
    added: BTreeSet<Uid>,
    present: Vec<Uid>,
    expunged: Vec<Uid>,
}

impl Logged {
    fn read(
        tx: &Tx<'_>,
        scope: AccountScope,
        mailbox: MailboxId,
        since: ModSeq,
    ) -> Result<Self, MailError> {
        #[derive(Default)]
        struct Fate {
            added: bool,
            removed: bool,
        }
        let mut fates: BTreeMap<Uid, Fate> = BTreeMap::new();
        tx.for_each(
            "SELECT uid, kind FROM change \
             WHERE account_id = ?1 AND modseq > ?2 AND mailbox_id = ?3 AND uid > 0 AND member_id = 0",
            params![scope.account, since, mailbox],
            |row| {
                let fate = fates.entry(row.get(0)?).or_default();
                let kind: i64 = row.get(1)?;
                fate.added |= kind == Kind::Added.code();
                fate.removed |= kind == Kind::Removed.code();
                Ok(std::ops::ControlFlow::Continue(()))
            },
        )?;
        let with = |wanted: fn(&Fate) -> bool| {
            let chosen = fates.iter().filter(move |(_, fate)| wanted(fate));
            chosen.map(|(uid, _)| *uid)
        };
        Ok(Self {
            added: with(|fate| fate.added && !fate.removed).collect(),
            present: with(|fate| !fate.removed).collect(),
            expunged: with(|fate| fate.removed && !fate.added).collect(),
        })
    }
}

/// The flags of these messages, by ascending UID; those that are gone are left out.
pub(crate) fn states(
    tx: &Tx<'_>,
    scope: AccountScope,
    mailbox: MailboxId,
    uids: &[Uid],
) -> Result<Vec<FlagState>, MailError> {
    let mut parameters: Vec<Value<'_>> = vec![scope.account.into(), mailbox.into()];
    let list = push_list(&mut parameters, uids);
    let sql = format!(
        "SELECT uid, flags, keywords, modseq FROM placement \
         WHERE account_id = ?1 AND mailbox_id = ?2 AND uid IN ({list}) ORDER BY uid"
    );
    Ok(tx.query(&sql, &parameters, |row| {
        Ok(FlagState {
            uid: row.get(0)?,
            flags: Flags::from_stored(row.get(1)?, row.text(2)?),
            modseq: row.get(3)?,
        })
    })?)
}
