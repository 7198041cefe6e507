//! One page of a search: reading, deciding, reading what is undecided.

use std::sync::Arc;

use hikyaku_db::{DbError, Row, Tx, params};
use hikyaku_directory::AccountScope;
use hikyaku_types::{MailboxId, MessageId, ModSeq, OffsetTimestamp, Timestamp, Uid};
use tracing::warn;

use crate::{
    Mailstore,
    error::MailError,
    mailboxes,
    message::{CONTENTS_MAX, Raw, load_contents},
    placement::Placement,
    query::Query,
};

use super::{
    candidate::{Candidate, Read, RowFacts},
    plan::{Context, Plan},
};

/// A message that matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Which.
    pub uid: Uid,
    /// Its modseq when it was looked at.
    pub modseq: ModSeq,
}

impl From<&Placement> for Found {
    fn from(placement: &Placement) -> Self {
        Self {
            uid: placement.uid,
            modseq: placement.modseq,
        }
    }
}

/// What one page of a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchPage {
    /// The messages that match, by ascending UID.
    pub found: Vec<Found>,
    /// Where the next page begins; `None` when the mailbox is through.
    pub next: Option<Uid>,
}

impl SearchPage {
    /// The UIDs of the messages that match, ascending.
    pub fn uids(&self) -> Vec<Uid> {
        self.found.iter().map(|found| found.uid).collect()
    }
}

/// How many times more messages a page has of which only the placements are looked at.
const NARROW_PAGE: usize = 8;

impl Mailstore {
    /// The messages of a mailbox that match, ascending. Dropping the future ends the search within
    /// a page.
    pub async fn search(
        &self,
        scope: AccountScope,
        mailbox: MailboxId,
        query: &Query,
        time_zone: &str,
    ) -> Result<Vec<Uid>, MailError> {
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let page = self
                .search_page(scope, mailbox, query, time_zone, after)
                .await?;
            found.extend(page.uids());
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(found),
            }
        }
    }

    /// The matching messages among the next ones after `after`: so a caller can stream, and look
    /// after other things in between. `time_zone` is the account's, by its IANA name.
    pub async fn search_page(
        &self,
        scope: AccountScope,
        mailbox: MailboxId,
        query: &Query,
        time_zone: &str,
        after: Option<Uid>,
    ) -> Result<SearchPage, MailError> {
        let plan = Context::new(time_zone, self.db().now()).plan(query, 0)?;
        let plan = Arc::new(plan);
        let scan = Scan {
            scope,
            mailbox,
            message: plan.needs_message(),
            envelope: plan.needs_envelope(),
            structure: plan.needs_content(),
            bounds: plan.uid_bounds(),
            limit: match (
                self.limits().search_page_messages.max(1),
                plan.needs_message(),
            ) {
                (limit, true) => limit,
                // What a placement says is little.
                (limit, false) => limit.saturating_mul(NARROW_PAGE),
            },
        };
        let candidates = self.db().read(move |tx| scan.read(tx, after)).await?;
        let next = match candidates.last() {
            Some(last) if candidates.len() == scan.limit => Some(last.placement.uid),
            _ => None,
        };
        let found = self.decide(scope, &plan, candidates).await?;
        Ok(SearchPage { found, next })
    }

    /// Those of the candidates that match.
    async fn decide(
        &self,
        scope: AccountScope,
        plan: &Arc<Plan>,
        candidates: Vec<Candidate>,
    ) -> Result<Vec<Found>, MailError> {
        let by_rows = Arc::clone(plan);
        let decided = move || -> Result<_, MailError> {
            let mut found = Vec::new();
            let mut undecided = Vec::new();
            for candidate in candidates {
                match by_rows.by_rows(&candidate)? {
                    Some(true) => found.push(Found::from(&candidate.placement)),
                    Some(false) => {}
                    None => undecided.push(candidate),
                }
            }
            Ok((found, undecided))
        };
        // Folding the addresses of a page takes about a millisecond.
        let (mut found, mut undecided) = if plan.needs_envelope() {
            self.blocking(decided).await??
        } else {
            decided()?
        };
        undecided.reverse();
        while !undecided.is_empty() {
            let batch = self.next_batch(&mut undecided);
            found.extend(self.decide_by_content(scope, plan, batch).await?);
        }
        found.sort_unstable_by_key(|found| found.uid);
        Ok(found)
    }

    /// As many candidates, from the end of the list, as may be in memory at once; at least one.
    fn next_batch(&self, undecided: &mut Vec<Candidate>) -> Vec<Candidate> {
        let mut bytes = 0;
        let mut batch = Vec::new();
        while let Some(candidate) = undecided.pop() {
            bytes += candidate.placement.size;
            batch.push(candidate);
            if bytes >= self.limits().search_page_bytes || batch.len() == CONTENTS_MAX {
                break;
            }
        }
        batch
    }

    async fn decide_by_content(
        &self,
        scope: AccountScope,
        plan: &Arc<Plan>,
        batch: Vec<Candidate>,
    ) -> Result<Vec<Found>, MailError> {
        let messages: Vec<_> = batch
            .iter()
            .map(|candidate| candidate.placement.message)
            .collect();
        let contents = self
            .db()
            .read(move |tx| {
                let mut contents = load_contents(tx, scope, &messages)?;
                let mut load = |message| match contents.take_raw(message) {
                    // Purged since the rows were read: it matches nothing.
                    Err(MailError::NoSuchMessage) => Ok(None),
                    loaded => unless_damaged(message, loaded),
                };
                messages
                    .iter()
                    .copied()
                    .map(|message| Ok(load(message)?.map(|raw| (message, raw))))
                    .collect::<Result<Vec<_>, MailError>>()
            })
            .await?;
        let contents = self.bring_objects(contents).await?;
        let plan = Arc::clone(plan);
        self.blocking(move || {
            let mut found = Vec::new();
            for (candidate, raw) in batch.iter().zip(contents) {
                let Some(raw) = raw else { continue };
                let matches = raw
                    .open()
                    .and_then(|content| plan.by_content(&Read::new(candidate, &content)));
                match matches {
                    Ok(true) => found.push(Found::from(&candidate.placement)),
                    Ok(false) => {}
                    Err(error) if error.is_damage() => {
                        passed_over(candidate.placement.message, &error);
                    }
                    Err(error) => return Err(error),
                }
            }
            Ok(found)
        })
        .await?
    }
}

