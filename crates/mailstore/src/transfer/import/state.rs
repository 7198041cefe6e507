//! What is kept of imports in the database: runs, positions in files, and which messages came in.
//!
//! Invariant: all of it is written in the transaction that writes the messages it speaks of, under
//! the account's lock.

use std::collections::HashMap;

use hikyaku_db::{Tx, Value, WriteTx, params};
use hikyaku_directory::AccountScope;
use hikyaku_types::{ImportRunId, MessageId};

use crate::{
    accounts,
    error::MailError,
    list::{insert_rows, push_list},
};

use super::super::{Counts, Ended, FileKey, Position, SourceName};

/// Runs of an account that are kept for its list (100): older ones go when a new one begins.
pub const RUNS_KEPT_MAX: i64 = 100;

/// Names a message in an account's imports: its content and the mailbox it went to.
pub(super) type Identity = [u8; 16];

/// A run that has begun.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) run: ImportRunId,
    /// The pass of what stands behind a position that does not move any more.
    pub(super) behind: ImportRunId,
    /// How far earlier runs took the files of the source, and the pass in which they did.
    pub(super) positions: HashMap<FileKey, (Position, ImportRunId)>,
}

/// Notes that a run begins. Forgets the positions of earlier ones if it starts over.
pub(super) fn begin(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    source: &SourceName,
    starts_over: bool,
) -> Result<Begun, MailError> {
    accounts::lock(tx, scope)?;
    let run: ImportRunId = tx.new_id();
    tx.execute(
        "INSERT INTO import_run (account_id, id, source, source_key, started_at, changed_at, \
         state, found, imported, present, skipped, dropped, bytes) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?5, 0, 0, 0, 0, 0, 0, 0)",
        params![scope.account, run, &source.text, &source.key, tx.now()],
    )?;
    tx.execute(
        "DELETE FROM import_run WHERE account_id = ?1 AND id NOT IN (SELECT id FROM import_run \
         WHERE account_id = ?1 ORDER BY started_at DESC, id DESC LIMIT ?2)",
        params![scope.account, RUNS_KEPT_MAX],
    )?;
    if starts_over {
        tx.execute(
            "DELETE FROM import_position WHERE account_id = ?1 AND source_key = ?2",
            params![scope.account, &source.key],
        )?;
    }
    let positions = tx.query(
        "SELECT file, place, mark, pass, messages FROM import_position \
         WHERE account_id = ?1 AND source_key = ?2",
        params![scope.account, &source.key],
        |row| {
            let position = Position {
                place: row.get(1)?,
                mark: row.get(2)?,
                messages: row.get(4)?,
            };
            Ok((FileKey(row.get(0)?), (position, row.get(3)?)))
        },
    )?;
    Ok(Begun {
        run,
        behind: tx.new_id(),
        positions: positions.into_iter().collect(),
    })
}

/// Notes how far a run is, and with `ended` how it ended.
pub(super) fn note_run(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    run: ImportRunId,
    counts: Counts,
    ended: Option<Ended>,
) -> Result<(), MailError> {
    let state = match ended {
        None => UNFINISHED,
        Some(Ended::Complete) => COMPLETE,
        Some(Ended::OverQuota(_)) => FULL,
    };
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    tx.execute(
        "UPDATE import_run SET changed_at = ?3, state = ?4, found = ?5, imported = ?6, \
         present = ?7, skipped = ?8, dropped = ?9, bytes = ?10 WHERE account_id = ?1 AND id = ?2",
        params![
            scope.account,
            run,
            tx.now(),
            state,
            number(counts.found),
            number(counts.imported),
            number(counts.present),
            number(counts.skipped),
            number(counts.dropped),
            number(counts.bytes)
        ],
    )?;
    Ok(())
}

const UNFINISHED: i64 = 0;
const COMPLETE: i64 = 1;
const FULL: i64 = 2;

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// It is going on, or was cut.
    Unfinished,
    /// It read its source to the end.
    Complete,
    /// The mailbox was full.
    Full,
}

impl RunState {
    pub(super) const fn from_code(code: i64) -> Self {
        match code {
            COMPLETE => Self::Complete,
            FULL => Self::Full,
            _ => Self::Unfinished,
        }
    }
}

