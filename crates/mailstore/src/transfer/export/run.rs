//! Reading mailboxes page by page and handing messages to a writer of files.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use hikyaku_directory::AccountScope;
use hikyaku_types::Uid;
use tracing::warn;

use crate::{
    Mailbox, Mailstore,
    error::MailError,
    name::MailboxPath,
    row::{Fields, MessageRow},
    uid_set::UidSet,
};

use super::{
    super::{NameEncoding, TransferError},
    maildir::MaildirWriter,
    mbox::MboxWriter,
    root,
};

/// Messages read from the store at once.
const PAGE: usize = 200;

/// Bytes of messages that are in memory at once (8 MiB), unless a single one is larger.
pub const EXPORT_BATCH_BYTES: u64 = 8 << 20;

/// The form of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// One file a mailbox (mboxrd).
    Mbox,
    /// One file a message (Maildir++).
    Maildir,
}

/// How an export goes about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExportOptions {
    /// The form of the files.
    pub format: ExportFormat,
    /// How folders of a Maildir are named. Files of mbox are named in UTF-8.
    pub names: NameEncoding,
}

/// What an export did, so far or in all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExportReport {
    /// Messages written.
    pub exported: u64,
    /// Messages that an earlier run had written.
    pub skipped: u64,
    /// Messages that vanished while the export ran.
    pub vanished: u64,
    /// Messages that are damaged in the store and were not written; the log names them.
    pub damaged: u64,
    /// Mailboxes written.
    pub folders: u64,
    /// Keywords that were left away, because a folder of a Maildir has letters for 26 only.
    pub lost_keywords: u64,
    /// The mailbox that is being written.
    pub current: Option<MailboxPath>,
    /// Bytes of the messages written.
    pub bytes: u64,
    /// Messages there are to write.
    pub total: u64,
}

impl ExportReport {
    /// How much is done, of a hundred.
    pub fn percent(&self) -> Option<u8> {
        let gone = self.vanished + self.damaged;
        let done = (self.exported + self.skipped + gone).min(self.total);
        let percent = (done * 100).checked_div(self.total)?;
        u8::try_from(percent).ok()
    }
}

/// Where an export goes.
#[derive(Debug, Clone)]
struct Target {
    scope: AccountScope,
    options: ExportOptions,
    root: PathBuf,
}

impl Target {
    fn open(&self, mailbox: &Mailbox) -> Result<Writer, TransferError> {
        match self.options.format {
            ExportFormat::Mbox => MboxWriter::open(&self.root, mailbox).map(Writer::Mbox),
            ExportFormat::Maildir => {
                MaildirWriter::open(&self.root, mailbox, self.options.names).map(Writer::Maildir)
            }
        }
    }
}

/// A message to be written.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) row: MessageRow,
    pub(super) content: Bytes,
}

/// A writer of one mailbox.
#[derive(Debug)]
pub(super) enum Writer {
    Mbox(MboxWriter),
    Maildir(MaildirWriter),
}

impl Writer {
    /// From which UID on messages are missing.
    fn written_up_to(&self) -> Option<Uid> {
        match self {
            Self::Mbox(writer) => writer.written_up_to(),
            Self::Maildir(_) => None,
        }
    }

    /// Whether an earlier run wrote this message.
    fn has(&self, row: &MessageRow) -> bool {
        match self {
            Self::Mbox(_) => false,
            Self::Maildir(writer) => writer.has(row),
        }
    }

    fn write(&mut self, messages: &[Outgoing]) -> Result<(), TransferError> {
        match self {
            Self::Mbox(writer) => writer.write(messages),
            Self::Maildir(writer) => writer.write(messages),
        }
    }

    fn finish(self) -> Result<u64, TransferError> {
        match self {
            Self::Mbox(writer) => writer.finish().map(|()| 0),
            Self::Maildir(writer) => writer.finish(),
        }
    }
}

