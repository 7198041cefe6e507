//! LIST (RFC 3501 §6.3.8) with special uses (RFC 6154).

use std::collections::HashSet;

use hikyaku_imap_proto::{
    List, ListLine, ListReturn, ListSelect, MailboxAttribute, SpecialUse, list_matches,
};
use hikyaku_mailstore::{self as mail, Mailbox};

use super::Context;
use crate::{
    reply::{Failure, Reply},
    state::User,
};

/// Mailboxes looked at before others get a turn: matching a long pattern takes a while.
const TURN: usize = 16;

pub(crate) async fn run(
    context: &mut Context<'_>,
    user: &User,
    list: &List,
) -> Result<Reply, Failure> {
    if !list.extended && list.patterns.iter().all(String::is_empty) {
        context.wire.out.list_root(ListLine::List);
        return Ok(Reply::ok("Delimiter told"));
    }
    let mail = &context.imap.mail;
    let mailboxes = mail.mailboxes(user.scope).await?;
    let wants_subscriptions = list.select.contains(&ListSelect::Subscribed)
        || list.returns.contains(&ListReturn::Subscribed);
    let subscribed: HashSet<_> = if wants_subscriptions {
        mail.subscriptions(user.scope).await?.into_iter().collect()
    } else {
        HashSet::new()
    };
    let patterns = full_patterns(list);
    let matches = |name: &str| patterns.iter().any(|pattern| list_matches(pattern, name));
    for (index, mailbox) in mailboxes.iter().enumerate() {
        if index % TURN == TURN - 1 {
            tokio::task::yield_now().await;
        }
        let is_subscribed = subscribed.contains(&mailbox.path);
        if !is_selected(list, mailbox, is_subscribed) || !matches(mailbox.path.as_str()) {
            continue;
        }
        let attributes = attributes(mailbox, is_subscribed);
        context
            .wire
            .out
            .list(ListLine::List, attributes, mailbox.path.as_str());
        context.wire.send_if_full().await?;
    }
    if list.select == [ListSelect::Subscribed] {
        // RFC 5258 §3.1: names without a mailbox belong to the answer.
        let existing: HashSet<_> = mailboxes.iter().map(|mailbox| &mailbox.path).collect();
        for path in subscribed.iter().filter(|path| !existing.contains(path)) {
            if matches(path.as_str()) {
                let attributes = [MailboxAttribute::Subscribed, MailboxAttribute::NonExistent];
                context
                    .wire
                    .out
                    .list(ListLine::List, attributes, path.as_str());
                context.wire.send_if_full().await?;
            }
        }
    }
    Ok(Reply::ok("Listed"))
}

/// The patterns with the reference before them: there is no other way to read a name here.
pub(super) fn full_patterns(list: &List) -> Vec<String> {
    let full = |pattern: &String| format!("{}{pattern}", list.reference);
    list.patterns.iter().map(full).collect()
}

fn is_selected(list: &List, mailbox: &Mailbox, is_subscribed: bool) -> bool {
    list.select.iter().all(|select| match select {
        ListSelect::Remote => true,
        ListSelect::Subscribed => is_subscribed,
        ListSelect::SpecialUse => mailbox.role.is_some(),
    })
}

fn attributes(mailbox: &Mailbox, is_subscribed: bool) -> Vec<MailboxAttribute> {
    let mut attributes = vec![if mailbox.has_children {
        MailboxAttribute::HasChildren
    } else {
        MailboxAttribute::HasNoChildren
    }];
    if is_subscribed {
        attributes.push(MailboxAttribute::Subscribed);
    }
    if let Some(role) = mailbox.role {
        attributes.push(MailboxAttribute::SpecialUse(from_store(role)));
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
