//! Writing one batch of an import.

use std::sync::Arc;

use hikyaku_db::{Hint, Tx, Value, WriteTx};
use hikyaku_directory::AccountScope;
use hikyaku_types::{ImportRunId, MailboxId, MessageId, OffsetTimestamp};

use crate::{
    accounts::{self, Locked, Settlement},
    error::{MailError, QuotaKind},
    limits::Limits,
    list::push_list,
    mailboxes,
    message::{self, NewMessage},
    name::MailboxPath,
    placement::{self, NewPlacement},
    quota::{Overshoot, Room},
    thread,
};

use super::{
    super::{Counts, Position, SourceName, source::hash},
    reading::Ready,
    state::{self, Copies, Counted, Identity, Known, Passing},
};

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Imported,
    Present,
    OverQuota(QuotaKind),
    /// The import had ended before it.
    NotTried,
}

/// A batch with all that its transaction needs.
#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) scope: AccountScope,
    pub(super) run: ImportRunId,
    pub(super) source: Arc<SourceName>,
    pub(super) passing: Passing,
    /// How far the file is taken behind the last message, unless something was left behind.
    pub(super) position: Option<Position>,
    pub(super) mailbox: MailboxPath,
    pub(super) brings_back: bool,
    pub(super) stops_when_full: bool,
    /// What the run counted before.
    pub(super) counts: Counts,
    pub(super) messages: Vec<Ready>,
}

/// A message that goes into the mailbox.
struct Chosen<'a> {
    ready: &'a Ready,
    message: MessageId,
    size: u64,
    /// Whether its row is there already, because it was expunged and not yet purged.
    is_revived: bool,
}

/// Writes a batch into a mailbox, which is made if it is missing, with what is noted about it.
/// Returns the fate of each message.
pub(super) fn write(
    tx: &WriteTx<'_>,
    chunk: &Chunk,
    limits: &Limits,
) -> Result<Vec<Fate>, MailError> {
    let scope = chunk.scope;
    let account = accounts::lock(tx, scope)?;
    let identities: Vec<Identity> = chunk
        .messages
        .iter()
        .map(|ready| identity(ready, &chunk.mailbox))
        .collect();
    let Choice {
        chosen,
        counted,
        fates,
    } = choose(tx, &account, chunk, &identities)?;
    let mut settlement = Settlement::default();
    if !chosen.is_empty() {
        let path = &chunk.mailbox;
        let mailbox = mailboxes::ensure_path(tx, &account, path, None, limits, &mut settlement)?;
        insert_new(tx, &account, &chosen)?;
        forget_expunged(tx, &account, &chosen)?;
        place(tx, &account, mailbox, &chosen, &mut settlement)?;
    }
    let is_whole = fates
        .iter()
        .all(|fate| matches!(fate, Fate::Imported | Fate::Present));
    let pass = match chunk.position.filter(|_| is_whole) {
        Some(position) => {
            state::note_position(tx, scope, &chunk.source, chunk.passing, position)?;
            chunk.passing.pass
        }
        None => chunk.passing.behind,
    };
    state::note_copies(tx, scope, pass, &counted)?;
    let mut counts = chunk.counts;
    counts.add(self::counts(chunk, &fates));
    state::note_run(tx, scope, chunk.run, counts, None)?;
    accounts::settle(tx, &account, settlement)?;
    if settlement != Settlement::default() {
        tx.hint(Hint::Mail(scope.account));
    }
    Ok(fates)
}

/// The messages of a batch by their fates.
pub(super) fn counts(chunk: &Chunk, fates: &[Fate]) -> Counts {
    let mut counts = Counts::default();
    for (ready, fate) in chunk.messages.iter().zip(fates) {
        match fate {
            Fate::Imported => {
                counts.imported += 1;
                counts.bytes += ready.content.size();
            }
            Fate::Present => counts.present += 1,
            Fate::OverQuota(_) => counts.skipped += 1,
            Fate::NotTried => continue,
        }
        counts.found += 1;
    }
    counts
}

/// What names a message: its content, and the mailbox it goes to.
fn identity(ready: &Ready, mailbox: &MailboxPath) -> Identity {
    hash(&[
        ready.content.prepared().hash().as_bytes(),
        mailbox.as_str().as_bytes(),
    ])
}

/// What is decided about a batch.
struct Choice<'a> {
    chosen: Vec<Chosen<'a>>,
    counted: Vec<Counted<'a>>,
    fates: Vec<Fate>,
}

