//! What came of each row: the result file.

use hikyaku_jobs::{FileRole, FileSpec};

use super::{Flaw, sheet::Writer};

/// One line for each row.
pub const RESULT: FileSpec = FileSpec {
    name: "result.csv",
    role: FileRole::Result,
    media_type: "text/csv; charset=utf-8",
};

/// Passwords that were made up, given out once.
pub const PASSWORDS: FileSpec = FileSpec {
    name: "passwords.csv",
    role: FileRole::OnceOnly,
    media_type: "text/csv; charset=utf-8",
};

/// What is done with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// An account is made.
    Create,
    /// An account is changed.
    Update,
    /// An account is deleted.
    Delete,
    /// Nothing: the row is wrong.
    None,
}

impl Action {
    /// The word in results.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::None => "none",
        }
    }
}

/// How it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Done.
    Done,
    /// It would be done: a dry run.
    Would,
    /// Not done: this row is wrong.
    Wrong,
    /// Not done because of others.
    Held,
}

impl Outcome {
    /// The word in results.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Would => "would_be_done",
            Self::Wrong => "error",
            Self::Held => "not_done",
        }
    }
}

/// The headings of a result, with the mark by which Excel knows UTF-8.
pub(super) fn headings() -> String {
    let mut writer = Writer::default();
    writer.row([
        "row", "address", "action", "outcome", "column", "message", "warning",
    ]);
    format!("\u{feff}{}", writer.take())
}

/// One line of a result.
pub(super) struct Line<'a> {
    pub(super) row: u64,
    pub(super) address: &'a str,
    pub(super) action: Action,
    pub(super) outcome: Outcome,
    pub(super) flaws: &'a [Flaw],
    pub(super) warning: &'a str,
}

impl Line<'_> {
    pub(super) fn write(&self, writer: &mut Writer) {
        let columns: Vec<&str> = self.flaws.iter().filter_map(|flaw| flaw.column).collect();
        let details: Vec<&str> = self.flaws.iter().map(|flaw| flaw.detail.as_str()).collect();
        writer.row([
            self.row.to_string().as_str(),
            self.address,
            self.action.word(),
            self.outcome.word(),
            &columns.join("; "),
            &details.join("; "),
            self.warning,
        ]);
    }
}
