//! SEARCH (RFC 3501 §6.4.4) with the extended answer (RFC 4731): page by page, and given up when
//! the client goes away.

mod hits;
mod query;

use hikyaku_imap_proto::{Condition, Numbering, Search, SearchReturn, Tag};
use hikyaku_mailstore::Query;
use tokio::time::Instant;

use super::Context;
use crate::{
    enabled::Extension,
    reply::{End, Failure, Reply},
    selected::Selected,
    state::User,
};
use hits::{Answer, Hits, Need};

pub(crate) async fn run(
    context: &mut Context<'_>,
    user: &User,
    selected: &Selected,
    tag: &Tag,
    search: &Search,
) -> Result<Reply, Failure> {
    let utf8 = context.wire.enabled.contains(Extension::Utf8Accept);
    if utf8 && search.charset.is_some() {
        // RFC 9755 §3.
        let text = "Texts are in UTF-8 since UTF8=ACCEPT was enabled";
        return Err(Reply::bad(text).into());
    }
    let query = query::build(search, &selected.view)?;
    let need = Need::of(search.returns.as_deref());
    let there = selected.view.uids().changed(&selected.gone, []);
    let found = match query::by_uids(&query, &there) {
        // The view knows which UIDs there are; the mail need not be looked at.
        Some(uids) => Answer::of_uids(uids),
        None => find(context, user, selected, &query, need).await?,
    };
    match &search.returns {
        None => answer(context, selected, search, &found).await?,
        Some(returns) => {
            let told = Told {
                selected,
                numbering: search.numbering,
                found: &found,
            };
            context.wire.out.esearch_start(tag, search.numbering);
            for option in returns {
                told.write(context, *option);
            }
            if let (true, Some(modseq)) = (search.names_modseq(), found.modseq(need)) {
                context.wire.out.esearch_number("MODSEQ", modseq.0);
            }
            context.wire.out.end_line();
        }
    }
    Ok(Reply::ok("Searched"))
}

/// Looks at the mail, page by page.
async fn find(
    context: &mut Context<'_>,
    user: &User,
    selected: &Selected,
    query: &Query,
    need: Need,
) -> Result<Answer, Failure> {
    let imap = context.imap;
    let mut hits = Hits::default();
    let mut after = None;
    let mut told = Instant::now();
    loop {
        let (scope, mailbox) = (user.scope, selected.mailbox);
        let page = imap
            .mail
            .search_page(scope, mailbox, query, &user.time_zone, after);
        let page = match context.wire.while_connected(page).await {
            Ok(page) => page?,
            Err(end) => {
                if matches!(end, End::Gone(_)) {
                    imap.metrics.gave_up_search();
                }
                return Err(end.into());
            }
        };
        // What the client was not told of has no number yet.
        let known = |uid| selected.view.uids().contains(uid);
        hits.add(page.found.into_iter().filter(|found| known(found.uid)));
        after = page.next;
        if after.is_none() || (need == Need::First && !hits.is_empty()) {
            return Ok(hits.finish());
        }
        if told.elapsed() >= imap.options.limits.search_notice {
            let wire = &mut *context.wire;
            wire.out.untagged(Condition::Ok, None, "Still searching");
            wire.send_now().await?;
            told = Instant::now();
        }
    }
}

/// The answer of RFC 3501, with the highest modification sequence when the client asked for some
/// (RFC 7162 §3.1.6).
async fn answer(
    context: &mut Context<'_>,
    selected: &Selected,
    search: &Search,
    found: &Answer,
) -> Result<(), Failure> {
    context.wire.out.search_start();
    for uid in found.uids().iter() {
        let number = match search.numbering {
            Numbering::Sequence => selected.view.sequence(uid),
            Numbering::Uid => Some(uid.get()),
        };
        if let Some(number) = number {
            context.wire.out.search_hit(number);
            context.wire.send_if_full().await?;
        }
    }
    if let (true, Some(modseq)) = (search.names_modseq(), found.modseq(Need::All)) {
        context.wire.out.search_modseq(modseq);
    }
    context.wire.out.end_line();
    Ok(())
}

/// What an extended answer is made from.
struct Told<'a> {
    selected: &'a Selected,
    numbering: Numbering,
    found: &'a Answer,
}

impl Told<'_> {
    /// Writes what an option asks for; nothing where there is nothing (RFC 4731 §3.1).
    fn write(&self, context: &mut Context<'_>, option: SearchReturn) {
        let out = &mut context.wire.out;
        let uids = self.found.uids();
        let number = |uid| match self.numbering {
            Numbering::Sequence => self.selected.view.sequence(uid),
            Numbering::Uid => Some(uid.get()),
        };
        match option {
            SearchReturn::Count => out.esearch_number("COUNT", uids.len().into()),
            SearchReturn::All if uids.is_empty() => {}
            SearchReturn::All => out.esearch_all(uids.iter().filter_map(number)),
            SearchReturn::Min => {
                if let Some(first) = uids.first().and_then(number) {
                    out.esearch_number("MIN", first.into());
                }
            }
            SearchReturn::Max => {
                if let Some(last) = uids.last().and_then(number) {
                    out.esearch_number("MAX", last.into());
                }
            }
        }
    }
}
