//! SEARCH (RFC 3501 §6.4.4): page by page, and given up when the client goes away.

mod query;

use hikyaku_imap_proto::{Numbering, Search};
use hikyaku_mailstore::Query;
use hikyaku_types::Uid;

use super::Context;
use crate::{
    reply::{End, Failure, Reply},
    selected::Selected,
    state::User,
};

pub(crate) async fn run(
    context: &mut Context<'_>,
    user: &User,
    selected: &Selected,
    search: &Search,
) -> Result<Reply, Failure> {
    let query = query::build(search, &selected.view)?;
    let found = find(context, user, selected, &query).await?;
    context.wire.out.search_start();
    for uid in found {
        // What the client was not told of has no number yet.
        let Some(sequence) = selected.view.sequence(uid) else {
            continue;
        };
        context.wire.out.search_hit(match search.numbering {
            Numbering::Sequence => sequence,
            Numbering::Uid => uid.get(),
        });
        context.wire.send_if_full().await?;
    }
    context.wire.out.end_line();
    Ok(Reply::ok("Searched"))
}

async fn find(
    context: &mut Context<'_>,
    user: &User,
    selected: &Selected,
    query: &Query,
) -> Result<Vec<Uid>, Failure> {
    let imap = context.imap;
    let searching = imap
        .mail
        .search(user.scope, selected.mailbox, query, &user.time_zone);
    match context.wire.while_connected(searching).await {
        Ok(found) => Ok(found?),
        Err(end) => {
            if matches!(end, End::Gone(_)) {
                imap.metrics.gave_up_search();
            }
            Err(end.into())
        }
    }
}
