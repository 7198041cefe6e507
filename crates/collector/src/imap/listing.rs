//! What a folder of the source holds, and what of it is still to come.

use std::collections::{HashMap, HashSet};

use hikyaku_imap_proto::client::{Fetched, Response};

use crate::{
    CollectError, Limits,
    arrived::{flags_of, remembered},
    intake::{Intake, Reflagged},
    state::{ASKED_AT_ONCE, FolderRows},
};

use super::session::{Next, Session};

/// A message that is to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) uid: u32,
    /// Its size, as the source tells it.
    pub(super) size: u64,
}

/// What a folder holds, beside what this run has settled.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// Messages that are to come, ascending.
    pub(super) wanted: Vec<Wanted>,
    /// How many came in an earlier run.
    pub(super) known: u64,
    /// How many of them have other flags at the source since, which the mail here follows.
    pub(super) flags_changed: u64,
}

/// What the listing needs to know.
pub(super) struct Asked<'a> {
    pub(super) intake: &'a Intake,
    pub(super) limits: &'a Limits,
    pub(super) rows: &'a FolderRows,
    /// Messages that this run has settled.
    pub(super) settled: &'a HashSet<u32>,
    pub(super) since_day: Option<i64>,
    pub(super) flags: FollowFlags,
}

/// Whether flags of messages that came before follow those of the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FollowFlags {
    Yes,
    No,
    /// They are only counted.
    Count,
}

/// The name of a UID in the records.
pub(super) fn name_of(uid: u32) -> Vec<u8> {
    uid.to_be_bytes().to_vec()
}

/// Lists the folder that is examined.
pub(super) async fn list(
    session: &mut Session,
    asked: &Asked<'_>,
) -> Result<Listing, CollectError> {
    let mut listing = Listing::default();
    let command = session.command("UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE)");
    let tag = session.start(command).await?;
    let mut waiting: Vec<(u32, Fetched)> = Vec::with_capacity(ASKED_AT_ONCE);
    let mut unasked = 0;
    loop {
        match session.next().await? {
            Next::Ended(reply) if reply.tag == tag => {
                reply.check("UID FETCH")?;
                break;
            }
            Next::Data(Response::Fetch(fetched)) if is_answer(&fetched, asked.since_day) => {
                let uid = fetched.uid.filter(|uid| !asked.settled.contains(uid));
                waiting.extend(uid.filter(|uid| *uid > 0).map(|uid| (uid, fetched)));
                if waiting.len() == ASKED_AT_ONCE {
                    sort(asked, std::mem::take(&mut waiting), &mut listing).await?;
                }
            }
            _ => {
                unasked += 1;
                if unasked > asked.limits.unasked {
                    return Err(CollectError::Protocol("it talks without end"));
                }
            }
        }
    }
    sort(asked, waiting, &mut listing).await?;
    // Servers list in this order; one that does not must not have a message come twice.
    listing.wanted.sort_unstable_by_key(|wanted| wanted.uid);
    listing.wanted.dedup_by_key(|wanted| wanted.uid);
    Ok(listing)
}

/// Whether this answers the question (servers tell of flags unasked, without a size), and the
/// message arrived on the day or later: in its date's own zone, as SEARCH SINCE means it. One
/// without a date counts.
fn is_answer(fetched: &Fetched, since_day: Option<i64>) -> bool {
    if fetched.size.is_none() {
        return false;
    }
    let (Some(since), Some(date)) = (since_day, fetched.internal_date) else {
        return true;
    };
    let seconds = date.at.seconds() + i64::from(date.offset_minutes) * 60;
    seconds.div_euclid(86_400) >= since
}

/// Sorts messages into those to come and those that came.
async fn sort(
    asked: &Asked<'_>,
    messages: Vec<(u32, Fetched)>,
    listing: &mut Listing,
) -> Result<(), CollectError> {
    let names = messages.iter().map(|(uid, _)| name_of(*uid)).collect();
    let known = match asked.rows.current {
        Some(folder) => asked.intake.state.known(folder, names).await?,
        None => HashMap::new(),
    };
    let mut reflagged = Vec::new();
    for (uid, fetched) in messages {
        let name = name_of(uid);
        let Some(known) = known.get(&name) else {
            if listing.wanted.len() == asked.limits.listed_messages {
                let (what, limit) = ("messages in a folder", asked.limits.listed_messages);
                return Err(CollectError::TooMany { what, limit });
            }
            let size = fetched.size.unwrap_or_default();
            listing.wanted.push(Wanted { uid, size });
            continue;
        };
        listing.known += 1;
        let words = fetched
            .flags
            .as_deref()
            .filter(|_| asked.flags != FollowFlags::No);
        let now = words.map(|words| remembered(&flags_of(words)));
        if let Some(now) = now.filter(|now| *now != known.flags) {
            reflagged.push(Reflagged {
                name,
                message: known.message,
                before: known.flags.clone(),
                now,
            });
        }
    }
    listing.flags_changed += match asked.flags {
        FollowFlags::Yes if !reflagged.is_empty() => asked.intake.follow_flags(reflagged).await?,
        _ => reflagged.len() as u64,
    };
    Ok(())
}
