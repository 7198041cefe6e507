//! What a maildrop holds.

use std::collections::HashMap;

use crate::{
    CollectError,
    state::{ASKED_AT_ONCE, FolderId, State},
};

use super::session::Session;

/// Bytes of a name: of the UIDL as a hash.
const NAME_BYTES: usize = 16;

/// A message that is to come.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) number: u32,
    pub(super) size: u64,
    pub(super) name: Vec<u8>,
}

/// All messages: by UIDL for what they are, by LIST for their sizes.
pub(super) async fn list(session: &mut Session, limit: usize) -> Result<Vec<Wanted>, CollectError> {
    let sizes: HashMap<u32, u64> = numbered(session, "LIST", limit)
        .await?
        .into_iter()
        .filter_map(|(number, size)| Some((number, size.parse().ok()?)))
        .collect();
    let mut seen: HashMap<Vec<u8>, u32> = HashMap::new();
    let mut wanted = Vec::new();
    for (number, uidl) in numbered(session, "UIDL", limit).await? {
        // A server that gives two messages one id (RFC 1939 §7 forbids it) must not lose us one.
        let times = seen.entry(name_of(&uidl, 0)).or_insert(0);
        wanted.push(Wanted {
            number,
            size: sizes.get(&number).copied().unwrap_or(0),
            name: name_of(&uidl, *times),
        });
        *times += 1;
    }
    Ok(wanted)
}

fn name_of(uidl: &str, times: u32) -> Vec<u8> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&times.to_le_bytes());
    hasher.update(uidl.as_bytes());
    let mut name = [0; NAME_BYTES];
    hasher.finalize_xof().fill(&mut name);
    name.to_vec()
}

/// The lines `number word` that a command is answered with.
async fn numbered(
    session: &mut Session,
    command: &'static str,
    limit: usize,
) -> Result<Vec<(u32, String)>, CollectError> {
    session.say(command).await?;
    session.reply().await?.check(command)?;
    let mut found = Vec::new();
    session
        .lines(|line| {
            let text = String::from_utf8_lossy(line);
            let mut words = text.split_ascii_whitespace();
            let number = words.next().and_then(|number| number.parse().ok());
            if let (Some(number), Some(word)) = (number, words.next()) {
                if found.len() == limit {
                    let what = "messages in a maildrop";
                    return Err(CollectError::TooMany { what, limit });
                }
                found.push((number, word.to_owned()));
            }
            Ok(())
        })
        .await?;
    Ok(found)
}

/// Those that no earlier run took.
pub(super) async fn without_known(
    state: &State,
    folder: Option<FolderId>,
    listed: Vec<Wanted>,
) -> Result<Vec<Wanted>, CollectError> {
    let Some(folder) = folder else {
        return Ok(listed);
    };
    let mut wanted = Vec::new();
    for chunk in listed.chunks(ASKED_AT_ONCE) {
        let names = chunk.iter().map(|wanted| wanted.name.clone()).collect();
        let known = state.known(folder, names).await?;
        let new = chunk.iter().filter(|new| !known.contains_key(&new.name));
        wanted.extend(new.cloned());
    }
    Ok(wanted)
}
