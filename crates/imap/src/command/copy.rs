//! COPY (RFC 3501 §6.4.7, RFC 4315 §3).

use hikyaku_imap_proto::{Code, Copy};
use hikyaku_mailstore::MailError;

use super::Context;
use crate::{
    names::{self, Missing},
    reply::{Failure, Reply, ReplyCode},
    selected::Selected,
    state::User,
};

pub(crate) async fn run(
    context: &mut Context<'_>,
    user: &User,
    selected: &mut Selected,
    copy: &Copy,
) -> Result<Reply, Failure> {
    let imap = context.imap;
    let set = super::messages(selected, &copy.set, copy.numbering)?;
    let to = names::mailbox(imap, user, &copy.mailbox, Missing::TryCreate).await?;
    let uids = selected.view.members(&set);
    let copied = match imap
        .mail
        .copy(user.scope, selected.mailbox, &uids, to.id)
        .await
    {
        // Either of the two was deleted meanwhile; which, the next update tells.
        Err(MailError::NoSuchMailbox) => {
            return Ok(Reply::no_with(Code::TryCreate, "There is no such mailbox"));
        }
        copied => copied?,
    };
    match copied.uid_validity {
        Some(uid_validity) => {
            let code = ReplyCode::CopyUid(uid_validity, copied.pairs);
            Ok(Reply::ok_with(code, "Copied"))
        }
        // UIDs that do not exist are no mistake (RFC 3501 §6.4.8).
        None => Ok(Reply::ok("There was nothing to copy")),
    }
}
