//! What the tests of imports share.

use std::{
    collections::HashMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use hikyaku_mailstore::{
    Fields, MailboxPath,
    transfer::{
        FileKey, Found, ImportOptions, ImportReport, MboxSource, Position, Source, SourceName,
        SourceUnit, TransferError,
    },
};
use hikyaku_types::Timestamp;
use tempfile::TempDir;

use crate::fixture::{World, scope};

pub(crate) fn put(folder: &TempDir, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, content).unwrap();
    path
}

pub(crate) fn mbox(path: &Path, folder: &str) -> MboxSource {
    MboxSource::file(path, crate::fixture::path(folder)).unwrap()
}

pub(crate) async fn try_import(
    world: &World,
    source: impl Source + Send + 'static,
) -> Result<ImportReport, TransferError> {
    let options = ImportOptions::default();
    world.mail.import(scope(1), source, options, |_| ()).await
}

pub(crate) async fn import(world: &World, source: impl Source + Send + 'static) -> ImportReport {
    try_import(world, source).await.unwrap()
}

pub(crate) async fn import_with(
    world: &World,
    source: impl Source + Send + 'static,
    options: ImportOptions,
) -> ImportReport {
    let done = world.mail.import(scope(1), source, options, |_| ()).await;
    done.unwrap()
}

/// Imported, present and skipped; together they are what was found.
pub(crate) fn counts(report: &ImportReport) -> (u64, u64, u64) {
    let counts = report.counts;
    let all = (counts.imported, counts.present, counts.skipped);
    assert_eq!(counts.found, all.0 + all.1 + all.2);
    let folders: u64 = report
        .folders
        .values()
        .map(|folder| folder.counts.found)
        .sum();
    assert_eq!(counts.found, folders, "every message is in a folder");
    all
}

/// How many were imported into each mailbox.
pub(crate) fn imported(report: &ImportReport) -> HashMap<MailboxPath, u64> {
    let mut imported = HashMap::new();
    for folder in report
        .folders
        .values()
        .filter(|folder| folder.counts.imported > 0)
    {
        *imported.entry(folder.mailbox.clone()).or_insert(0) += folder.counts.imported;
    }
    imported
}

pub(crate) async fn contents(world: &World, mailbox: &str) -> Vec<String> {
    let mut texts = Vec::new();
    for row in world.all_rows(mailbox, Fields::PLACEMENT).await {
        let content = world.mail.content(scope(1), row.message).await.unwrap();
        texts.push(String::from_utf8(content.to_vec()).unwrap());
    }
    texts
}

pub(crate) fn at(text: &str) -> Timestamp {
    Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

/// So many messages as an mbox.
pub(crate) fn many(count: usize) -> String {
    numbered(0..count)
}

/// The messages with these numbers as an mbox.
pub(crate) fn numbered(numbers: impl IntoIterator<Item = usize>) -> String {
    let mut mbox = String::new();
    for n in numbers {
        let header = format!("Subject: m{n}\nMessage-ID: <{n}@x>");
        write!(
            mbox,
            "From a@b Mon Jan  5 09:00:00 2026\n{header}\n\nbody {n}\n\n"
        )
        .unwrap();
    }
    mbox
}

/// A source that ends in the middle, as a process does that is killed.
pub(crate) struct Cut<S> {
    pub(crate) source: S,
    pub(crate) left: usize,
}

impl<S: Source> Source for Cut<S> {
    fn name(&self) -> SourceName {
        self.source.name()
    }

    fn resume(&mut self, positions: HashMap<FileKey, Position>) {
        self.source.resume(positions);
    }

    fn next(&mut self) -> Result<Option<Found>, TransferError> {
        if self.left == 0 {
            let source = std::io::Error::other("killed");
            return Err(TransferError::File {
                path: "x".into(),
                source,
            });
        }
        self.left -= 1;
        self.source.next()
    }

    fn position(&self) -> Result<Position, TransferError> {
        self.source.position()
    }

    fn done(&self) -> u64 {
        self.source.done()
    }

    fn total(&self) -> Option<u64> {
        self.source.total()
    }

    fn unit(&self) -> SourceUnit {
        self.source.unit()
    }
}
