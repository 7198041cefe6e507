//! APPEND (RFC 3501 §6.3.11, RFC 4315 §3). The message was let in by `session::append`.

use hikyaku_imap_proto::{Append, Code};
use hikyaku_mailstore::{AppendMessage, MailError};

use super::Context;
use crate::{
    flags,
    incoming::Incoming,
    names::{self, Missing},
    reply::{Failure, Reply, ReplyCode},
    state::User,
};

pub(crate) async fn run(
    context: &mut Context<'_>,
    user: &User,
    append: Append,
) -> Result<Reply, Failure> {
    // Holds its share of the memory until the message is stored.
    let mut incoming = context.wire.take_message();
    let Some(Ok(content)) = incoming.as_mut().map(Incoming::take) else {
        let text = "Too many messages come in at this moment, try again later";
        return Ok(Reply::no_with(Code::Unavailable, text));
    };
    let imap = context.imap;
    let mailbox = names::mailbox(imap, user, &append.head.mailbox, Missing::TryCreate).await?;
    let octets = content.len() as u64;
    let message = AppendMessage {
        content,
        flags: flags::from_client(&append.head.flags)?,
        internal_date: append.head.date,
    };
    // Dropped when the client goes away, the transaction is done or not done; then the client
    // does not know, as with any answer that gets lost.
    let appended = match imap
        .mail
        .append(user.scope, mailbox.id, vec![message])
        .await
    {
        Err(MailError::NoSuchMailbox) => {
            return Ok(Reply::no_with(Code::TryCreate, "There is no such mailbox"));
        }
        appended => appended?,
    };
    imap.metrics.appended(octets);
    let code = ReplyCode::AppendUid(appended.uid_validity, appended.uids);
    Ok(Reply::ok_with(code, "Appended"))
}