/// A file of a source, and the pass in which it is read: that of the position it goes on from, or a
/// new one. When something is left behind, the position stays before it, and what comes after is
/// counted in a pass of its own: the next run will read it again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Passing {
    pub(super) file: FileKey,
    pub(super) pass: ImportRunId,
    pub(super) behind: ImportRunId,
}

impl Passing {
    /// Whether this run has counted a copy.
    pub(super) fn has_counted(self, copy: &Known) -> bool {
        copy.pass == self.pass || copy.pass == self.behind
    }
}

/// Notes how far a file was taken.
pub(super) fn note_position(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    source: &SourceName,
    passing: Passing,
    position: Position,
) -> Result<(), MailError> {
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    tx.execute(
        "INSERT INTO import_position (account_id, source_key, file, place, mark, pass, messages) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (account_id, source_key, file) DO UPDATE \
         SET place = excluded.place, mark = excluded.mark, pass = excluded.pass, \
         messages = excluded.messages",
        params![
            scope.account,
            &source.key,
            &passing.file.0,
            number(position.place),
            &position.mark,
            passing.pass,
            number(position.messages)
        ],
    )?;
    Ok(())
}

/// A copy of a message that was imported before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    pub(super) number: i64,
    pub(super) pass: ImportRunId,
    pub(super) message: MessageId,
    /// The message's size, as long as it is not purged.
    pub(super) size: Option<u64>,
    /// Whether it is in a mailbox.
    pub(super) is_placed: bool,
}

/// The copies of one message.
#[derive(Debug, Default)]
pub(super) struct Copies {
    pub(super) known: Vec<Known>,
    /// The highest number of a copy.
    pub(super) last: i64,
}

/// The copies of these messages that were imported before, in the order of their numbers.
pub(super) fn copies(
    tx: &Tx<'_>,
    scope: AccountScope,
    identities: &[&Identity],
) -> Result<HashMap<Identity, Copies>, MailError> {
    let mut copies: HashMap<Identity, Copies> = HashMap::new();
    if identities.is_empty() {
        return Ok(copies);
    }
    let mut parameters: Vec<Value<'_>> = vec![scope.account.into()];
    let list = push_list(&mut parameters, identities);
    let sql = format!(
        "SELECT i.identity, i.copy, i.pass, i.message_id, m.size, \
         (SELECT COUNT(*) FROM placement p WHERE p.account_id = i.account_id \
         AND p.message_id = i.message_id) FROM import_message i LEFT JOIN message m \
         ON m.account_id = i.account_id AND m.id = i.message_id \
         WHERE i.account_id = ?1 AND i.identity IN ({list}) ORDER BY i.identity, i.copy"
    );
    let rows = tx.query(&sql, &parameters, |row| {
        let copy = Known {
            number: row.get(1)?,
            pass: row.get(2)?,
            message: row.get(3)?,
            size: row.get(4)?,
            is_placed: row.get::<i64>(5)? > 0,
        };
        Ok((row.get::<Identity>(0)?, copy))
    })?;
    for (identity, copy) in rows {
        let copies = copies.entry(identity).or_default();
        copies.last = copy.number;
        copies.known.push(copy);
    }
    Ok(copies)
}

/// A copy that was counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counted<'a> {
    pub(super) identity: &'a Identity,
    pub(super) number: i64,
    pub(super) message: MessageId,
}

/// Notes the copies that a pass counted.
pub(super) fn note_copies(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    pass: ImportRunId,
    counted: &[Counted<'_>],
) -> Result<(), MailError> {
    let row = |copy: &Counted<'_>| -> [Value<'static>; 5] {
        [
            scope.account.into(),
            copy.identity.to_vec().into(),
            copy.number.into(),
            pass.into(),
            copy.message.into(),
        ]
    };
    insert_rows(
        tx,
        "INSERT INTO import_message (account_id, identity, copy, pass, message_id)",
        counted.iter().map(row).collect(),
        " ON CONFLICT (account_id, identity, copy) DO UPDATE SET pass = excluded.pass, \
         message_id = excluded.message_id",
    )?;
    Ok(())
}
