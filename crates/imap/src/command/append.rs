//! APPEND (RFC 3501 §6.3.11, RFC 4315 §3) of one or several messages (RFC 3502): all or none. They
//! were let in by `session::append`.

use hikyaku_imap_proto::{Append, AppendMessage, Code};
use hikyaku_mailstore::{self as mail, MailError};

use super::Context;
use crate::{
    flags,
    incoming::{Exhausted, Incoming},
    names::{self, Missing},
    reply::{Failure, Reply, ReplyCode},
    state::User,
};

pub(crate) async fn run(
    context: &mut Context<'_>,
    user: &User,
    append: Append,
) -> Result<Reply, Failure> {
    // Hold their share of the memory until the messages are stored.
    let mut incoming = context.wire.take_messages();
    let Ok(messages) = assemble(&append.messages, &mut incoming)? else {
        let text = "Too many messages come in at this moment, try again later";
        return Ok(Reply::no_with(Code::Unavailable, text));
    };
    let imap = context.imap;
    let mailbox = names::mailbox(imap, user, &append.mailbox, Missing::TryCreate).await?;
    let sizes: Vec<u64> = messages
        .iter()
        .map(|one| one.content.len() as u64)
        .collect();
    // Dropped when the client goes away, the transaction is done or not done; then the client
    // does not know, as with any answer that gets lost.
    let appended = match imap.mail.append(user.scope, mailbox.id, messages).await {
        Err(MailError::NoSuchMailbox) => {
            return Ok(Reply::no_with(Code::TryCreate, "There is no such mailbox"));
        }
        appended => appended?,
    };
    for octets in sizes {
        imap.metrics.appended(octets);
    }
    let code = ReplyCode::AppendUid(appended.uid_validity, appended.uids);
    Ok(Reply::ok_with(code, "Appended"))
}

/// The messages in the words of the store.
fn assemble(
    heads: &[AppendMessage],
    contents: &mut [Incoming],
) -> Result<Result<Vec<mail::AppendMessage>, Exhausted>, Reply> {
    if heads.len() != contents.len() {
        return Ok(Err(Exhausted));
    }
    let mut messages = Vec::with_capacity(heads.len());
    for (head, content) in heads.iter().zip(contents) {
        let Ok(content) = content.take() else {
            return Ok(Err(Exhausted));
        };
        messages.push(mail::AppendMessage {
            content,
            flags: flags::from_client(&head.flags)?,
            internal_date: head.date,
        });
    }
    Ok(Ok(messages))
}
