//! One run of an import: batches come from the reading thread, each goes in with all that is noted
//! about it in one transaction.

use std::sync::Arc;

use hikyaku_blob::BlobError;
use hikyaku_db::Lane;
use hikyaku_directory::AccountScope;
use hikyaku_types::ImportRunId;
use tokio::sync::mpsc;

use crate::{MailError, Mailstore, SpecialUse, UPLOADS_MAX, name::MailboxPath};

use super::{
    super::{
        Counts, Ended, FolderReport, FoundFolder, Gone, ImportOptions, ImportReport, Skip,
        SkipReason, Source, SourceName, TransferError, WhenFull,
    },
    batch::{self, Chunk, Fate},
    options::FolderNames,
    reading::{self, Batch, Handed, Ready, Step},
    state::{self, Begun, Passing},
    usual::Usual,
};

/// Largest message that is imported unless the source is told otherwise (256 MiB): it is held in
/// memory as a whole.
pub const IMPORT_MESSAGE_BYTES_MAX: u64 = 256 << 20;

/// Batches that may wait for the writer; so three are in memory at most.
const BATCHES_WAITING: usize = 1;

impl Mailstore {
    /// Imports all messages of a source. `progress` is called after every batch.
    ///
    /// What an earlier run imported is left out, also when it was moved or deleted since; see
    /// [`ImportOptions`]. Dropping the future ends the import between two batches; the next one
    /// goes on there.
    pub async fn import(
        &self,
        scope: AccountScope,
        mut source: impl Source + Send + 'static,
        options: ImportOptions,
        mut progress: impl FnMut(&ImportReport) + Send,
    ) -> Result<ImportReport, TransferError> {
        let mut run = Run::begin(self, scope, source.name(), options).await?;
        let known = run.begun.positions.iter();
        source.resume(
            known
                .map(|(file, (position, _))| (*file, *position))
                .collect(),
        );
        run.report.source_total = source.total();
        run.report.source_unit = source.unit();
        let (sender, mut receiver) = mpsc::channel(BATCHES_WAITING);
        let limit = self.chunk();
        let contents = self.contents().clone();
        let reading =
            tokio::task::spawn_blocking(move || reading::read(source, &contents, limit, &sender));
        while let Some(step) = receiver.recv().await {
            run.take(step).await?;
            progress(&run.report);
            if run.report.ended != Ended::Complete {
                break;
            }
        }
        drop(receiver);
        let read = reading.await.map_err(|_| MailError::Interrupted)?;
        run.report.source_done = read?;
        run.end().await?;
        progress(&run.report);
        Ok(run.report)
    }
}

/// A run, and where it is.
struct Run<'a> {
    mail: &'a Mailstore,
    scope: AccountScope,
    source: Arc<SourceName>,
    options: ImportOptions,
    begun: Begun,
    usual: Usual,
    current: Option<Current>,
    report: ImportReport,
}

/// The folder that is being read.
struct Current {
    folder: MailboxPath,
    mailbox: MailboxPath,
    passing: Passing,
    /// Something was left out, so that the next run has to read the folder from here again.
    is_left_behind: bool,
}

impl<'a> Run<'a> {
    async fn begin(
        mail: &'a Mailstore,
        scope: AccountScope,
        source: SourceName,
        options: ImportOptions,
    ) -> Result<Self, TransferError> {
        let usual = match options.names {
            FolderNames::Mapped => Usual::of(&mail.mailboxes(scope).await?),
            FolderNames::Kept => Usual::default(),
        };
        let source = Arc::new(source);
        let (named, over) = (Arc::clone(&source), options.reads_from_the_beginning());
        let begun = mail
            .db()
            .write(Lane::Background, move |tx| {
                state::begin(tx, scope, &named, over)
            })
            .await?;
        Ok(Self {
            mail,
            scope,
            source,
            options,
            begun,
            usual,
            current: None,
            report: ImportReport::default(),
        })
    }

    async fn take(&mut self, step: Step) -> Result<(), TransferError> {
        self.report.source_done = step.done;
        match step.handed {
            Handed::Folder(found) => self.enter(found).await,
            Handed::Unusable(place, reason) => {
                if let Some(current) = &mut self.current {
                    current.is_left_behind = true;
                    let folder = current.folder.clone();
                    self.report.skip(Skip {
                        folder,
                        place,
                        reason,
                    });
                }
                Ok(())
            }
            Handed::Batch(batch) => self.write(batch).await,
        }
    }

    /// Begins with a folder: makes its mailbox, if it is missing.
    async fn enter(&mut self, found: FoundFolder) -> Result<(), TransferError> {
        let (mailbox, role) = match self.options.names {
            FolderNames::Mapped => self.usual.target(&found.folder),
            FolderNames::Kept => (found.folder.clone(), None),
        };
        self.ensure_mailbox(&mailbox, role, found.is_subscribed)
            .await?;
        let pass = match (found.resumed, self.begun.positions.get(&found.file)) {
            (Some(_), Some((_, pass))) => *pass,
            _ => self.begun.run,
        };
        self.report.current = Some(found.folder.clone());
        let folders = &mut self.report.folders;
        folders
            .entry(found.folder.clone())
            .or_insert_with(|| FolderReport {
                mailbox: mailbox.clone(),
                counts: Counts::default(),
            });
        let before = found.resumed.map_or(0, |position| position.messages);
        let counts = Counts {
            found: before,
            present: before,
            ..Counts::default()
        };
        self.report.count(&found.folder, counts);
        self.current = Some(Current {
            folder: found.folder,
            mailbox,
            passing: Passing {
                file: found.file,
                pass,
                behind: self.begun.behind,
            },
            is_left_behind: false,
        });
        Ok(())
    }

