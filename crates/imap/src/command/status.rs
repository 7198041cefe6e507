//! STATUS (RFC 3501 §6.3.10): one row, whatever is asked for, except RECENT where there are any.

use hikyaku_imap_proto::{Status, StatusCounts, StatusItem};

use super::Context;
use crate::{
    names::{self, Missing},
    reply::{Failure, Reply},
    state::User,
};

pub(crate) async fn run(
    context: &mut Context<'_>,
    user: &User,
    status: &Status,
) -> Result<Reply, Failure> {
    let imap = context.imap;
    let mailbox = names::mailbox(imap, user, &status.mailbox, Missing::NonExistent).await?;
    let recent = if status.items.contains(&StatusItem::Recent) {
        imap.mail.recent_count(user.scope, mailbox.id).await?
    } else {
        0
    };
    let counts = StatusCounts {
        highest_modseq: mailbox.modseq,
        messages: mailbox.total,
        recent,
        uid_next: mailbox.uid_next,
        uid_validity: mailbox.uid_validity,
        unseen: mailbox.unseen,
    };
    context
        .wire
        .out
        .status(mailbox.path.as_str(), &status.items, &counts);
    Ok(Reply::ok("Status told"))
}
