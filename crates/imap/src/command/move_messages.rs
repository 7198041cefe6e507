//! MOVE (RFC 6851), with COPYUID (RFC 4315 §3).

use hikyaku_imap_proto::{Code, Condition, Copy};
use hikyaku_mailstore::MailError;

use super::Context;
use crate::{
    names::{self, Missing},
    reply::{Failure, Reply},
    selected::Selected,
    state::User,
};

/// COPYUID goes before the EXPUNGEs (RFC 6851 §4.3), which are told afterwards, together with what
/// others expunged. After an error some of the messages may have been moved; those are told too.
pub(crate) async fn run(
    context: &mut Context<'_>,
    user: &User,
    selected: &mut Selected,
    command: &Copy,
) -> Result<Reply, Failure> {
    let imap = context.imap;
    let set = super::messages(selected, &command.set, command.numbering)?;
    selected.writable()?;
    let to = names::mailbox(imap, user, &command.mailbox, Missing::TryCreate).await?;
    let uids = selected.view.members(&set);
    let moved = match imap
        .mail
        .move_messages(user.scope, selected.mailbox, &uids, to.id)
        .await
    {
        // Either of the two was deleted meanwhile; which, the next update tells.
        Err(MailError::NoSuchMailbox) => {
            return Ok(Reply::no_with(Code::TryCreate, "There is no such mailbox"));
        }
        moved => moved?,
    };
    // UIDs that do not exist are no mistake (RFC 3501 §6.4.8).
    let Some(uid_validity) = moved.uid_validity else {
        return Ok(Reply::ok("There was nothing to move"));
    };
    let code = Code::CopyUid(uid_validity, &moved.pairs);
    context
        .wire
        .out
        .untagged(Condition::Ok, Some(code), "Moved these");
    Ok(Reply::ok("Moved"))
}
