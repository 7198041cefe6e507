//! What an import is told.

use serde::{Deserialize, Serialize};

use super::{
    EmptyCells,
    columns::Column,
    sheet::{EncodingChoice, SeparatorChoice},
};

/// What the rows are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// New accounts; one that exists is an error of its row.
    #[default]
    Add,
    /// Changes; one that does not exist is an error of its row.
    Update,
    /// What exists is changed, what does not is made.
    Both,
    /// The accounts of these addresses are deleted (they can be restored for a while).
    Delete,
}

/// Whether anything is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trial {
    /// Everything is tried and nothing is kept: the result says what would come of each row.
    DryRun,
    /// The rows are carried out.
    #[default]
    ForReal,
}

/// What one wrong row means for the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Atomicity {
    /// Nothing: the others are carried out.
    #[default]
    Rows,
    /// None of them is carried out.
    All,
}

/// Where the passwords of new accounts come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Passwords {
    /// From the column; without one nobody can sign in with a password yet.
    #[default]
    Given,
    /// From the column, else made up: a file that is given out once has them.
    Generate,
}

/// What an import is told.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImportOptions {
    /// The name of the file, for people.
    pub file: String,
    /// Its encoding.
    pub encoding: EncodingChoice,
    /// What stands between its cells.
    pub separator: SeparatorChoice,
    /// What the rows are for.
    pub mode: Mode,
    /// Whether anything is changed.
    pub trial: Trial,
    /// What one wrong row means for the others.
    pub atomicity: Atomicity,
    /// Where passwords come from.
    pub passwords: Passwords,
    /// What an empty cell means for an account that exists.
    pub empty: EmptyCells,
    /// What each column of the file is, where the headings do not say it.
    pub columns: Option<Vec<Option<Column>>>,
    /// The template of new accounts, by id or name; none: `standard`.
    pub template: Option<String>,
    /// How many rows are to be deleted, typed by a person: [`Mode::Delete`] asks for it.
    pub confirm: Option<u64>,
}
