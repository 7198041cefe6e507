//! Writing what has arrived: messages and what is remembered of them, in one transaction.

use std::sync::Arc;

use hikyaku_blob::BlobError;
use hikyaku_db::{Lane, WriteTx};
use hikyaku_directory::AccountScope;
use hikyaku_mailstore::{
    Content, DeliveryId, FlagChange, Flags, Incoming, Intake as Taken, Limits as MailLimits,
    MailError, MailboxPath, Mailstore, QuotaKind, take_in,
};
use hikyaku_types::{MailboxId, MessageId, Uid};

use crate::{
    CollectError,
    arrived::{Arrived, Message, recalled, remembered, with_crlf},
    fingerprint,
    report::SkipReason,
    state::{FolderId, Settled, State, settle},
};

/// How often a batch is written when contents have to be uploaded again (3).
const WRITES_MAX: u32 = 3;

/// What became of a message.
#[derive(Debug)]
pub(crate) enum Fate {
    /// It is new: so many bytes.
    Imported(u64),
    /// The account has it.
    Already,
    Skipped(SkipReason),
    OverQuota(QuotaKind),
}

/// A message of an earlier run whose flags have changed at the source.
#[derive(Debug, Clone)]
pub(crate) struct Reflagged {
    pub(crate) name: Vec<u8>,
    pub(crate) message: MessageId,
    /// The flags there, when they were last seen and now.
    pub(crate) before: String,
    pub(crate) now: String,
}

/// Where messages of one folder go.
#[derive(Debug, Clone)]
pub(crate) struct Intake {
    pub(crate) mail: Mailstore,
    pub(crate) state: State,
    pub(crate) scope: AccountScope,
    /// What remembers them; nothing before the folder is open.
    pub(crate) folder: Option<FolderId>,
    pub(crate) mailbox: MailboxPath,
}

/// A message made ready for the transaction.
struct Ready {
    incoming: Incoming,
    settled: SettledParts,
}

/// What is remembered of it, except the id it gets.
struct SettledParts {
    name: Vec<u8>,
    fingerprint: Vec<u8>,
    flags: String,
}

impl Intake {
    /// Messages that one transaction takes.
    pub(crate) fn chunk(mail: &Mailstore) -> usize {
        mail.limits()
            .chunk_messages
            .clamp(1, crate::state::ASKED_AT_ONCE)
    }

    /// Writes messages, at most [`Intake::chunk`]. Returns the fate of each, in order.
    pub(crate) async fn take(
        &self,
        arrived: Vec<Arrived>,
    ) -> Result<Vec<(u32, Fate)>, CollectError> {
        self.mail.check_space()?;
        let mut fates = Vec::with_capacity(arrived.len());
        let mut ready = Vec::with_capacity(arrived.len());
        for Arrived {
            number,
            name,
            outcome,
        } in arrived
        {
            match outcome {
                Ok(message) => {
                    ready.push(self.prepare(name, message).await?);
                    fates.push((number, None));
                }
                Err(reason) => fates.push((number, Some(Fate::Skipped(reason)))),
            }
        }
        let ready = Arc::new(ready);
        let mut taken = self.write(&ready).await?.into_iter().zip(ready.iter());
        let mut all = Vec::with_capacity(fates.len());
        for (number, fate) in fates {
            let fate = match (fate, &mut taken) {
                (Some(fate), _) => fate,
                (None, taken) => match taken.next() {
                    Some((Taken::New(_), ready)) => Fate::Imported(ready.incoming.content.size()),
                    Some((Taken::OverQuota(kind), _)) => Fate::OverQuota(kind),
                    Some((Taken::Known(_), _)) | None => Fate::Already,
                },
            };
            all.push((number, fate));
        }
        Ok(all)
    }

    async fn prepare(&self, name: Vec<u8>, message: Message) -> Result<Ready, CollectError> {
        let size = message.content.len() as u64;
        let fingerprint = fingerprint::of(&message.content, size, message.internal_date);
        let content = with_crlf(message.content);
        let content = self.mail.prepare(self.scope.tenant, content).await?;
        // Not the number there: after a renumbering the same message is known by its content.
        let id = DeliveryId::derive(&[
            b"collected",
            content.prepared().hash().as_bytes(),
            self.mailbox.as_str().as_bytes(),
        ]);
        let flags = remembered(&message.flags);
        Ok(Ready {
            incoming: Incoming {
                content,
                flags: message.flags,
                internal_date: message.internal_date,
                id,
            },
            settled: SettledParts {
                name,
                fingerprint,
                flags,
            },
        })
    }

