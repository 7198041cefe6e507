//! LSUB (RFC 3501 §6.3.9).

use std::collections::BTreeSet;

use hikyaku_imap_proto::{List, ListLine, MailboxAttribute, list_matches};
use hikyaku_mailstore::MailboxPath;

use super::{Context, list::full_patterns};
use crate::{
    reply::{Failure, Reply},
    state::User,
};

pub(crate) async fn run(
    context: &mut Context<'_>,
    user: &User,
    list: &List,
) -> Result<Reply, Failure> {
    if list.patterns.iter().all(String::is_empty) {
        context.wire.out.list_root(ListLine::Lsub);
        return Ok(Reply::ok("Delimiter told"));
    }
    let subscriptions = context.imap.mail.subscriptions(user.scope).await?;
    let subscribed: BTreeSet<&MailboxPath> = subscriptions.iter().collect();
    for pattern in full_patterns(list) {
        let mut parents = BTreeSet::new();
        for path in &subscribed {
            if list_matches(&pattern, path.as_str()) {
                context.wire.out.list(ListLine::Lsub, [], path.as_str());
            } else if pattern.contains('%') {
                parents.extend(ancestors(path).filter(|parent| {
                    !subscribed.contains(parent) && list_matches(&pattern, parent.as_str())
                }));
            }
            context.wire.send_if_full().await?;
            tokio::task::yield_now().await;
        }
        // RFC 3501 §6.3.9: `%` stops at a name that is not subscribed when one below it is.
        for parent in parents {
            let attributes = [MailboxAttribute::NoSelect];
            context
                .wire
                .out
                .list(ListLine::Lsub, attributes, parent.as_str());
        }
    }
    Ok(Reply::ok("Listed"))
}

fn ancestors(path: &MailboxPath) -> impl Iterator<Item = MailboxPath> {
    std::iter::successors(path.parent(), MailboxPath::parent)
}
