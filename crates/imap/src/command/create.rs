//! CREATE (RFC 3501 §6.3.3), with a special use (RFC 6154 §3). The answer names the mailbox's
//! object identifier (RFC 8474 §4.1).

use hikyaku_imap_proto::{Code, Create, SpecialUse};
use hikyaku_mailstore as mail;

use super::Context;
use crate::{
    names,
    reply::{Failure, Reply},
    state::User,
};

pub(crate) async fn run(
    context: &mut Context<'_>,
    user: &User,
    create: &Create,
) -> Result<Reply, Failure> {
    let special_use = match create.special_uses.as_slice() {
        [] => None,
        [one] => Some(to_store(*one).ok_or_else(unsupported)?),
        _ => return Err(unsupported().into()),
    };
    if create.mailbox.is_inbox() {
        return Ok(Reply::no_with(Code::AlreadyExists, "INBOX exists always"));
    }
    let path = names::path(&create.mailbox.without_trailing_delimiter())?;
    let mail = &context.imap.mail;
    let mailbox = mail.create_mailbox(user.scope, &path, special_use).await?;
    Ok(Reply::ok_with(Code::MailboxId(mailbox.id), "Created"))
}

fn unsupported() -> Reply {
    Reply::no_with(
        Code::UseAttr,
        "A mailbox has one of Archive, Drafts, Junk, Sent and Trash",
    )
}

/// The special use in the words of the store; none for those that are views of other mailboxes.
fn to_store(special_use: SpecialUse) -> Option<mail::SpecialUse> {
    match special_use {
        SpecialUse::Archive => Some(mail::SpecialUse::Archive),
        SpecialUse::Drafts => Some(mail::SpecialUse::Drafts),
        SpecialUse::Junk => Some(mail::SpecialUse::Junk),
        SpecialUse::Sent => Some(mail::SpecialUse::Sent),
        SpecialUse::Trash => Some(mail::SpecialUse::Trash),
        SpecialUse::All | SpecialUse::Flagged => None,
    }
}