impl Mailstore {
    /// Brings those contents here that are objects; what is damaged is left out.
    async fn bring_objects(
        &self,
        raws: Vec<Option<(MessageId, Raw)>>,
    ) -> Result<Vec<Option<Raw>>, MailError> {
        let mut brought = Vec::with_capacity(raws.len());
        for raw in raws {
            brought.push(match raw {
                Some((message, raw)) => unless_damaged(message, raw.bring(self.contents()).await)?,
                None => None,
            });
        }
        Ok(brought)
    }
}

fn unless_damaged<T>(
    message: MessageId,
    result: Result<T, MailError>,
) -> Result<Option<T>, MailError> {
    match result {
        Err(error) if error.is_damage() => {
            passed_over(message, &error);
            Ok(None)
        }
        result => result.map(Some),
    }
}

/// One damaged message must not hide all others.
fn passed_over(message: MessageId, error: &MailError) {
    warn!(
        message.id = %message,
        error = error as &dyn std::error::Error,
        "a damaged message was passed over in a search"
    );
}

/// Which rows to read, and which of their wide columns.
#[derive(Debug, Clone, Copy)]
struct Scan {
    scope: AccountScope,
    mailbox: MailboxId,
    message: bool,
    envelope: bool,
    structure: bool,
    /// The lowest and the highest UID to look at.
    bounds: (u32, u32),
    limit: usize,
}

impl Scan {
    fn read(&self, tx: &Tx<'_>, after: Option<Uid>) -> Result<Vec<Candidate>, MailError> {
        if !mailboxes::exists(tx, self.scope, self.mailbox)? {
            return Err(MailError::NoSuchMailbox);
        }
        // The wide rows are touched only where something depends on them.
        let (facts, join) = if self.message {
            let column = |wanted, name| if wanted { name } else { "NULL" };
            let envelope = column(self.envelope, "m.envelope");
            let structure = column(self.structure, "m.structure");
            let facts = format!(
                ", m.thread_id, m.sent_at, m.sent_offset, m.blob_skip, LENGTH(m.prefix), \
                 {envelope}, {structure}"
            );
            (
                facts,
                "JOIN message m ON m.account_id = p.account_id AND m.id = p.message_id",
            )
        } else {
            (String::new(), "")
        };
        let sql = format!(
            "SELECT {}{facts} FROM placement p {join} \
             WHERE p.account_id = ?1 AND p.mailbox_id = ?2 AND p.uid BETWEEN ?3 AND ?4 \
             ORDER BY p.uid LIMIT ?5",
            Placement::COLUMNS,
        );
        let (lowest, highest) = self.bounds;
        let first = after
            .map_or(1, |uid| i64::from(uid.get()) + 1)
            .max(i64::from(lowest));
        let limit = i64::try_from(self.limit).unwrap_or(i64::MAX);
        let parameters = params![self.scope.account, self.mailbox, first, highest, limit];
        Ok(tx.query(&sql, parameters, |row| {
            let facts = if self.message {
                Some(row_facts(row)?)
            } else {
                None
            };
            Ok(Candidate {
                placement: Placement::read(row)?,
                facts,
            })
        })?)
    }
}

fn row_facts(row: &Row<'_>) -> Result<RowFacts, DbError> {
    let first = Placement::WIDTH;
    let sent_at: Option<Timestamp> = row.get(first + 1)?;
    let sent_offset: Option<i16> = row.get(first + 2)?;
    Ok(RowFacts {
        thread: row.get(first)?,
        sent: sent_at.map(|at| OffsetTimestamp {
            at,
            offset_minutes: sent_offset.unwrap_or(0),
        }),
        skip: row.get(first + 3)?,
        prefix: row.get(first + 4)?,
        envelope: row.get(first + 5)?,
        structure: row.get(first + 6)?,
    })
}
