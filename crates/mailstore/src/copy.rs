//! Copying and moving messages between mailboxes of an account.
//!
//! A copy is another placement of the same message: it costs no quota. COPY is atomic as a whole,
//! MOVE works in chunks, each message being in exactly one of the two mailboxes at any time.

use hikyaku_db::{Hint, Lane, WriteTx};
use hikyaku_directory::AccountScope;
use hikyaku_types::{MailboxId, Uid, UidValidity};

use crate::{
    Mailstore,
    accounts::{self, Locked, Settlement},
    error::MailError,
    list::LONGEST,
    mailboxes,
    placement::{self, NewPlacement, Placed, Placement},
};

/// Where messages were copied or moved to (RFC 4315 COPYUID).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// The generation of the new UIDs; `None` when there was nothing to copy.
    pub uid_validity: Option<UidValidity>,
    /// The old and the new UID of each message, both ascending. Messages that were gone already are
    /// left out.
    pub pairs: Vec<(Uid, Uid)>,
}

impl Mailstore {
    /// Copies messages with their flags and dates to a mailbox of the same account: all or none.
    pub async fn copy(
        &self,
        scope: AccountScope,
        from: MailboxId,
        uids: &[Uid],
        to: MailboxId,
    ) -> Result<Copied, MailError> {
        let uids = sorted(uids);
        let limit = self.limits().atomic_messages;
        if uids.len() > limit {
            return Err(MailError::TooManyMessages { limit });
        }
        let lane = self.lane_for(uids.len());
        self.db()
            .write(lane, move |tx| copy(tx, scope, from, &uids, to))
            .await
    }

    /// Moves messages with their flags and dates to a mailbox of the same account (RFC 6851), in
    /// chunks: after an error some may have been moved.
    pub async fn move_messages(
        &self,
        scope: AccountScope,
        from: MailboxId,
        uids: &[Uid],
        to: MailboxId,
    ) -> Result<Copied, MailError> {
        let uids = sorted(uids);
        let lane: Lane = self.lane_for(uids.len());
        let mut moved = Copied {
            uid_validity: None,
            pairs: Vec::with_capacity(uids.len()),
        };
        for chunk in uids.chunks(self.chunk()) {
            let chunk = chunk.to_vec();
            let part = self
                .db()
                .write(lane, move |tx| move_chunk(tx, scope, from, &chunk, to))
                .await?;
            moved.uid_validity = part.uid_validity.or(moved.uid_validity);
            moved.pairs.extend(part.pairs);
        }
        Ok(moved)
    }
}

fn sorted(uids: &[Uid]) -> Vec<Uid> {
    let mut uids = uids.to_vec();
    uids.sort_unstable();
    uids.dedup();
    uids
}

fn copy(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    from: MailboxId,
    uids: &[Uid],
    to: MailboxId,
) -> Result<Copied, MailError> {
    let account = accounts::lock(tx, scope)?;
    check_mailboxes(tx, scope, from, to)?;
    let mut placements = Vec::with_capacity(uids.len());
    for chunk in uids.chunks(LONGEST) {
        placements.extend(placement::select(tx, scope.account, from, chunk)?);
    }
    let mut settlement = Settlement::default();
    let copied = place(tx, &account, to, &placements, &mut settlement)?;
    accounts::settle(tx, &account, settlement)?;
    Ok(copied)
}

fn move_chunk(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    from: MailboxId,
    uids: &[Uid],
    to: MailboxId,
) -> Result<Copied, MailError> {
    let account = accounts::lock(tx, scope)?;
    check_mailboxes(tx, scope, from, to)?;
    let placements = placement::select(tx, scope.account, from, uids)?;
    let mut settlement = Settlement::default();
    let moved = place(tx, &account, to, &placements, &mut settlement)?;
    placement::remove(tx, &account, from, &placements, &mut settlement)?;
    accounts::settle(tx, &account, settlement)?;
    Ok(moved)
}

fn check_mailboxes(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    from: MailboxId,
    to: MailboxId,
) -> Result<(), MailError> {
    for mailbox in [from, to] {
        if !mailboxes::exists(tx, scope, mailbox)? {
            return Err(MailError::NoSuchMailbox);
        }
    }
    Ok(())
}

fn place(
    tx: &WriteTx<'_>,
    account: &Locked,
    to: MailboxId,
    placements: &[Placement],
    settlement: &mut Settlement,
) -> Result<Copied, MailError> {
    if placements.is_empty() {
        return Ok(Copied {
            uid_validity: None,
            pairs: Vec::new(),
        });
    }
    let new: Vec<NewPlacement<'_>> = placements
        .iter()
        .map(|placement| NewPlacement {
            message: placement.message,
            flags: &placement.flags,
            size: placement.size,
            internal: placement.internal,
        })
        .collect();
    let placed: Placed = placement::add(tx, account, to, &new, settlement)?;
    tx.hint(Hint::Mail(account.scope.account));
    Ok(Copied {
        uid_validity: Some(placed.uid_validity),
        pairs: placements
            .iter()
            .map(|placement| placement.uid)
            .zip(placed.uids())
            .collect(),
    })
}
