//! After a folder was given new numbers: messages that came before are known by Message-ID, size
//! and date, and do not come again.

use std::collections::HashSet;

use hikyaku_imap_proto::client::{Response, uid_set};

use crate::{
    CollectError, fingerprint,
    state::{ASKED_AT_ONCE, FolderRows, State},
};

use super::{
    listing::{Wanted, name_of},
    session::Session,
};

/// Carries over what is remembered of messages under their old numbers. Returns those that need not
/// come.
pub(super) async fn carry_over(
    session: &mut Session,
    state: &State,
    rows: &FolderRows,
    wanted: &[Wanted],
) -> Result<HashSet<u32>, CollectError> {
    let mut carried = HashSet::new();
    for chunk in wanted.chunks(ASKED_AT_ONCE) {
        let asked: HashSet<u32> = chunk.iter().map(|wanted| wanted.uid).collect();
        let set = uid_set(chunk.iter().map(|wanted| wanted.uid));
        let words = format!(
            "UID FETCH {set} (UID INTERNALDATE RFC822.SIZE \
             BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])"
        );
        let command = session.command(&words);
        let mut seen = HashSet::new();
        let mut found = Vec::new();
        let take = |response| {
            if let Response::Fetch(fetched) = response
                && let (Some(uid), Some(size), Some(header)) =
                    (fetched.uid, fetched.size, fetched.header)
                && asked.contains(&uid)
                && seen.insert(uid)
            {
                let fingerprint = fingerprint::of(&header, size, fetched.internal_date);
                found.push((uid, fingerprint));
            }
            Ok(())
        };
        session.run(command, take).await?.check("UID FETCH")?;
        let messages = found
            .iter()
            .map(|(uid, fingerprint)| (name_of(*uid), fingerprint.clone()));
        let known = state.carry(rows, messages.collect()).await?;
        let known = found.iter().zip(known).filter(|(_, known)| *known);
        carried.extend(known.map(|((uid, _), _)| *uid));
    }
    Ok(carried)
}
