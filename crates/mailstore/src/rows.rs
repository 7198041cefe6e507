//! Reading messages of a mailbox, page by page.

use std::ops::RangeInclusive;

use hikyaku_db::{DbError, Row, Tx, Value, params};
use hikyaku_directory::AccountScope;
use hikyaku_types::{MailboxId, ModSeq, Uid};

use crate::{
    Mailstore,
    error::MailError,
    list::{LONGEST, push_list},
    message,
    placement::Placement,
    row::{Fields, MessageRow},
    uid_set::UidSet,
};

/// Most rows that one call reads (1,000), whatever limit the caller gives: a page is held in
/// memory.
pub const PAGE_ROWS_MAX: usize = 1_000;

/// Which rows of a set a call reads, and what of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Rows after this UID.
    pub after: Option<Uid>,
    /// At most so many, and at most [`PAGE_ROWS_MAX`].
    pub limit: usize,
    /// What is read beside the placement.
    pub fields: Fields,
    /// Only messages that changed after this.
    pub changed_since: Option<ModSeq>,
}

impl Mailstore {
    /// The messages of a mailbox whose UIDs are in the set and after `after`, ascending, at most
    /// `limit` (and at most [`PAGE_ROWS_MAX`]). The last row's UID is `after` for the next page; a
    /// page that is not full is the last.
    pub async fn rows(
        &self,
        scope: AccountScope,
        mailbox: MailboxId,
        uids: &UidSet,
        after: Option<Uid>,
        limit: usize,
        fields: Fields,
    ) -> Result<Vec<MessageRow>, MailError> {
        let window = Window {
            after,
            limit,
            fields,
            changed_since: None,
        };
        self.rows_in(scope, mailbox, uids, window).await
    }

    /// The same, of those that changed since when that is asked for.
    pub async fn rows_in(
        &self,
        scope: AccountScope,
        mailbox: MailboxId,
        uids: &UidSet,
        window: Window,
    ) -> Result<Vec<MessageRow>, MailError> {
        let rest = uids.after(window.after);
        self.db()
            .read(move |tx| page(tx, scope, mailbox, &rest, window))
            .await
    }
}

fn page(
    tx: &Tx<'_>,
    scope: AccountScope,
    mailbox: MailboxId,
    uids: &UidSet,
    window: Window,
) -> Result<Vec<MessageRow>, MailError> {
    let limit = window.limit.min(PAGE_ROWS_MAX);
    if !crate::mailboxes::exists(tx, scope, mailbox)? {
        return Err(MailError::NoSuchMailbox);
    }
    let reader = Reader {
        tx,
        scope,
        mailbox,
        fields: window.fields,
        changed_since: window.changed_since,
    };
    let mut rows = Vec::new();
    let mut singles: Vec<Uid> = Vec::new();
    for range in uids.ranges() {
        // Some of a list may be gone, so only what was found counts.
        let missing = limit.saturating_sub(rows.len());
        if missing == 0 {
            break;
        }
        if range.start() == range.end() {
            singles.push(*range.start());
            if singles.len() == missing.min(LONGEST) {
                rows.extend(reader.list(&std::mem::take(&mut singles))?);
            }
            continue;
        }
        // What comes first is read first.
        rows.extend(reader.list(&std::mem::take(&mut singles))?);
        rows.extend(reader.range(&range, limit.saturating_sub(rows.len()))?);
    }
    rows.extend(reader.list(&singles)?);
    rows.truncate(limit);
    Ok(rows)
}

struct Reader<'a, 'tx> {
    tx: &'a Tx<'tx>,
    scope: AccountScope,
    mailbox: MailboxId,
    fields: Fields,
    changed_since: Option<ModSeq>,
}

impl Reader<'_, '_> {
    fn list(&self, uids: &[Uid]) -> Result<Vec<MessageRow>, MailError> {
        if uids.is_empty() {
            return Ok(Vec::new());
        }
        let mut parameters: Vec<Value<'_>> = vec![self.scope.account.into(), self.mailbox.into()];
        parameters.push(self.since());
        let list = push_list(&mut parameters, uids);
        let sql = format!("{} AND p.uid IN ({list}) ORDER BY p.uid", self.select());
        self.read(&sql, &parameters)
    }

