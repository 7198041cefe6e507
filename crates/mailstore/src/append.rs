//! Appending messages that a client brings: all of one APPEND, or none.

use std::sync::Arc;

use bytes::Bytes;
use hikyaku_blob::BlobError;
use hikyaku_db::{Hint, WriteTx};
use hikyaku_directory::AccountScope;
use hikyaku_types::{MailboxId, MessageId, OffsetTimestamp, TenantId, Uid, UidValidity};

use crate::{
    Mailstore,
    accounts::{self, Claim, Refused, Settlement},
    content::Content,
    error::MailError,
    flags::Flags,
    mailboxes,
    message::{self, NewMessage},
    placement::{self, NewPlacement},
    quota::Overshoot,
    thread,
};

/// How often a large content is uploaded (3): again when the one that the tenant had goes just
/// before the transaction that counts on it.
pub const UPLOADS_MAX: u32 = 3;

/// A message to append.
#[derive(Debug, Clone)]
pub struct AppendMessage {
    /// The message, lines ending in CR LF.
    pub content: Bytes,
    /// Its flags.
    pub flags: Flags,
    /// INTERNALDATE; the current time if there is none.
    pub internal_date: Option<OffsetTimestamp>,
}

/// Where messages were appended (RFC 4315 APPENDUID).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// The generation of the UIDs.
    pub uid_validity: UidValidity,
    /// The UIDs in the order of the messages, ascending.
    pub uids: Vec<Uid>,
    /// The messages in the same order.
    pub messages: Vec<MessageId>,
}

/// A message made ready for the transaction.
#[derive(Clone)]
struct Ready {
    content: Content,
    flags: Flags,
    internal_date: Option<OffsetTimestamp>,
}

impl Mailstore {
    /// Appends messages to a mailbox, in this order.
    pub async fn append(
        &self,
        scope: AccountScope,
        mailbox: MailboxId,
        messages: Vec<AppendMessage>,
    ) -> Result<Appended, MailError> {
        self.check_space()?;
        let limit = self.limits().atomic_messages;
        if messages.is_empty() || messages.len() > limit {
            return Err(MailError::TooManyMessages { limit });
        }
        let bytes: u64 = messages
            .iter()
            .map(|message| message.content.len() as u64)
            .sum();
        if bytes > self.limits().append_bytes {
            return Err(MailError::TooLarge {
                limit: self.limits().append_bytes,
            });
        }
        let mut ready = Vec::with_capacity(messages.len());
        for message in messages {
            ready.push(Ready {
                content: self.prepare(scope.tenant, message.content).await?,
                flags: message.flags,
                internal_date: message.internal_date,
            });
        }
        let mut ready = Arc::new(ready);
        let mut uploads = 1;
        loop {
            let job = Arc::clone(&ready);
            let written = self
                .db()
                .write(self.lane_for(ready.len()), move |tx| {
                    append(tx, scope, mailbox, &job)
                })
                .await;
            match written {
                Err(MailError::Content(BlobError::NotUploaded { .. })) if uploads < UPLOADS_MAX => {
                    uploads += 1;
                    ready = Arc::new(self.upload_again(scope.tenant, &ready).await?);
                }
                Err(error) => {
                    self.abandon_if_refused(&error, &ready).await;
                    return Err(error);
                }
                appended => return appended,
            }
        }
    }

    async fn upload_again(
        &self,
        tenant: TenantId,
        messages: &[Ready],
    ) -> Result<Vec<Ready>, MailError> {
        let mut ready = Vec::with_capacity(messages.len());
        for message in messages {
            let content = message.content.clone();
            ready.push(Ready {
                content: content.upload(self.contents(), &[tenant]).await?,
                ..message.clone()
            });
        }
        Ok(ready)
    }

    /// What a transaction refused for certain leaves no objects behind.
    async fn abandon_if_refused(&self, error: &MailError, messages: &[Ready]) {
        if matches!(error, MailError::OverQuota(_) | MailError::NoSuchMailbox) {
            for message in messages {
                self.contents().abandon(message.content.prepared()).await;
            }
        }
    }
}

fn append(
    tx: &WriteTx<'_>,
    scope: AccountScope,
    mailbox: MailboxId,
    messages: &[Ready],
) -> Result<Appended, MailError> {
    let claim = Claim {
        bytes: messages.iter().map(|message| message.content.size()).sum(),
        messages: messages.len() as u64,
        overshoot: Overshoot::Refuse,
        delivery: None,
    };
    let account = match accounts::claim(tx, scope, claim)? {
        Ok(account) => account,
        Err(refused) => {
            // What is missing is said before what is full.
            return Err(match (mailboxes::exists(tx, scope, mailbox)?, refused) {
                (true, Refused::Full(kind)) => MailError::OverQuota(kind),
                _ => MailError::NoSuchMailbox,
            });
        }
    };
    let refs: Vec<_> = messages
        .iter()
        .map(|message| message.content.thread_refs())
        .collect();
    let threads = thread::assign(tx, scope.account, &refs)?;
    let ids: Vec<MessageId> = messages.iter().map(|_| tx.new_id()).collect();
    let date = |message: &Ready| {
        message
            .internal_date
            .unwrap_or_else(|| OffsetTimestamp::utc(tx.now()))
    };
    let rows = messages
        .iter()
        .zip(&ids)
        .zip(threads)
        .map(|((message, id), thread)| NewMessage {
            id: *id,
            content: &message.content,
            prefix: &[],
            received: date(message),
            thread,
            delivery: None,
        });
    message::insert(tx, scope.account, &rows.collect::<Vec<_>>())?;
    let placements = messages.iter().zip(&ids).map(|(message, id)| NewPlacement {
        message: *id,
        flags: &message.flags,
        size: message.content.size(),
        internal: date(message),
    });
    let placements: Vec<_> = placements.collect();
    // The change rows are counted by the claim.
    let mut counted = Settlement::default();
    let placed = placement::add(tx, &account, mailbox, &placements, &mut counted)?;
    let contents = messages
        .iter()
        .map(|message| (message.content.prepared(), 1));
    hikyaku_blob::add_references(tx, scope.tenant, contents)?;
    tx.hint(Hint::Mail(scope.account));
    Ok(Appended {
        uid_validity: placed.uid_validity,
        uids: placed.uids().collect(),
        messages: ids,
    })
}
