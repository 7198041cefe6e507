//! DELETE (RFC 3501 §6.3.4).

use hikyaku_imap_proto::MailboxName;

use super::Context;
use crate::{
    names::{self, Missing},
    reply::{Failure, Reply},
    state::State,
};

pub(crate) async fn run(
    context: &mut Context<'_>,
    state: &mut State,
    name: &MailboxName,
) -> Result<Reply, Failure> {
    let user = state.user()?;
    let mailbox = names::mailbox(context.imap, user, name, Missing::NonExistent).await?;
    context
        .imap
        .mail
        .delete_mailbox(user.scope, &mailbox.path)
        .await?;
    // A client may delete the mailbox it has open; it is in no mailbox then.
    if state
        .selected()
        .is_ok_and(|(_, selected)| selected.mailbox == mailbox.id)
    {
        state.unselect();
    }
    Ok(Reply::ok("Deleted"))
}
