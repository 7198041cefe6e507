//! STORE (RFC 3501 §6.4.6).

use hikyaku_imap_proto::{Code, Numbering, Silent, Store, StoreMode};
use hikyaku_mailstore::FlagChange;

use super::Context;
use crate::{
    flags,
    limits::STORE_MESSAGES,
    reply::{Failure, Reply},
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
    let mut found = 0;
    for chunk in uids.chunks(STORE_MESSAGES) {
        let mail = &context.imap.mail;
        let states = mail
            .store(user.scope, selected.mailbox, chunk, change.clone())
            .await?;
        found += states.len();
        for state in &states {
            match store.silent {
                // The client knows what it has asked for; keywords may be new to it all the same.
                Silent::Yes => selected.introduce(&state.flags, &mut context.wire.out),
                Silent::No => selected.write_state(state, context.wire),
            }
            selected.knows(state);
        }
        context.wire.send_if_full().await?;
    }
    if found < uids.len() && store.numbering == Numbering::Sequence {
        return Ok(Reply::ok_with(
            Code::ExpungeIssued,
            "Some of the messages are gone",
        ));
    }
    Ok(Reply::ok("Stored"))
}
