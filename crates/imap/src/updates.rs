//! Telling a client what others did to its mailbox.

use hikyaku_imap_proto::ResponseBuf;
use hikyaku_mailstore::{Changes, Delta, Fields, FlagState, MailError, Recent, UidList, UidSet};
use hikyaku_types::Uid;

use crate::{
    limits::SMALL_ROWS,
    reply::{End, Failure},
    selected::{Access, Selected},
    service::Imap,
    state::User,
    wire::Wire,
};

/// Whether messages may disappear from the view now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expunges {
    /// They may.
    Tell,
    /// Not while FETCH, STORE or SEARCH by sequence number runs (RFC 3501 §7.4.1).
    Keep,
}

/// Reads what happened since the last time and tells it.
pub(crate) async fn tell(
    imap: &Imap,
    wire: &mut Wire,
    user: &User,
    selected: &mut Selected,
    expunges: Expunges,
) -> Result<(), Failure> {
    let found = imap
        .mail
        .changes(user.scope, selected.mailbox, selected.modseq)
        .await;
    match found {
        Ok(Changes::Delta(delta)) => {
            let since = selected.modseq;
            let shared = imap.views.follow(selected.mailbox, since, &delta);
            apply(imap, wire, user, selected, delta, expunges).await?;
            share(selected, shared);
            Ok(())
        }
        Ok(Changes::Resync) => {
            let (delta, uids) = compare(imap, user, selected).await?;
            apply(imap, wire, user, selected, delta, expunges).await?;
            share(selected, Some(uids));
            tell_all_flags(imap, wire, user, selected).await
        }
        Err(MailError::NoSuchMailbox) => Err(End::MailboxGone.into()),
        Err(error) => Err(error.into()),
    }
}

/// Takes the list that others have too, unless the client still has messages that are gone.
fn share(selected: &mut Selected, shared: Option<UidList>) {
    if selected.gone.is_empty()
        && let Some(uids) = shared
    {
        selected.view.share(uids);
    }
}

async fn apply(
    imap: &Imap,
    wire: &mut Wire,
    user: &User,
    selected: &mut Selected,
    delta: Delta,
    expunges: Expunges,
) -> Result<(), Failure> {
    note_gone(selected, delta.expunged);
    if expunges == Expunges::Tell {
        tell_gone(wire, selected).await?;
    }
    if let Some(last) = delta.new.last() {
        let before = selected.view.len();
        let first = take_recent(imap, user, selected, last.uid).await?;
        let new = delta.new.iter().map(|state| state.uid);
        selected.view.change(&[], new);
        selected.view.add_recent(first..=last.uid);
        if selected.view.len() != before {
            for state in &delta.new {
                selected.introduce(&state.flags, &mut wire.out);
            }
            wire.out.exists(selected.view.len());
            wire.out.recent(selected.view.recent_count());
        }
    }
    for state in &delta.flags {
        if !selected.is_known(state) {
            selected.write_state(state, wire);
            wire.send_if_full().await?;
        }
    }
    selected.caught_up(delta.modseq);
    Ok(())
}

/// Adds to what is gone and not told. Only what is in the view can go from it.
fn note_gone(selected: &mut Selected, expunged: Vec<Uid>) {
    let known = expunged
        .into_iter()
        .filter(|uid| selected.view.sequence(*uid).is_some());
    selected.gone.extend(known.collect::<Vec<_>>());
    selected.gone.sort_unstable();
    selected.gone.dedup();
}

/// Tells of everything that is gone, from the end: then no number changes that is still to come.
async fn tell_gone(wire: &mut Wire, selected: &mut Selected) -> Result<(), End> {
    if selected.gone.is_empty() {
        return Ok(());
    }
    let gone = std::mem::take(&mut selected.gone);
    for uid in gone.iter().rev() {
        if let Some(sequence) = selected.view.sequence(*uid) {
            wire.out.expunge(sequence);
            wire.send_if_full().await?;
        }
    }
    selected.view.change(&gone, []);
    Ok(())
}

/// From which UID on new messages are recent for this session, whose last one is `last`.
async fn take_recent(
    imap: &Imap,
    user: &User,
    selected: &Selected,
    last: Uid,
) -> Result<Uid, MailError> {
    let take = match selected.access {
        Access::ReadWrite => Recent::Take,
        Access::ReadOnly => Recent::Leave,
    };
    let first = imap
        .mail
        .first_recent(user.scope, selected.mailbox, last, take)
        .await?;
    // Those before were counted when they came.
    let after_view = selected
        .view
        .last()
        .and_then(|known| Uid::new(known.get().saturating_add(1)));
    Ok(first.max(after_view.unwrap_or(Uid::MIN)))
}

/// More happened than is remembered: compares the whole mailbox. Flags are not in the answer.
async fn compare(
    imap: &Imap,
    user: &User,
    selected: &Selected,
) -> Result<(Delta, UidList), Failure> {
    let snapshot = imap
        .mail
        .snapshot(user.scope, selected.mailbox, Recent::Leave)
        .await?;
    if snapshot.uid_validity != selected.uid_validity {
        return Err(End::MailboxGone.into());
    }
    let present = &snapshot.uids;
    let known = selected.view.uids();
    let expunged = known.iter().filter(|uid| !present.contains(*uid)).collect();
    let last = selected.view.last();
    let new = present
        .iter()
        .filter(|uid| last.is_none_or(|last| last < *uid));
    let new = new.map(|uid| FlagState {
        uid,
        flags: hikyaku_mailstore::Flags::default(),
        modseq: snapshot.modseq,
    });
    let delta = Delta {
        expunged,
        new: new.collect(),
        modseq: snapshot.modseq,
        uid_next: Some(snapshot.uid_next),
        ..Delta::default()
    };
    imap.views.keep(selected.mailbox, &snapshot);
    Ok((delta, snapshot.uids))
}

async fn tell_all_flags(
    imap: &Imap,
    wire: &mut Wire,
    user: &User,
    selected: &mut Selected,
) -> Result<(), Failure> {
    let (Some(first), Some(last)) = (selected.view.uids().first(), selected.view.last()) else {
        return Ok(());
    };
    let uids = UidSet::from_ranges([first..=last]);
    let mut after = None;
    loop {
        let fields = Fields::PLACEMENT;
        let rows = imap
            .mail
            .rows(
                user.scope,
                selected.mailbox,
                &uids,
                after,
                SMALL_ROWS,
                fields,
            )
            .await?;
        for row in &rows {
            let state = FlagState {
                uid: row.uid,
                flags: row.flags.clone(),
                modseq: row.modseq,
            };
            selected.write_state(&state, wire);
        }
        wire.send_if_full().await?;
        match rows.last() {
            Some(row) if rows.len() == SMALL_ROWS => after = Some(row.uid),
            _ => return Ok(()),
        }
    }
}

/// Whether anything may have happened that the client was not told of.
pub(crate) fn are_due(selected: &Selected) -> bool {
    selected.changes.has_changed() || !selected.gone.is_empty()
}

/// Forgets the hint that is about to be followed. It comes again for what happens afterwards.
pub(crate) async fn follow_hint(selected: &mut Selected) {
    if selected.changes.has_changed() {
        selected.changes.changed().await;
    }
}

/// The lines that SELECT begins with: how many messages there are, and recent ones.
pub(crate) fn write_counts(selected: &Selected, out: &mut ResponseBuf) {
    out.exists(selected.view.len());
    out.recent(selected.view.recent_count());
}
