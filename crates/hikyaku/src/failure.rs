//! What ends a command early, in words and as an exit code.
//!
//! | code | meaning |
//! | --- | --- |
//! | 0 | done |
//! | 1 | refused: the command or its data is wrong; nothing was changed |
//! | 2 | usage: options or arguments are wrong |
//! | 3 | done, and something needs a look: inconsistencies found, rows skipped |
//! | 4 | not possible now: the server or its store cannot be reached; try again |

use std::{fmt, process::ExitCode};

use hikyaku_server::StoreError;
use serde_json::{Value, json};

/// The exit code of a command that found something to look at.
pub(crate) const NEEDS_A_LOOK: u8 = 3;

/// A command that did not do what it was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The services refused, and said why.
    Refused(Problem),
    /// Options or arguments that clap could not judge.
    Usage(String),
    /// The server or the store cannot be reached.
    Unavailable(String),
    /// Anything else on this side: files, the terminal.
    Local(anyhow::Error),
}

/// An error answer of the API (RFC 9457).
#[derive(Debug, Clone, serde::Deserialize)]
pub(crate) struct Problem {
    /// HTTP status.
    #[serde(default)]
    pub(crate) status: u16,
    /// Stable code, such as `address_taken`.
    #[serde(default)]
    pub(crate) code: String,
    /// What is wrong and what to do.
    #[serde(default)]
    pub(crate) detail: String,
    /// One entry per row or field that is wrong.
    #[serde(default)]
    pub(crate) errors: Vec<ProblemEntry>,
}

/// One wrong row or field.
#[derive(Debug, Clone, serde::Deserialize)]
pub(crate) struct ProblemEntry {
    /// The row of an imported file, from 1 (the header is row 1).
    #[serde(default)]
    pub(crate) row: Option<u64>,
    /// The column or field.
    #[serde(default)]
    pub(crate) field: Option<String>,
    /// What is wrong.
    pub(crate) detail: String,
}

impl Failure {
    /// The store cannot be opened: it is in use, or its database cannot be reached.
    pub(crate) fn store(error: StoreError) -> Self {
        let error = anyhow::Error::new(error);
        Self::Unavailable(format!("cannot open the store: {error:#}"))
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Refused(problem) if problem.status >= 500 => 4,
            Self::Refused(_) | Self::Local(_) => 1,
            Self::Usage(_) => 2,
            Self::Unavailable(_) => 4,
        })
    }

    /// Tells on standard error; with `--json` as one JSON object.
    pub(crate) fn report(&self, json: bool) {
        if json {
            eprintln!("{}", self.to_json());
        } else {
            eprintln!("hikyaku: {self}");
        }
    }

    fn to_json(&self) -> Value {
        match self {
            Self::Refused(problem) => {
                let errors: Vec<Value> = problem
                    .errors
                    .iter()
                    .map(|e| json!({"row": e.row, "field": e.field, "detail": e.detail}))
                    .collect();
                json!({"code": problem.code, "status": problem.status,
                       "detail": problem.detail, "errors": errors})
            }
            Self::Usage(text) => json!({"code": "usage", "detail": text}),
            Self::Unavailable(text) => json!({"code": "unavailable", "detail": text}),
            Self::Local(error) => json!({"code": "local", "detail": format!("{error:#}")}),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(problem) => {
                // One wrong field says in its entry what the whole says.
                if let [only] = problem.errors.as_slice()
                    && only.detail == problem.detail
                    && let Some(field) = &only.field
                {
                    return write!(f, "{field}: {}", only.detail);
                }
                f.write_str(&problem.detail)?;
                for entry in &problem.errors {
                    f.write_str("\n  ")?;
                    if let Some(row) = entry.row {
                        write!(f, "row {row}: ")?;
                    }
                    if let Some(field) = &entry.field {
                        write!(f, "{field}: ")?;
                    }
                    f.write_str(&entry.detail)?;
                }
                Ok(())
            }
            Self::Usage(text) | Self::Unavailable(text) => f.write_str(text),
            Self::Local(error) => write!(f, "{error:#}"),
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Local(error)
    }
}
