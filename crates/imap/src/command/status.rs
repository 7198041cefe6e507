//! STATUS (RFC 3501 §6.3.10): one row, whatever is asked for, except RECENT and DELETED-STORAGE
//! where there are any.

use hikyaku_imap_proto::{Status, StatusCounts, StatusItem};
use hikyaku_mailstore::{MailError, Mailbox};

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
    let name = &status.mailbox;
    let mailbox = names::mailbox(context.imap, user, name, Missing::NonExistent).await?;
    tell(context, user, &mailbox, &status.items).await?;
    Ok(Reply::ok("Status told"))
}

/// Writes the STATUS of a mailbox.
pub(super) async fn tell(
    context: &mut Context<'_>,
    user: &User,
    mailbox: &Mailbox,
    items: &[StatusItem],
) -> Result<(), MailError> {
    let imap = context.imap;
    let recent = if items.contains(&StatusItem::Recent) {
        imap.mail.recent_count(user.scope, mailbox.id).await?
    } else {
        0
    };
    let deleted_storage = if items.contains(&StatusItem::DeletedStorage) && mailbox.deleted > 0 {
        let size = imap.mail.deleted_size(user.scope, mailbox.id).await?;
        size.bytes()
    } else {
        0
    };
    let counts = StatusCounts {
        append_limit: imap.options.limits.message,
        deleted: mailbox.deleted,
        deleted_storage,
        highest_modseq: mailbox.modseq,
        mailbox_id: mailbox.id,
        messages: mailbox.total,
        recent,
        size: mailbox.size.bytes(),
        uid_next: mailbox.uid_next,
        uid_validity: mailbox.uid_validity,
        unseen: mailbox.unseen,
    };
    let out = &mut context.wire.out;
    out.status(mailbox.path.as_str(), items, &counts);
    Ok(())
}
