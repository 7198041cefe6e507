//! Reading the bytes of several messages with as many statements as for one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bytes::Bytes;
use hikyaku_blob::{BlobError, ContentHash, LOAD_MAX};
use hikyaku_db::{Tx, Value};
use hikyaku_directory::AccountScope;
use hikyaku_types::MessageId;

use super::Raw;
use crate::{Mailstore, error::MailError, list::push_list};

/// Most messages whose contents one call takes out of the database (256). How many bytes that may
/// be is the caller's decision, who knows their sizes.
pub const CONTENTS_MAX: usize = LOAD_MAX;

/// The bytes of some messages, out of the database but not yet decoded.
#[derive(Debug, Default)]
pub struct RawContents {
    found: HashMap<MessageId, Entry>,
}

/// The bytes of a message, and how many want it: it may be in a mailbox twice.
#[derive(Debug)]
struct Entry {
    wanted: usize,
    raw: Result<Raw, BlobError>,
}

impl RawContents {
    /// The bytes of a message, as often as it was asked for.
    pub(crate) fn take_raw(&mut self, message: MessageId) -> Result<Raw, MailError> {
        let Some(entry) = self.found.get_mut(&message) else {
            return Err(MailError::NoSuchMessage);
        };
        entry.wanted = entry.wanted.saturating_sub(1);
        if entry.wanted > 0 {
            return Ok(entry.raw.clone()?);
        }
        let last = self.found.remove(&message);
        Ok(last.ok_or(MailError::NoSuchMessage)?.raw?)
    }

    /// The same, to be opened with [`Mailstore::open`].
    pub fn take(&mut self, message: MessageId) -> RawContent {
        RawContent(self.take_raw(message))
    }
}

/// The bytes of one message, not yet decoded, or why there are none.
#[derive(Debug)]
pub struct RawContent(Result<Raw, MailError>);

impl Mailstore {
    /// Takes the bytes of messages out of the database, without decoding them. Of those beyond
    /// [`CONTENTS_MAX`] nothing is there.
    pub async fn contents_of(
        &self,
        scope: AccountScope,
        messages: Vec<MessageId>,
    ) -> Result<RawContents, MailError> {
        self.db()
            .read(move |tx| load_contents(tx, scope, &messages))
            .await
    }

    /// Brings a content here if it is an object, decodes and checks it.
    pub async fn open(&self, content: RawContent) -> Result<Bytes, MailError> {
        let raw = content.0?.bring(self.contents()).await?;
        if raw.size() <= self.limits().inline_work_bytes as u64 {
            return raw.open();
        }
        self.blocking(move || raw.open()).await?
    }
}

/// A message's prefix, how much of its content is skipped, and the content.
struct Facts {
    message: MessageId,
    prefix: Vec<u8>,
    skip: usize,
    hash: ContentHash,
}

/// Takes the bytes of messages out of the database: two statements.
pub(crate) fn load_contents(
    tx: &Tx<'_>,
    scope: AccountScope,
    messages: &[MessageId],
) -> Result<RawContents, MailError> {
    let mut wanted: BTreeMap<MessageId, usize> = BTreeMap::new();
    for message in messages.iter().take(CONTENTS_MAX) {
        *wanted.entry(*message).or_default() += 1;
    }
    let ids: Vec<MessageId> = wanted.keys().copied().collect();
    if ids.is_empty() {
        return Ok(RawContents::default());
    }
    let mut parameters: Vec<Value<'_>> = vec![scope.account.into(), scope.tenant.into()];
    let list = push_list(&mut parameters, &ids);
    let sql = format!(
        "SELECT m.id, m.prefix, m.blob_skip, m.blob_hash FROM message m \
         JOIN mail_account a ON a.account_id = m.account_id \
         WHERE m.account_id = ?1 AND a.tenant_id = ?2 AND m.id IN ({list})"
    );
    let facts = tx.query(&sql, &parameters, |row| {
        Ok(Facts {
            message: row.get(0)?,
            prefix: row.get(1)?,
            skip: row.get(2)?,
            hash: row.get(3)?,
        })
    })?;
    let hashes: BTreeSet<ContentHash> = facts.iter().map(|facts| facts.hash).collect();
    let hashes: Vec<ContentHash> = hashes.into_iter().collect();
    let mut stored = hikyaku_blob::load_many(tx, scope.tenant, &hashes)?;
    // Messages with the same content are rare: then the last one takes it.
    let mut sharing: HashMap<ContentHash, usize> = HashMap::new();
    for facts in &facts {
        *sharing.entry(facts.hash).or_default() += 1;
    }
    let mut take = |hash: ContentHash| {
        let left = sharing.get_mut(&hash).map_or(0, |left| {
            *left -= 1;
            *left
        });
        let found = if left > 0 {
            stored.get(&hash).cloned()
        } else {
            stored.remove(&hash)
        };
        found.unwrap_or(Err(BlobError::Missing { hash }))
    };
    let entry = |facts: Facts| {
        let raw = take(facts.hash).map(|stored| Raw::new(facts.prefix, facts.skip, stored));
        let wanted = wanted.get(&facts.message).copied().unwrap_or(1);
        (facts.message, Entry { wanted, raw })
    };
    let found = facts.into_iter().map(entry).collect();
    Ok(RawContents { found })
}
