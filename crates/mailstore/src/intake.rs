//! Taking in mail that was found elsewhere, inside the transaction of whoever found it: so that
//! what they remember of a message and the message itself are there together or not at all.

use std::collections::HashMap;

use hikyaku_db::{Hint, Tx, Value, WriteTx};
use hikyaku_directory::AccountScope;
use hikyaku_types::{MailboxId, MessageId, OffsetTimestamp};

use crate::{
    accounts::{self, Locked, Settlement},
    content::Content,
    delivery::DeliveryId,
    error::{MailError, QuotaKind},
    flags::Flags,
    limits::Limits,
    list::{LONGEST, push_list},
    mailboxes,
    message::{self, NewMessage},
    name::MailboxPath,
    placement::{self, NewPlacement},
    quota::{Overshoot, Room},
    thread,
};

/// A message to take in.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// The message.
    pub content: Content,
    /// Its flags.
    pub flags: Flags,
    /// When it arrived there; the current time if nobody knows.
    pub internal_date: Option<OffsetTimestamp>,
    /// What names it: the account takes in each name once.
    pub id: DeliveryId,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intake {
    /// It is new in the account.
    New(MessageId),
    /// The account has it, in whatever mailbox, or had it until its user threw it away a short
    /// while ago.
    Known(MessageId),
    /// There is no room for it.
    OverQuota(QuotaKind),
}

/// A message that goes in, with the id it gets.
struct Chosen<'a> {
    id: MessageId,
    message: &'a Incoming,
}

/// Takes messages into a mailbox, which is made if it is missing. Returns the fate of each, in
/// order.
///
/// # Errors
/// [`MailError::TooManyMessages`] when they are more than one transaction of a long operation may
/// touch.
pub fn take_in(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    mailbox: &MailboxPath,
    messages: &[Incoming],
    limits: &Limits,
) -> Result<Vec<Intake>, MailError> {
    if messages.len() > LONGEST {
        return Err(MailError::TooManyMessages { limit: LONGEST });
    }
    let account = accounts::lock(tx, scope)?;
    let mut settlement = Settlement::default();
    let mailbox = mailboxes::ensure_path(tx, &account, mailbox, None, limits, &mut settlement)?;
    let (new, fates) = choose(tx, &account, messages)?;
    insert(tx, &account, &new)?;
    place(tx, &account, mailbox, &new, &mut settlement)?;
    accounts::settle(tx, &account, settlement)?;
    if settlement != Settlement::default() {
        tx.hint(Hint::Mail(scope.account));
    }
    Ok(fates)
}

/// The messages that are new and fit, under the account's lock, and the fate of all.
fn choose<'a>(
    tx: &WriteTx<'_>,
    account: &Locked,
    messages: &'a [Incoming],
) -> Result<(Vec<Chosen<'a>>, Vec<Intake>), MailError> {
    let mut known = known(tx, account, messages)?;
    let mut usage = account.usage;
    let mut new = Vec::with_capacity(messages.len());
    let mut fates = Vec::with_capacity(messages.len());
    for message in messages {
        if let Some(id) = known.get(&message.id) {
            fates.push(Intake::Known(*id));
            continue;
        }
        let size = message.content.size();
        if let Room::Full(kind) = usage.room(size, 1, Overshoot::Refuse) {
            fates.push(Intake::OverQuota(kind));
            continue;
        }
        usage.bytes.0 += size;
        usage.messages += 1;
        let id = tx.new_id();
        known.insert(message.id, id);
        new.push(Chosen { id, message });
        fates.push(Intake::New(id));
    }
    Ok((new, fates))
}

/// Those that the account has or had.
fn known(
    tx: &Tx<'_>,
    account: &Locked,
    messages: &[Incoming],
) -> Result<HashMap<DeliveryId, MessageId>, MailError> {
    let ids: Vec<&[u8; 16]> = messages.iter().map(|new| new.id.as_bytes()).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut parameters: Vec<Value<'_>> = vec![account.scope.account.into()];
    let list = push_list(&mut parameters, &ids);
    let sql = format!(
        "SELECT delivery_id, id FROM message WHERE account_id = ?1 AND delivery_id IN ({list})"
    );
    let rows = tx.query(&sql, &parameters, |row| {
        Ok((DeliveryId::from_bytes(row.get(0)?), row.get(1)?))
    })?;
    Ok(rows.into_iter().collect())
}

fn date(tx: &Tx<'_>, message: &Incoming) -> OffsetTimestamp {
    message
        .internal_date
        .unwrap_or_else(|| OffsetTimestamp::utc(tx.now()))
}

/// Inserts the messages with their threads and contents.
fn insert(tx: &WriteTx<'_>, account: &Locked, new: &[Chosen<'_>]) -> Result<(), MailError> {
    let references: Vec<_> = new
        .iter()
        .map(|new| new.message.content.thread_refs())
        .collect();
    let threads = thread::assign(tx, account.scope.account, &references)?;
    let rows = new
        .iter()
        .zip(threads)
        .map(|(Chosen { id, message }, thread)| NewMessage {
            id: *id,
            content: &message.content,
            prefix: &[],
            received: date(tx, message),
            thread,
            delivery: Some(&message.id),
        });
    let rows: Vec<NewMessage<'_>> = rows.collect();
    if message::insert(tx, account.scope.account, &rows)? != rows.len() as u64 {
        // Under the lock nobody else can have taken them in.
        let what = "message.delivery_id";
        return Err(MailError::Damaged { what });
    }
    let contents = new.iter().map(|new| (new.message.content.prepared(), 1));
    Ok(hikyaku_blob::add_references(
        tx,
        account.scope.tenant,
        contents,
    )?)
}

fn place(
    tx: &WriteTx<'_>,
    account: &Locked,
    mailbox: MailboxId,
    new: &[Chosen<'_>],
    settlement: &mut Settlement,
) -> Result<(), MailError> {
    if new.is_empty() {
        return Ok(());
    }
    let placements = new.iter().map(|Chosen { id, message }| NewPlacement {
        message: *id,
        flags: &message.flags,
        size: message.content.size(),
        internal: date(tx, message),
    });
    let placements: Vec<NewPlacement<'_>> = placements.collect();
    placement::add(tx, account, mailbox, &placements, settlement)?;
    for Chosen { message, .. } in new {
        settlement.bytes += i64::try_from(message.content.size()).unwrap_or(i64::MAX);
        settlement.messages += 1;
    }
    Ok(())
}