    /// Writes what is ready; what has to be uploaded again is.
    async fn write(&self, ready: &Arc<Vec<Ready>>) -> Result<Vec<Taken>, CollectError> {
        if ready.is_empty() {
            return Ok(Vec::new());
        }
        let mut contents: Vec<Content> = contents_of(ready);
        for _ in 1..WRITES_MAX {
            match self.write_once(ready, contents).await {
                Err(MailError::Content(BlobError::NotUploaded { .. })) => {}
                written => return Ok(written?),
            }
            contents = Vec::with_capacity(ready.len());
            for content in contents_of(ready) {
                let (stores, tenants) = (self.mail.contents(), [self.scope.tenant]);
                contents.push(content.upload(stores, &tenants).await?);
            }
        }
        Ok(self.write_once(ready, contents).await?)
    }

    async fn write_once(
        &self,
        ready: &Arc<Vec<Ready>>,
        contents: Vec<Content>,
    ) -> Result<Vec<Taken>, MailError> {
        let (scope, mailbox) = (self.scope, self.mailbox.clone());
        let Some(folder) = self.folder else {
            return Err(MailError::NoSuchMailbox);
        };
        let limits: MailLimits = self.mail.limits().clone();
        let ready = Arc::clone(ready);
        let write = move |tx: &WriteTx<'_>| {
            let incoming = ready
                .iter()
                .zip(&contents)
                .map(|(ready, content)| Incoming {
                    content: content.clone(),
                    ..ready.incoming.clone()
                });
            let incoming: Vec<Incoming> = incoming.collect();
            let taken = take_in(tx, scope, &mailbox, &incoming, &limits)?;
            let settled = ready.iter().zip(&taken).filter_map(|(ready, taken)| {
                let (Taken::New(message) | Taken::Known(message)) = *taken else {
                    return None;
                };
                Some(Settled {
                    name: ready.settled.name.clone(),
                    message,
                    fingerprint: ready.settled.fingerprint.clone(),
                    flags: ready.settled.flags.clone(),
                })
            });
            settle(tx, scope, folder, &settled.collect::<Vec<_>>())?;
            Ok::<_, MailError>(taken)
        };
        self.mail.db().write(Lane::Background, write).await
    }

    /// Makes the mailbox if it is missing, and subscribes to it.
    pub(crate) async fn ensure_mailbox(&self) -> Result<(), CollectError> {
        let (mail, scope, path) = (&self.mail, self.scope, &self.mailbox);
        if mail.mailbox(scope, path).await?.is_some() {
            return Ok(());
        }
        match mail.create_mailbox(scope, path, None).await {
            Ok(_) | Err(MailError::MailboxExists) => {}
            Err(error) => return Err(error.into()),
        }
        match mail.subscribe(scope, path).await {
            // The mail counts, not the subscription.
            Ok(()) | Err(MailError::TooManySubscriptions { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Lets the flags of messages follow those of the source: what was set there is set here, what
    /// was cleared there is cleared here, and what was changed here only stays. Returns how many
    /// messages that are still in a mailbox were looked at.
    pub(crate) async fn follow_flags(&self, messages: Vec<Reflagged>) -> Result<u64, CollectError> {
        let ids: Vec<MessageId> = messages.iter().map(|message| message.message).collect();
        let places = self.mail.locate(self.scope, &ids).await?;
        let mut groups: Vec<((MailboxId, FlagChange), Vec<Uid>)> = Vec::new();
        let mut changed = 0;
        for message in &messages {
            let mut is_placed = false;
            for place in places
                .iter()
                .filter(|place| place.message == message.message)
            {
                is_placed = true;
                for change in changes(message) {
                    let key = (place.mailbox, change);
                    match groups.iter_mut().find(|(known, _)| *known == key) {
                        Some((_, uids)) => uids.push(place.uid),
                        None => groups.push((key, vec![place.uid])),
                    }
                }
            }
            changed += u64::from(is_placed);
        }
        for ((mailbox, change), uids) in groups {
            match self.mail.store(self.scope, mailbox, &uids, change).await {
                // Somebody deleted it, or it has all the keywords it may have.
                Ok(_) | Err(MailError::NoSuchMailbox | MailError::TooManyKeywords(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let names = messages
            .into_iter()
            .map(|message| (message.name, message.now));
        if let Some(folder) = self.folder {
            self.state.remember_flags(folder, names.collect()).await?;
        }
        Ok(changed)
    }
}

fn contents_of(ready: &[Ready]) -> Vec<Content> {
    let contents = ready.iter().map(|ready| ready.incoming.content.clone());
    contents.collect()
}

/// What was set and what was cleared at the source.
fn changes(message: &Reflagged) -> Vec<FlagChange> {
    let (before, now) = (recalled(&message.before), recalled(&message.now));
    let less = |from: &Flags, what: &Flags| -> Option<Flags> {
        let left = from.changed(&FlagChange::Remove(what.clone())).ok()?;
        (!left.is_empty()).then_some(left)
    };
    let set = less(&now, &before).map(FlagChange::Add);
    let cleared = less(&before, &now).map(FlagChange::Remove);
    set.into_iter().chain(cleared).collect()
}
