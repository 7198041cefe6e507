//! What an import did.

use std::collections::BTreeMap;

use crate::{error::QuotaKind, name::MailboxPath};

/// Most failures listed one by one (1,000); all are counted.
pub const LISTED_FAILURES_MAX: usize = 1_000;

/// Why a message could not be imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FailureReason {
    /// It is larger than may be imported.
    #[error("larger than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// Its file cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// The account's quota has no room for it.
    #[error("over quota ({0:?})")]
    OverQuota(QuotaKind),
}

/// A message that was not imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Where it is in the source.
    pub place: String,
    /// Why.
    pub reason: FailureReason,
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

/// What an import did, so far or in all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportReport {
    /// Messages that are new in the account.
    pub imported: u64,
    /// Messages that an earlier run had imported and that are still there.
    pub skipped: u64,
    /// Messages that could not be imported.
    pub failed: u64,
    /// The first of those ([`LISTED_FAILURES_MAX`]).
    pub failures: Vec<Failure>,
    /// Messages imported into each folder.
    pub folders: BTreeMap<MailboxPath, u64>,
    /// Bytes of the imported messages.
    pub bytes: u64,
    /// How much of the source is read, in the unit of `source_total`.
    pub source_done: u64,
    /// How much there is, in bytes or files.
    pub source_total: Option<u64>,
    /// How it ended.
    pub ended: Ended,
}

impl ImportReport {
    /// Messages that were looked at.
    pub fn done(&self) -> u64 {
        self.imported + self.skipped + self.failed
    }

    /// How much of the source is read, of a hundred.
    pub fn percent(&self) -> Option<u8> {
        let total = self.source_total.filter(|total| *total > 0)?;
        let percent = u128::from(self.source_done.min(total)) * 100 / u128::from(total);
        u8::try_from(percent).ok()
    }

    pub(super) fn fail(&mut self, place: String, reason: FailureReason) {
        self.failed += 1;
        if self.failures.len() < LISTED_FAILURES_MAX {
            self.failures.push(Failure { place, reason });
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
    fn failures_are_counted_beyond_the_list() {
        let mut report = ImportReport::default();
        for n in 0..=LISTED_FAILURES_MAX {
            report.fail(n.to_string(), FailureReason::TooLarge { limit: 1 });
        }
        assert_eq!(report.failed, LISTED_FAILURES_MAX as u64 + 1);
        assert_eq!(report.failures.len(), LISTED_FAILURES_MAX);
        assert_eq!(report.done(), report.failed);
    }
}