    /// Makes a mailbox if it is missing, with its special use if it has one.
    async fn ensure_mailbox(
        &mut self,
        mailbox: &MailboxPath,
        role: Option<SpecialUse>,
        is_subscribed: bool,
    ) -> Result<(), TransferError> {
        if self.mail.mailbox(self.scope, mailbox).await?.is_none() {
            match self.mail.create_mailbox(self.scope, mailbox, role).await {
                // Somebody else was faster.
                Err(MailError::MailboxExists) => {}
                result => drop(result?),
            }
            if let Some(role) = role {
                self.usual.made(role, mailbox);
            }
        }
        if !is_subscribed {
            return Ok(());
        }
        match self.mail.subscribe(self.scope, mailbox).await {
            // The mail counts, not the subscription.
            Err(MailError::TooManySubscriptions { .. }) => Ok(()),
            result => Ok(result?),
        }
    }

    /// Writes one batch and reports what became of each message.
    async fn write(&mut self, batch: Batch) -> Result<(), TransferError> {
        let Some(current) = &self.current else {
            return Ok(());
        };
        let folder = current.folder.clone();
        let dropped = Counts {
            dropped: batch.dropped,
            ..Counts::default()
        };
        self.report.count(&folder, dropped);
        if batch.messages.is_empty() {
            return Ok(());
        }
        self.mail.check_space()?;
        let (chunk, fates) = self.store(current, batch).await?;
        self.report.count(&folder, batch::counts(&chunk, &fates));
        for (message, fate) in chunk.messages.iter().zip(fates) {
            let Fate::OverQuota(kind) = fate else {
                continue;
            };
            self.report.list(Skip {
                folder: folder.clone(),
                place: message.place.clone(),
                reason: SkipReason::OverQuota(kind),
            });
            if let Some(current) = &mut self.current {
                current.is_left_behind = true;
            }
            if self.options.when_full == WhenFull::Stop {
                self.report.ended = Ended::OverQuota(kind);
            }
        }
        Ok(())
    }

    /// Uploads what is large, then writes the batch in one transaction.
    async fn store(
        &self,
        current: &Current,
        batch: Batch,
    ) -> Result<(Arc<Chunk>, Vec<Fate>), TransferError> {
        let mut uploads = 0;
        let mut messages = batch.messages;
        loop {
            uploads += 1;
            let chunk = Arc::new(Chunk {
                scope: self.scope,
                run: self.begun.run,
                source: Arc::clone(&self.source),
                passing: current.passing,
                position: (!current.is_left_behind).then_some(batch.position),
                mailbox: current.mailbox.clone(),
                brings_back: self.options.gone == Gone::BringBack,
                stops_when_full: self.options.when_full == WhenFull::Stop,
                counts: self.report.counts,
                messages: self.upload(messages).await?,
            });
            let (shared, limits) = (Arc::clone(&chunk), self.mail.limits().clone());
            let written = self.mail.db().write(Lane::Background, move |tx| {
                batch::write(tx, &shared, &limits)
            });
            match written.await {
                // What the tenant had is gone since.
                Err(MailError::Content(BlobError::NotUploaded { .. })) if uploads < UPLOADS_MAX => {
                    messages = chunk.messages.clone();
                }
                fates => {
                    let fates = fates?;
                    self.abandon(&chunk, &fates).await;
                    return Ok((chunk, fates));
                }
            }
        }
    }

    async fn upload(&self, messages: Vec<Ready>) -> Result<Vec<Ready>, MailError> {
        let mut uploaded = Vec::with_capacity(messages.len());
        for message in messages {
            let (contents, tenant) = (self.mail.contents(), self.scope.tenant);
            let content = message.content.clone().upload(contents, &[tenant]).await?;
            uploaded.push(Ready { content, ..message });
        }
        Ok(uploaded)
    }

    /// What found no room leaves no objects behind.
    async fn abandon(&self, chunk: &Chunk, fates: &[Fate]) {
        for (message, fate) in chunk.messages.iter().zip(fates) {
            if matches!(fate, Fate::OverQuota(_) | Fate::NotTried) {
                let contents = self.mail.contents();
                contents.abandon(message.content.prepared()).await;
            }
        }
    }

    async fn end(&self) -> Result<(), TransferError> {
        let (scope, run): (_, ImportRunId) = (self.scope, self.begun.run);
        let (counts, ended) = (self.report.counts, self.report.ended);
        self.mail
            .db()
            .write(Lane::Background, move |tx| {
                crate::accounts::usage(tx, scope)?;
                state::note_run(tx, scope, run, counts, Some(ended))
            })
            .await?;
        Ok(())
    }
}