/// Decides, under the account's lock, what becomes of each message.
fn choose<'a>(
    tx: &WriteTx<'_>,
    account: &Locked,
    chunk: &'a Chunk,
    identities: &'a [Identity],
) -> Result<Choice<'a>, MailError> {
    let asked: Vec<&Identity> = identities.iter().collect();
    let mut known = state::copies(tx, account.scope, &asked)?;
    let mut usage = account.usage;
    let mut choice = Choice {
        chosen: Vec::with_capacity(identities.len()),
        counted: Vec::with_capacity(identities.len()),
        fates: Vec::with_capacity(identities.len()),
    };
    for (ready, identity) in chunk.messages.iter().zip(identities) {
        let copies = known.entry(*identity).or_default();
        let (number, old) = next_copy(copies, chunk.passing);
        if let Some(old) = old.filter(|old| old.is_placed || !chunk.brings_back) {
            choice.fates.push(Fate::Present);
            choice.count(identity, number, old.message);
            continue;
        }
        // One that was expunged and is not purged comes back as what it was.
        let kept = old.and_then(|old| old.size.map(|size| (old.message, size)));
        let size = kept.map_or(ready.content.size(), |(_, size)| size);
        if let Room::Full(kind) = usage.room(size, 1, Overshoot::Refuse) {
            choice.fates.push(Fate::OverQuota(kind));
            if chunk.stops_when_full {
                break;
            }
            continue;
        }
        usage.bytes.0 += size;
        usage.messages += 1;
        let message = kept.map_or_else(|| tx.new_id(), |(message, _)| message);
        choice.fates.push(Fate::Imported);
        choice.count(identity, number, message);
        choice.chosen.push(Chosen {
            ready,
            message,
            size,
            is_revived: kept.is_some(),
        });
    }
    choice.fates.resize(identities.len(), Fate::NotTried);
    Ok(choice)
}

impl<'a> Choice<'a> {
    fn count(&mut self, identity: &'a Identity, number: i64, message: MessageId) {
        self.counted.push(Counted {
            identity,
            number,
            message,
        });
    }
}

/// The number of the next copy of a message in this run: the first that the run has not counted
/// yet, which an earlier one had imported, or else a new one.
fn next_copy(copies: &mut Copies, passing: Passing) -> (i64, Option<Known>) {
    let mut uncounted = copies
        .known
        .iter_mut()
        .filter(|copy| !passing.has_counted(copy));
    if let Some(copy) = uncounted.next() {
        copy.pass = passing.pass;
        return (copy.number, Some(*copy));
    }
    copies.last += 1;
    (copies.last, None)
}

/// Inserts the messages that are new, with their threads and contents.
fn insert_new(tx: &WriteTx<'_>, account: &Locked, chosen: &[Chosen<'_>]) -> Result<(), MailError> {
    let new: Vec<&Chosen<'_>> = chosen.iter().filter(|chosen| !chosen.is_revived).collect();
    let references: Vec<_> = new
        .iter()
        .map(|new| new.ready.content.thread_refs())
        .collect();
    let threads = thread::assign(tx, account.scope.account, &references)?;
    let rows: Vec<NewMessage<'_>> = new
        .iter()
        .zip(threads)
        .map(|(new, thread)| NewMessage {
            id: new.message,
            content: &new.ready.content,
            prefix: &[],
            received: date(tx, new.ready),
            thread,
            // What names it is noted apart, and outlives it.
            delivery: None,
        })
        .collect();
    message::insert(tx, account.scope.account, &rows)?;
    let contents = new.iter().map(|new| (new.ready.content.prepared(), 1));
    Ok(hikyaku_blob::add_references(
        tx,
        account.scope.tenant,
        contents,
    )?)
}

fn date(tx: &Tx<'_>, ready: &Ready) -> OffsetTimestamp {
    ready
        .internal_date
        .unwrap_or_else(|| OffsetTimestamp::utc(tx.now()))
}

/// Revived messages are no longer among the restorable ones.
fn forget_expunged(
    tx: &WriteTx<'_>,
    account: &Locked,
    chosen: &[Chosen<'_>],
) -> Result<(), MailError> {
    let revived = chosen.iter().filter(|chosen| chosen.is_revived);
    let revived: Vec<MessageId> = revived.map(|chosen| chosen.message).collect();
    if revived.is_empty() {
        return Ok(());
    }
    let mut parameters: Vec<Value<'_>> = vec![account.scope.account.into()];
    let list = push_list(&mut parameters, &revived);
    tx.execute(
        &format!("DELETE FROM expunged WHERE account_id = ?1 AND message_id IN ({list})"),
        &parameters,
    )?;
    Ok(())
}

fn place(
    tx: &WriteTx<'_>,
    account: &Locked,
    mailbox: MailboxId,
    chosen: &[Chosen<'_>],
    settlement: &mut Settlement,
) -> Result<(), MailError> {
    let placements: Vec<NewPlacement<'_>> = chosen
        .iter()
        .map(|chosen| NewPlacement {
            message: chosen.message,
            flags: &chosen.ready.flags,
            size: chosen.size,
            internal: date(tx, chosen.ready),
        })
        .collect();
    placement::add(tx, account, mailbox, &placements, settlement)?;
    for chosen in chosen {
        settlement.bytes += i64::try_from(chosen.size).unwrap_or(i64::MAX);
        settlement.messages += 1;
    }
    Ok(())
}
