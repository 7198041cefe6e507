//! SELECT and EXAMINE (RFC 3501 §6.3.1, §6.3.2).

use hikyaku_imap_proto::{Code, Condition, MailboxName, Select};
use hikyaku_mailstore::{MailError, Recent};

use super::Context;
use crate::{
    condstore,
    names::{self, Missing},
    reply::{Failure, Reply},
    selected::{Access, Selected},
    state::{State, User},
    updates,
};

pub(crate) async fn run(
    context: &mut Context<'_>,
    state: &mut State,
    select: &Select,
    access: Access,
) -> Result<Reply, Failure> {
    state.user()?;
    // Whatever becomes of this, the mailbox before is not selected any more (RFC 3501 §6.3.1).
    state.unselect();
    let user = state.user()?;
    let selected = open(context, user, &select.mailbox, access).await?;
    let (code, text) = match access {
        Access::ReadWrite => (Code::ReadWrite, "Selected"),
        Access::ReadOnly => (Code::ReadOnly, "Examined"),
    };
    state.select(selected);
    Ok(Reply::ok_with(code, text))
}

/// Opens the mailbox and writes what a client is told of it at first.
async fn open(
    context: &mut Context<'_>,
    user: &User,
    name: &MailboxName,
    access: Access,
) -> Result<Selected, Failure> {
    let imap = context.imap;
    let mailbox = names::mailbox(imap, user, name, Missing::NonExistent).await?;
    let recent = match access {
        Access::ReadWrite => Recent::Take,
        Access::ReadOnly => Recent::Leave,
    };
    let changes = imap.mail.watch(user.scope);
    let known = imap.views.newest(mailbox.id);
    let found = imap
        .mail
        .snapshot_after(user.scope, mailbox.id, known, recent)
        .await;
    let snapshot = match found {
        Err(MailError::NoSuchMailbox) => {
            return Err(Reply::no_with(Code::NonExistent, "There is no such mailbox").into());
        }
        found => found?,
    };
    imap.views.keep(mailbox.id, &snapshot);
    let (first_unseen, uid_next) = (snapshot.first_unseen, snapshot.uid_next);
    let selected = Selected::new(&mailbox, snapshot, access, changes);
    let out = &mut context.wire.out;
    selected.write_flags(out);
    updates::write_counts(&selected, out);
    if let Some(sequence) = first_unseen.and_then(|uid| selected.view.sequence(uid)) {
        out.untagged(
            Condition::Ok,
            Some(Code::Unseen(sequence)),
            "First unseen message",
        );
    }
    let validity = Code::UidValidity(selected.uid_validity);
    out.untagged(Condition::Ok, Some(validity), "UIDs are valid");
    out.untagged(Condition::Ok, Some(Code::UidNext(uid_next)), "Next UID");
    let id = Code::MailboxId(selected.mailbox);
    out.untagged(Condition::Ok, Some(id), "Object identifier");
    condstore::tell_highest(&selected, context.wire);
    Ok(selected)
}