    fn range(
        &self,
        range: &RangeInclusive<Uid>,
        limit: usize,
    ) -> Result<Vec<MessageRow>, MailError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let sql = format!(
            "{} AND p.uid BETWEEN ?4 AND ?5 ORDER BY p.uid LIMIT ?6",
            self.select()
        );
        let parameters = params![
            self.scope.account,
            self.mailbox,
            self.since(),
            *range.start(),
            *range.end(),
            limit
        ];
        self.read(&sql, parameters)
    }

    /// Every modseq is above 0.
    fn since(&self) -> Value<'static> {
        self.changed_since.unwrap_or_default().into()
    }

    fn select(&self) -> String {
        let placement = Placement::COLUMNS;
        if self.fields == Fields::PLACEMENT {
            return format!(
                "SELECT {placement} FROM placement p \
                 WHERE p.account_id = ?1 AND p.mailbox_id = ?2 AND p.modseq > ?3"
            );
        }
        // Columns that were not asked for are not read: they may be large.
        let column = |field, name| {
            if self.fields.contains(field) {
                name
            } else {
                "NULL"
            }
        };
        format!(
            "SELECT {placement}, m.thread_id, m.blob_skip, LENGTH(m.prefix), {}, {}, {} \
             FROM placement p \
             JOIN message m ON m.account_id = p.account_id AND m.id = p.message_id \
             WHERE p.account_id = ?1 AND p.mailbox_id = ?2 AND p.modseq > ?3",
            column(Fields::ENVELOPE, "m.envelope"),
            column(Fields::STRUCTURE, "m.structure"),
            column(Fields::PREVIEW, "m.preview"),
        )
    }

    fn read(&self, sql: &str, parameters: &[Value<'_>]) -> Result<Vec<MessageRow>, MailError> {
        let raw = self.tx.query(sql, parameters, |row| {
            let placement = Placement::read(row)?;
            let wide = match self.fields {
                Fields::PLACEMENT => None,
                _ => Some(Wide::read(row)?),
            };
            Ok((placement, wide))
        })?;
        raw.into_iter()
            .map(|(placement, wide)| message_row(placement, wide))
            .collect()
    }
}

fn message_row(placement: Placement, wide: Option<Wide>) -> Result<MessageRow, MailError> {
    let mut row = MessageRow {
        uid: placement.uid,
        message: placement.message,
        flags: placement.flags,
        modseq: placement.modseq,
        internal_date: placement.internal,
        save_date: placement.saved_at,
        size: placement.size,
        thread: None,
        envelope: None,
        structure: None,
        preview: None,
    };
    let Some(wide) = wide else { return Ok(row) };
    row.thread = Some(wide.thread);
    row.preview = wide.preview;
    row.envelope = wide
        .envelope
        .as_deref()
        .map(message::decode_envelope)
        .transpose()?;
    let shift = |bytes: &[u8]| message::decode_structure(bytes, wide.prefix, wide.skip);
    row.structure = wide.structure.as_deref().map(shift).transpose()?;
    Ok(row)
}

/// The columns of a message's own row.
struct Wide {
    thread: hikyaku_types::ThreadId,
    skip: u64,
    prefix: u64,
    envelope: Option<Vec<u8>>,
    structure: Option<Vec<u8>>,
    preview: Option<String>,
}

impl Wide {
    fn read(row: &Row<'_>) -> Result<Self, DbError> {
        let first = Placement::WIDTH;
        Ok(Self {
            thread: row.get(first)?,
            skip: row.get(first + 1)?,
            prefix: row.get(first + 2)?,
            envelope: row.get(first + 3)?,
            structure: row.get(first + 4)?,
            preview: row.get(first + 5)?,
        })
    }
}
