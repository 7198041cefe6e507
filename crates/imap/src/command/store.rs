//! STORE (RFC 3501 §6.4.6), also for messages that did not change meanwhile (RFC 7162 §3.1.3).

use hikyaku_imap_proto::{Code, Numbering, Silent, Store, StoreMode};
use hikyaku_mailstore::{FlagChange, FlagState};

use super::Context;
use crate::{
    enabled::Extension,
    flags,
    limits::STORE_MESSAGES,
    reply::{Failure, Reply, ReplyCode},
    selected::Selected,
    state::User,
};

pub(crate) async fn run(
    context: &mut Context<'_>,
    user: &User,
    selected: &mut Selected,
    store: &Store,
) -> Result<Reply, Failure> {
    let set = super::messages(selected, &store.set, store.numbering)?;
    selected.writable()?;
    let flags = flags::from_client(&store.flags)?;
    let change = match store.mode {
        StoreMode::Add => FlagChange::Add(flags),
        StoreMode::Remove => FlagChange::Remove(flags),
        StoreMode::Replace => FlagChange::Replace(flags),
    };
    // What others did first: afterwards it could not be told from what this command did.
    super::catch_up(context, user, selected).await?;
    let uids = selected.view.members(&set);
    let mut tally = Tally::default();
    for chunk in uids.chunks(STORE_MESSAGES) {
        let mail = &context.imap.mail;
        let since = store.unchanged_since;
        let stored = mail
            .store_unchanged(user.scope, selected.mailbox, chunk, change.clone(), since)
            .await?;
        tally.found += stored.states.len() + stored.modified.len();
        for uid in stored.modified {
            tally.modified.extend(match store.numbering {
                Numbering::Sequence => selected.view.sequence(uid),
                Numbering::Uid => Some(uid.get()),
            });
        }
        for state in &stored.states {
            answer(context, selected, store.silent, state);
            selected.knows(state);
        }
        context.wire.send_if_full().await?;
    }
    Ok(tally.reply(uids.len(), store.numbering))
}

/// Tells the new flags, or what of them a client does not know that has asked for silence:
/// keywords may be new to it, and modification sequences are (RFC 7162 §3.1.3).
fn answer(context: &mut Context<'_>, selected: &mut Selected, silent: Silent, state: &FlagState) {
    let wire = &mut *context.wire;
    match silent {
        Silent::No => selected.write_state(state, wire),
        Silent::Yes => {
            selected.introduce(&state.flags, &mut wire.out);
            if wire.enabled.contains(Extension::Condstore) {
                selected.write_modseq(state, wire);
            }
        }
    }
}

/// What became of the messages that were meant.
#[derive(Debug, Default)]
struct Tally {
    found: usize,
    /// Those that changed after the modification sequence of the command, numbered as it does.
    modified: Vec<u32>,
}

impl Tally {
    fn reply(self, expected: usize, numbering: Numbering) -> Reply {
        if !self.modified.is_empty() {
            let code = ReplyCode::Modified(self.modified);
            return Reply::ok_with(code, "Some of the messages were changed by others");
        }
        if self.found < expected && numbering == Numbering::Sequence {
            return Reply::ok_with(Code::ExpungeIssued, "Some of the messages are gone");
        }
        Reply::ok("Stored")
    }
}
