//! What an import did.

use std::collections::BTreeMap;

use crate::{error::QuotaKind, name::MailboxPath};

use super::{Place, SourceUnit};

/// Most skipped messages listed one by one (10,000, about 3 MB); all are counted.
pub const LISTED_SKIPS_MAX: usize = 10_000;

/// Why a message could not be imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SkipReason {
    /// It is larger than may be imported.
    #[error("larger than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// Its file cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// Its file was there when the folder was listed and is gone now.
    #[error("gone while the source was read")]
    Vanished,
    /// Its server had compressed it.
    #[error("compressed by its server ({0}): unpack the files first")]
    Compressed(&'static str),
    /// The account's quota has no room for it.
    #[error("no room: the quota of {} is reached", kind_text(*.0))]
    OverQuota(QuotaKind),
}

fn kind_text(kind: QuotaKind) -> &'static str {
    match kind {
        QuotaKind::Bytes => "bytes",
        QuotaKind::Messages => "messages",
    }
}

impl SkipReason {
    /// A word for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too_large",
            Self::Unreadable(_) => "unreadable",
            Self::Vanished => "vanished",
            Self::Compressed(_) => "compressed",
            Self::OverQuota(_) => "over_quota",
        }
    }
}

/// A message that was not imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skip {
    /// The folder of the source.
    pub folder: MailboxPath,
    /// Where it is in the source.
    pub place: Place,
    /// Why.
    pub reason: SkipReason,
}

/// How an import ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ended {
    /// The source is read to its end.
    #[default]
    Complete,
    /// The quota is exhausted: run it again when there is room.
    OverQuota(QuotaKind),
}

/// Messages counted. Each one found is in exactly one of imported, present and skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Messages found in the source so far.
    pub found: u64,
    /// Messages that are new in the account.
    pub imported: u64,
    /// Messages that an earlier run had imported.
    pub present: u64,
    /// Messages that could not be imported.
    pub skipped: u64,
    /// What is no mail: records of mail programs, and messages these had deleted.
    pub dropped: u64,
    /// Bytes of the imported messages.
    pub bytes: u64,
}

impl Counts {
    /// Counts others too.
    pub(super) fn add(&mut self, other: Self) {
        self.found += other.found;
        self.imported += other.imported;
        self.present += other.present;
        self.skipped += other.skipped;
        self.dropped += other.dropped;
        self.bytes += other.bytes;
    }
}

/// What was done with one folder of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderReport {
    /// The mailbox it went to.
    pub mailbox: MailboxPath,
    /// Its messages.
    pub counts: Counts,
}

/// What an import did, so far or in all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportReport {
    /// All messages.
    pub counts: Counts,
    /// The messages of each folder of the source.
    pub folders: BTreeMap<MailboxPath, FolderReport>,
    /// The folder that is being read.
    pub current: Option<MailboxPath>,
    /// The first of the skipped messages ([`LISTED_SKIPS_MAX`]).
    pub skips: Vec<Skip>,
    /// How much of the source is read.
    pub source_done: u64,
    /// How much there is.
    pub source_total: Option<u64>,
    /// In what these two are counted.
    pub source_unit: SourceUnit,
    /// How it ended.
    pub ended: Ended,
}

impl ImportReport {
    /// How much of the source is read, of a hundred.
    pub fn percent(&self) -> Option<u8> {
        let total = self.source_total.filter(|total| *total > 0)?;
        let percent = u128::from(self.source_done.min(total)) * 100 / u128::from(total);
        u8::try_from(percent).ok()
    }

    /// Counts messages of a folder.
    pub(super) fn count(&mut self, folder: &MailboxPath, counts: Counts) {
        self.counts.add(counts);
        if let Some(report) = self.folders.get_mut(folder) {
            report.counts.add(counts);
        }
    }

    /// Counts and lists a message that is not taken.
    pub(super) fn skip(&mut self, skip: Skip) {
        let counts = Counts {
            found: 1,
            skipped: 1,
            ..Counts::default()
        };
        self.count(&skip.folder, counts);
        self.list(skip);
    }

    /// Lists a message that is counted already.
    pub(super) fn list(&mut self, skip: Skip) {
        if self.skips.len() < LISTED_SKIPS_MAX {
            self.skips.push(skip);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_never_exceed_a_hundred() {
        let report = |source_done, source_total| ImportReport {
            source_done,
            source_total,
            ..ImportReport::default()
        };
        assert_eq!(report(1, Some(3)).percent(), Some(33));
        assert_eq!(report(9, Some(3)).percent(), Some(100));
        assert_eq!(report(9, Some(0)).percent(), None);
        assert_eq!(report(9, None).percent(), None);
    }

    #[test]
    fn skips_are_counted_beyond_the_list() {
        let mut report = ImportReport::default();
        for offset in 0..=LISTED_SKIPS_MAX as u64 {
            report.skip(Skip {
                folder: MailboxPath::inbox(),
                place: Place {
                    file: "a".to_owned(),
                    offset: Some(offset),
                },
                reason: SkipReason::TooLarge { limit: 1 },
            });
        }
        assert_eq!(report.counts.skipped, LISTED_SKIPS_MAX as u64 + 1);
        assert_eq!(report.skips.len(), LISTED_SKIPS_MAX);
        assert_eq!(report.counts.found, report.counts.skipped);
    }
}
