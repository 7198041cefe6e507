//! Conversations.
//!
//! Invariants: a message's thread never changes and threads never merge (RFC 8621 §3: threadId is
//! immutable); they never cross accounts. Every id that a message names is registered for its
//! thread, so an earlier message that arrives later still joins.

use std::collections::{BTreeMap, BTreeSet};

use hikyaku_db::{Value, WriteTx, params, sql::values_list};
use hikyaku_types::{AccountId, ThreadId};

use crate::{
    error::MailError,
    list::{LONGEST, padded_length, push_list},
};

/// Most message ids of one message that take part in threading (64): its own, the nearest it refers
/// to, and the oldest. Long conversations overlap in the nearest ones.
pub const THREAD_REFERENCES_MAX: usize = 64;

/// A message id in the form that threads are found by: the first 16 bytes of its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ThreadRef([u8; 16]);

impl ThreadRef {
    /// The reference to a message id, with or without its angle brackets.
    pub(crate) fn new(message_id: &str) -> Option<Self> {
        let bare = message_id
            .trim()
            .trim_start_matches('<')
            .trim_end_matches('>')
            .trim();
        if bare.is_empty() {
            return None;
        }
        let mut reference = [0; 16];
        blake3::Hasher::new()
            .update(bare.as_bytes())
            .finalize_xof()
            .fill(&mut reference);
        Some(Self(reference))
    }
}

/// The ids that decide a message's thread, the most telling first: its own (somebody may have
/// answered it already), then those it refers to, from the nearest to the oldest.
pub(crate) fn references<'a>(
    own: Option<&'a str>,
    referred: impl DoubleEndedIterator<Item = &'a str>,
) -> Vec<ThreadRef> {
    let mut seen = BTreeSet::new();
    let mut references: Vec<ThreadRef> = own
        .into_iter()
        .chain(referred.rev())
        .filter_map(ThreadRef::new)
        .filter(|reference| seen.insert(*reference))
        .collect();
    if references.len() > THREAD_REFERENCES_MAX
        && let Some(oldest) = references.pop()
    {
        references.truncate(THREAD_REFERENCES_MAX - 1);
        references.push(oldest);
    }
    references
}

/// The thread of one message: one statement, two when it refers to others, none when it has no id.
pub(crate) fn assign_one(
    tx: &WriteTx<'_>,
    account: AccountId,
    message: &[&[ThreadRef]; 1],
) -> Result<ThreadId, MailError> {
    let [references] = message;
    let [own] = references else {
        let assigned = assign(tx, account, message)?;
        return assigned
            .first()
            .copied()
            .ok_or(MailError::Damaged { what: "thread" });
    };
    let new: ThreadId = tx.new_id();
    // The update changes nothing: it makes RETURNING give the row that was there.
    Ok(tx.query_one(
        "INSERT INTO thread_ref (account_id, ref, thread_id) VALUES (?1, ?2, ?3) \
         ON CONFLICT (account_id, ref) DO UPDATE SET thread_id = thread_ref.thread_id \
         RETURNING thread_id",
        params![account, &own.0, new],
        |row| row.get(0),
    )?)
}

/// The threads of messages that are inserted in this order. The account's lock is held, so what is
/// read stays true.
pub(crate) fn assign(
    tx: &WriteTx<'_>,
    account: AccountId,
    messages: &[&[ThreadRef]],
) -> Result<Vec<ThreadId>, MailError> {
    let wanted: BTreeSet<ThreadRef> = messages.iter().copied().flatten().copied().collect();
    let wanted: Vec<ThreadRef> = wanted.into_iter().collect();
    let mut known = lookup(tx, account, &wanted)?;
    let mut registered: BTreeMap<ThreadRef, ThreadId> = BTreeMap::new();
    let mut assigned = Vec::with_capacity(messages.len());
    for references in messages {
        let thread = references
            .iter()
            .find_map(|reference| known.get(reference).copied());
        let thread = thread.unwrap_or_else(|| tx.new_id());
        for reference in *references {
            known.entry(*reference).or_insert_with(|| {
                registered.insert(*reference, thread);
                thread
            });
        }
        assigned.push(thread);
    }
    let registered: Vec<(ThreadRef, ThreadId)> = registered.into_iter().collect();
    for chunk in registered.chunks(LONGEST) {
        register(tx, account, chunk)?;
    }
    Ok(assigned)
}

/// Registers ids that lead to a thread, in one statement. The rows are filled up with repetitions,
/// which go nowhere, so that there are few different statements.
fn register(
    tx: &WriteTx<'_>,
    account: AccountId,
    references: &[(ThreadRef, ThreadId)],
) -> Result<(), MailError> {
    let Some(last) = references.last() else {
        return Ok(());
    };
    let rows = padded_length(references.len());
    let padded = references.iter().chain(std::iter::repeat(last)).take(rows);
    let parameters: Vec<Value<'_>> = padded
        .flat_map(|(reference, thread)| [account.into(), (&reference.0).into(), (*thread).into()])
        .collect();
    let sql = format!(
        "INSERT INTO thread_ref (account_id, ref, thread_id) VALUES {} ON CONFLICT DO NOTHING",
        values_list(1, rows, 3)
    );
    tx.execute(&sql, &parameters)?;
    Ok(())
}

fn lookup(
    tx: &WriteTx<'_>,
    account: AccountId,
    references: &[ThreadRef],
) -> Result<BTreeMap<ThreadRef, ThreadId>, MailError> {
    let mut known = BTreeMap::new();
    for chunk in references.chunks(LONGEST) {
        let mut parameters: Vec<Value<'_>> = vec![account.into()];
        let bytes: Vec<&[u8; 16]> = chunk.iter().map(|reference| &reference.0).collect();
        let list = push_list(&mut parameters, &bytes);
        let sql = format!(
            "SELECT ref, thread_id FROM thread_ref WHERE account_id = ?1 AND ref IN ({list})"
        );
        known.extend(tx.query(&sql, &parameters, |row| {
            Ok((ThreadRef(row.get(0)?), row.get::<ThreadId>(1)?))
        })?);
    }
    Ok(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_id_comes_first_then_the_nearest() {
        let id = |text| ThreadRef::new(text).unwrap();
        let found = references(
            Some("<own@x>"),
            ["<root@x>", "<parent@x>", "<own@x>"].into_iter(),
        );
        assert_eq!(found, [id("own@x"), id("parent@x"), id("root@x")]);
        assert_eq!(references(None, std::iter::empty()), []);
        assert_eq!(ThreadRef::new(" <> "), None);
    }

    #[test]
    fn of_too_many_ids_the_nearest_and_the_oldest_stay() {
        let ids: Vec<String> = (0..THREAD_REFERENCES_MAX + 10)
            .map(|n| format!("<{n}@x>"))
            .collect();
        let found = references(Some("<own@x>"), ids.iter().map(String::as_str));
        assert_eq!(found.len(), THREAD_REFERENCES_MAX);
        assert_eq!(found.last(), ThreadRef::new("0@x").as_ref());
        assert_eq!(found.get(1), ThreadRef::new(ids.last().unwrap()).as_ref());
    }
}