impl Mailstore {
    /// Writes mailboxes below `folder`: one, or all for `None`. Run again after an interruption it
    /// goes on where it stood; a mailbox that was written as a whole is brought up to date
    /// (Maildir) or written anew (mbox). `progress` is called after every batch.
    pub async fn export(
        &self,
        scope: AccountScope,
        one: Option<&MailboxPath>,
        options: ExportOptions,
        folder: &Path,
        mut progress: impl FnMut(&ExportReport) + Send,
    ) -> Result<ExportReport, TransferError> {
        let mailboxes = match one {
            Some(path) => {
                vec![
                    self.mailbox(scope, path)
                        .await?
                        .ok_or(MailError::NoSuchMailbox)?,
                ]
            }
            None => self.mailboxes(scope).await?,
        };
        let mut report = ExportReport {
            total: mailboxes
                .iter()
                .map(|mailbox| u64::from(mailbox.total))
                .sum(),
            ..ExportReport::default()
        };
        let folder = folder.to_owned();
        let root = folder.clone();
        self.blocking(move || root::claim(&root, scope, options))
            .await??;
        let target = Target {
            scope,
            options,
            root: folder.clone(),
        };
        for mailbox in mailboxes {
            report.current = Some(mailbox.path.clone());
            self.export_mailbox(&target, &mailbox, &mut report, &mut progress)
                .await?;
            report.folders += 1;
            progress(&report);
        }
        if one.is_none() {
            let subscribed = self.subscriptions(scope).await?;
            self.blocking(move || root::write_subscriptions(&folder, options, &subscribed))
                .await??;
        }
        Ok(report)
    }

    async fn export_mailbox(
        &self,
        target: &Target,
        mailbox: &Mailbox,
        report: &mut ExportReport,
        progress: &mut (impl FnMut(&ExportReport) + Send),
    ) -> Result<(), TransferError> {
        let scope = target.scope;
        let (target, opened) = (target.clone(), mailbox.clone());
        let mut writer = self.blocking(move || target.open(&opened)).await??;
        let mut after = writer.written_up_to();
        if let Some(after) = after {
            report.skipped += self.count_up_to(scope, mailbox, after).await?;
        }
        loop {
            let all = UidSet::all();
            let page = self
                .rows(scope, mailbox.id, &all, after, PAGE, Fields::ENVELOPE)
                .await?;
            let Some(last) = page.last() else { break };
            after = Some(last.uid);
            let mut missing: Vec<MessageRow> = Vec::with_capacity(page.len());
            for row in page {
                if writer.has(&row) {
                    report.skipped += 1;
                } else {
                    missing.push(row);
                }
            }
            let mut missing = missing.into_iter().peekable();
            while missing.peek().is_some() {
                let batch = self.read_batch(scope, &mut missing, report).await?;
                let count = batch.len() as u64;
                report.bytes += batch
                    .iter()
                    .map(|message| message.content.len() as u64)
                    .sum::<u64>();
                writer = self
                    .blocking(move || writer.write(&batch).map(|()| writer))
                    .await??;
                report.exported += count;
                progress(report);
            }
        }
        report.lost_keywords += self.blocking(move || writer.finish()).await??;
        Ok(())
    }

    /// The contents of the next messages, as many as may be in memory at once; at least one.
    async fn read_batch(
        &self,
        scope: AccountScope,
        rows: &mut (impl Iterator<Item = MessageRow> + Send),
        report: &mut ExportReport,
    ) -> Result<Vec<Outgoing>, TransferError> {
        let mut bytes = 0;
        let mut batch = Vec::new();
        for row in rows {
            match self.content(scope, row.message).await {
                Ok(content) => {
                    bytes += content.len() as u64;
                    batch.push(Outgoing { row, content });
                }
                Err(MailError::NoSuchMessage) => report.vanished += 1,
                Err(error) if error.is_damage() => {
                    warn!(
                        message.id = %row.message,
                        error = &error as &dyn std::error::Error,
                        "a damaged message was not exported"
                    );
                    report.damaged += 1;
                }
                Err(error) => return Err(error.into()),
            }
            if bytes >= EXPORT_BATCH_BYTES {
                break;
            }
        }
        Ok(batch)
    }

    async fn count_up_to(
        &self,
        scope: AccountScope,
        mailbox: &Mailbox,
        last: Uid,
    ) -> Result<u64, MailError> {
        let uids = self.uids_of(scope, mailbox.id).await?;
        Ok(uids.partition_point(|uid| *uid <= last) as u64)
    }
}
