//! Delivery of one content to one or more accounts.

use std::collections::BTreeMap;

use hikyaku_db::{Hint, WriteTx};
use hikyaku_directory::AccountScope;
use hikyaku_types::{MailboxId, MessageId, ModSeq, OffsetTimestamp, TenantId, ThreadId, Uid};

use crate::{
    accounts::{self, Claim, Locked, Refused, Settlement},
    content::Content,
    error::{MailError, QuotaKind},
    flags::Flags,
    message::{self, NewMessage},
    placement::{self, NewPlacement},
    quota::Overshoot,
    thread,
};

use super::{DeliveryId, Target};

/// What is delivered, the same for all recipients.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// The content.
    pub content: &'a Content,
    /// INTERNALDATE.
    pub internal_date: OffsetTimestamp,
}

/// Where it goes, and how.
#[derive(Debug, Clone)]
pub struct Recipient<'a> {
    /// The account.
    pub scope: AccountScope,
    /// Header lines that stand before the content as read: Return-Path, Received, Delivered-To.
    pub prefix: &'a [u8],
    /// The mailbox.
    pub mailbox: Target,
    /// Flags it gets.
    pub flags: &'a Flags,
    /// Makes a second attempt harmless.
    pub id: DeliveryId,
    /// What it may do to the quota.
    pub overshoot: Overshoot,
}

/// Where a delivered message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivered {
    /// The message.
    pub message: MessageId,
    /// Its conversation.
    pub thread: ThreadId,
    /// The mailbox.
    pub mailbox: MailboxId,
    /// Its UID there.
    pub uid: Uid,
    /// The modseq of its arrival.
    pub modseq: ModSeq,
}

/// What became of a delivery to one recipient. Whatever it is, the transaction can go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is there.
    Delivered(Delivered),
    /// It was delivered before, under the same id.
    Duplicate,
    /// The account has no room; nothing was changed.
    Full(QuotaKind),
}

/// Delivers to one recipient. For several in one transaction use [`deliver_all`], which takes the
/// locks in the order that cannot deadlock.
pub fn deliver(
    tx: &WriteTx<'_>,
    delivery: Delivery<'_>,
    recipient: &Recipient<'_>,
) -> Result<Outcome, MailError> {
    let outcome = deliver_one(tx, delivery, recipient)?;
    if let Outcome::Delivered(_) = outcome {
        let content = delivery.content.prepared();
        hikyaku_blob::add_reference(tx, recipient.scope.tenant, content, 1)?;
    }
    Ok(outcome)
}

/// Delivers to several recipients, accounts in ascending order, and stores the content once for
/// each tenant. Returns the outcomes in the order of the recipients.
pub fn deliver_all(
    tx: &WriteTx<'_>,
    delivery: Delivery<'_>,
    recipients: &[Recipient<'_>],
) -> Result<Vec<Outcome>, MailError> {
    let mut order: Vec<usize> = (0..recipients.len()).collect();
    order.sort_by_key(|place| {
        recipients
            .get(*place)
            .map(|recipient| recipient.scope.account)
    });
    let mut outcomes = vec![Outcome::Duplicate; recipients.len()];
    let mut references: BTreeMap<TenantId, u32> = BTreeMap::new();
    for place in order {
        let (Some(recipient), Some(slot)) = (recipients.get(place), outcomes.get_mut(place)) else {
            continue;
        };
        *slot = deliver_one(tx, delivery, recipient)?;
        if let Outcome::Delivered(_) = slot {
            *references.entry(recipient.scope.tenant).or_insert(0) += 1;
        }
    }
    for (tenant, count) in references {
        hikyaku_blob::add_reference(tx, tenant, delivery.content.prepared(), count)?;
    }
    Ok(outcomes)
}

fn deliver_one(
    tx: &WriteTx<'_>,
    delivery: Delivery<'_>,
    recipient: &Recipient<'_>,
) -> Result<Outcome, MailError> {
    let size = delivery.content.size() + recipient.prefix.len() as u64;
    let claim = Claim {
        bytes: size,
        messages: 1,
        overshoot: recipient.overshoot,
        delivery: Some(&recipient.id),
    };
    let account = match accounts::claim(tx, recipient.scope, claim)? {
        Ok(account) => account,
        Err(Refused::Duplicate) => return Ok(Outcome::Duplicate),
        Err(Refused::Full(kind)) => return Ok(Outcome::Full(kind)),
    };
    let threads = [delivery.content.thread_refs()];
    let thread = thread::assign_one(tx, recipient.scope.account, &threads)?;
    let message: MessageId = tx.new_id();
    let new = NewMessage {
        id: message,
        content: delivery.content,
        prefix: recipient.prefix,
        received: delivery.internal_date,
        thread,
        delivery: Some(&recipient.id),
    };
    if message::insert(tx, recipient.scope.account, &[new])? == 0 {
        // Another transaction delivered it after our snapshot of the messages and before we had
        // the lock (PostgreSQL only).
        undo(tx, &account, size)?;
        return Ok(Outcome::Duplicate);
    }
    let mailbox = recipient.mailbox.resolve(tx, &account)?;
    let placement = NewPlacement {
        message,
        flags: recipient.flags,
        size,
        internal: delivery.internal_date,
    };
    // The change row is counted by the claim.
    let mut counted = Settlement::default();
    let placed = placement::add(tx, &account, mailbox, &[placement], &mut counted)?;
    debug_assert_eq!(
        counted,
        Settlement {
            changes: 1,
            ..Settlement::default()
        }
    );
    tx.hint(Hint::Mail(recipient.scope.account));
    Ok(Outcome::Delivered(Delivered {
        message,
        thread,
        mailbox,
        uid: placed.first,
        modseq: account.modseq,
    }))
}

fn undo(tx: &WriteTx<'_>, account: &Locked, size: u64) -> Result<(), MailError> {
    let settlement = Settlement {
        bytes: -i64::try_from(size).unwrap_or(i64::MAX),
        messages: -1,
        changes: -1,
    };
    accounts::settle(tx, account, settlement)
}
