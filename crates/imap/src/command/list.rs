//! LIST (RFC 3501 §6.3.8) with the options of RFC 5258, special uses (RFC 6154) and STATUS
//! (RFC 5819). Whether there are children is always told (RFC 3348).

mod selection;

use hikyaku_imap_proto::{List, ListLine, ListReturn, ListSelect, MailboxAttribute, SpecialUse};
use hikyaku_mailstore::{self as mail, MailError, Mailbox};

use self::selection::Found;
use super::{Context, status};
use crate::{
    reply::{Failure, Reply},
    state::User,
};

pub(crate) async fn run(
    context: &mut Context<'_>,
    user: &User,
    list: &List,
) -> Result<Reply, Failure> {
    if !list.extended && list.patterns.iter().all(String::is_empty) {
        context.wire.out.list_root(ListLine::List);
        return Ok(Reply::ok("Delimiter told"));
    }
    let wants_subscriptions = list.select.contains(&ListSelect::Subscribed)
        || list.returns.contains(&ListReturn::Subscribed);
    let mail = &context.imap.mail;
    let mailboxes = mail.mailboxes(user.scope).await?;
    let subscribed = if wants_subscriptions {
        mail.subscriptions(user.scope).await?
    } else {
        Vec::new()
    };
    for found in selection::find(list, mailboxes, subscribed).await {
        write(context, list, &found);
        if let (true, Some(mailbox)) = (found.is_selected, &found.mailbox) {
            tell_status(context, user, list, mailbox).await?;
        }
        context.wire.send_if_full().await?;
    }
    Ok(Reply::ok("Listed"))
}

fn write(context: &mut Context<'_>, list: &List, found: &Found) {
    let (attributes, name) = (attributes(found), found.path.as_str());
    let out = &mut context.wire.out;
    if found.is_above_selected {
        let base = list
            .select
            .iter()
            .copied()
            .filter(|option| option.is_base());
        out.list_parent(attributes, name, base);
    } else {
        out.list(ListLine::List, attributes, name);
    }
}

/// The STATUS that belongs to a LIST line. A mailbox that was deleted meanwhile has none.
async fn tell_status(
    context: &mut Context<'_>,
    user: &User,
    list: &List,
    mailbox: &Mailbox,
) -> Result<(), Failure> {
    if list.status.is_empty() {
        return Ok(());
    }
    match status::tell(context, user, mailbox, &list.status).await {
        Err(MailError::NoSuchMailbox) => Ok(()),
        told => Ok(told?),
    }
}

/// The patterns with the reference before them: there is no other way to read a name here.
pub(super) fn full_patterns(list: &List) -> Vec<String> {
    let full = |pattern: &String| format!("{}{pattern}", list.reference);
    list.patterns.iter().map(full).collect()
}

fn attributes(found: &Found) -> Vec<MailboxAttribute> {
    let mut attributes = Vec::new();
    if let Some(mailbox) = &found.mailbox {
        attributes.push(if mailbox.has_children {
            MailboxAttribute::HasChildren
        } else {
            MailboxAttribute::HasNoChildren
        });
    }
    if found.is_subscribed {
        attributes.push(MailboxAttribute::Subscribed);
    }
    match &found.mailbox {
        None => attributes.push(MailboxAttribute::NonExistent),
        Some(mailbox) => {
            let role = mailbox.role.map(from_store);
            attributes.extend(role.map(MailboxAttribute::SpecialUse));
        }
    }
    attributes
}

fn from_store(role: mail::SpecialUse) -> SpecialUse {
    match role {
        mail::SpecialUse::Archive => SpecialUse::Archive,
        mail::SpecialUse::Drafts => SpecialUse::Drafts,
        mail::SpecialUse::Junk => SpecialUse::Junk,
        mail::SpecialUse::Sent => SpecialUse::Sent,
        mail::SpecialUse::Trash => SpecialUse::Trash,
    }
}
