//! Reading a source on a thread of its own and handing batches to the writer.

use hikyaku_db::Lane;
use hikyaku_directory::AccountScope;
use hikyaku_types::OffsetTimestamp;
use tokio::sync::mpsc;

use crate::{
    Mailstore, content::Content, delivery::DeliveryId, error::QuotaKind, flags::Flags, mailboxes,
    name::MailboxPath,
};

use super::{
    super::{Ended, FailureReason, Found, ImportReport, Source, SourceMessage, TransferError},
    batch::{self, Fate},
};

/// Largest message that is imported unless the source is told otherwise (256 MiB): it is held in
/// memory as a whole.
pub const IMPORT_MESSAGE_BYTES_MAX: u64 = 256 << 20;

/// Bytes of messages after which a batch is handed on although it has few of them (8 MiB).
pub const IMPORT_BATCH_BYTES: u64 = 8 << 20;

/// Batches that may wait for the writer; so three are in memory at most.
const BATCHES_WAITING: usize = 1;

/// A message ready for the transaction.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) content: Content,
    pub(super) flags: Flags,
    pub(super) internal_date: Option<OffsetTimestamp>,
    pub(super) id: DeliveryId,
    pub(super) place: String,
}

/// What the reading thread hands on.
enum Handed {
    Folder(MailboxPath),
    Batch(MailboxPath, Vec<Ready>),
    Unusable(String, FailureReason),
}

/// A [`Handed`] and how far the source is.
struct Step {
    handed: Handed,
    done: u64,
}

impl Mailstore {
    /// Imports all messages of a source. `progress` is called after every batch.
    ///
    /// What an earlier run imported, and what is still in a mailbox, is skipped; what was expunged
    /// since comes back. When the quota is exhausted the import ends and says so. Dropping the
    /// future ends the import between two batches.
    pub async fn import(
        &self,
        scope: AccountScope,
        source: impl Source + Send + 'static,
        mut progress: impl FnMut(&ImportReport) + Send,
    ) -> Result<ImportReport, TransferError> {
        let mut report = ImportReport {
            source_total: source.total(),
            ..ImportReport::default()
        };
        let (sender, mut receiver) = mpsc::channel(BATCHES_WAITING);
        let limit = self.chunk();
        let reading = tokio::task::spawn_blocking(move || read(source, limit, &sender));
        while let Some(step) = receiver.recv().await {
            report.source_done = step.done;
            match step.handed {
                Handed::Folder(folder) => self.ensure_folder(scope, folder).await?,
                Handed::Unusable(place, reason) => report.fail(place, reason),
                Handed::Batch(folder, batch) => {
                    self.check_space()?;
                    if let Some(kind) = self.take(scope, folder, batch, &mut report).await? {
                        report.ended = Ended::OverQuota(kind);
                        progress(&report);
                        return Ok(report);
                    }
                }
            }
            progress(&report);
        }
        let read = reading.await.map_err(|_| crate::MailError::Interrupted)?;
        report.source_done = read?;
        progress(&report);
        Ok(report)
    }

    /// Makes a folder if it is missing, and subscribes to it.
    async fn ensure_folder(
        &self,
        scope: AccountScope,
        folder: MailboxPath,
    ) -> Result<(), TransferError> {
        if self.mailbox(scope, &folder).await?.is_some() {
            return Ok(());
        }
        let limits = self.limits().clone();
        let path = folder.clone();
        self.db()
            .write(Lane::Background, move |tx| {
                mailboxes::ensure(tx, scope, &path, &limits)
            })
            .await?;
        match self.subscribe(scope, &folder).await {
            // The mail counts, not the subscription.
            Err(crate::MailError::TooManySubscriptions { .. }) => Ok(()),
            result => Ok(result?),
        }
    }

    /// Writes one batch and reports what became of each message. Returns which part of the quota is
    /// exhausted, if one is.
    async fn take(
        &self,
        scope: AccountScope,
        folder: MailboxPath,
        batch: Vec<Ready>,
        report: &mut ImportReport,
    ) -> Result<Option<QuotaKind>, TransferError> {
        let limits = self.limits().clone();
        let path = folder.clone();
        let batch = std::sync::Arc::new(batch);
        let shared = std::sync::Arc::clone(&batch);
        let fates = self
            .db()
            .write(Lane::Background, move |tx| {
                batch::write(tx, scope, &path, &shared, &limits)
            })
            .await?;
        let mut full = None;
        for (message, fate) in batch.iter().zip(fates) {
            match fate {
                Fate::Imported => {
                    report.imported += 1;
                    report.bytes += message.content.size();
                    *report.folders.entry(folder.clone()).or_insert(0) += 1;
                }
                Fate::Skipped => report.skipped += 1,
                Fate::OverQuota(kind) => {
                    full = Some(kind);
                    report.fail(message.place.clone(), FailureReason::OverQuota(kind));
                }
            }
        }
        Ok(full)
    }
}

/// Reads the source to its end, on a thread that may block. Returns how far it came.
fn read(
    mut source: impl Source,
    limit: usize,
    sender: &mpsc::Sender<Step>,
) -> Result<u64, TransferError> {
    let mut batch = Batch::default();
    while let Some(found) = source.next()? {
        let done = source.done();
        let ready = match found {
            Found::Message(message) => {
                let full = batch.add(message, limit);
                if full { batch.hand() } else { None }
            }
            Found::Folder(folder) => {
                let before = batch.hand();
                batch.folder = Some(folder.clone());
                if !send(sender, before, done) {
                    return Ok(done);
                }
                Some(Handed::Folder(folder))
            }
            Found::Unusable { place, reason } => Some(Handed::Unusable(place, reason)),
        };
        if !send(sender, ready, done) {
            return Ok(done);
        }
    }
    let done = source.done();
    send(sender, batch.hand(), done);
    Ok(done)
}

/// Hands something on; false when nobody listens any more.
fn send(sender: &mpsc::Sender<Step>, handed: Option<Handed>, done: u64) -> bool {
    let Some(handed) = handed else {
        return true;
    };
    sender.blocking_send(Step { handed, done }).is_ok()
}

/// The batch that is being filled: messages of one folder.
#[derive(Default)]
struct Batch {
    folder: Option<MailboxPath>,
    messages: Vec<Ready>,
    bytes: u64,
}

impl Batch {
    /// Adds a message; true when the batch is full.
    fn add(&mut self, message: SourceMessage, limit: usize) -> bool {
        let content = Content::new(&message.content);
        let id = DeliveryId::derive(&[
            b"import",
            content.prepared().hash().as_bytes(),
            message.folder.as_str().as_bytes(),
            &message.key,
        ]);
        self.bytes += content.size();
        self.folder = Some(message.folder);
        self.messages.push(Ready {
            content,
            flags: message.flags,
            internal_date: message.internal_date,
            id,
            place: message.place,
        });
        self.messages.len() >= limit || self.bytes >= IMPORT_BATCH_BYTES
    }

    /// The batch, if there is anything in it. The next one is for the same folder.
    fn hand(&mut self) -> Option<Handed> {
        self.bytes = 0;
        let messages = std::mem::take(&mut self.messages);
        let folder = self.folder.clone()?;
        (!messages.is_empty()).then_some(Handed::Batch(folder, messages))
    }
}
