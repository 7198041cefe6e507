//! The list of an account's imports.

use hikyaku_db::params;
use hikyaku_directory::AccountScope;
use hikyaku_types::{ImportRunId, Timestamp};

use crate::{Mailstore, accounts, error::MailError};

use super::{super::Counts, state::RunState};

/// An import, done or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportRun {
    /// Its id.
    pub id: ImportRunId,
    /// What was read, such as `maildir:/old/Maildir`.
    pub source: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it last wrote something down.
    pub changed_at: Timestamp,
    /// How it stands.
    pub state: RunState,
    /// What it counted.
    pub counts: Counts,
}

impl Mailstore {
    /// The newest imports of an account ([`RUNS_KEPT_MAX`](super::RUNS_KEPT_MAX)), newest first.
    pub async fn import_runs(&self, scope: AccountScope) -> Result<Vec<ImportRun>, MailError> {
        self.db()
            .read(move |tx| {
                accounts::usage(tx, scope)?;
                Ok(tx.query(
                    "SELECT id, source, started_at, changed_at, state, found, imported, present, \
                     skipped, dropped, bytes FROM import_run WHERE account_id = ?1 \
                     ORDER BY started_at DESC, id DESC",
                    params![scope.account],
                    |row| {
                        Ok(ImportRun {
                            id: row.get(0)?,
                            source: row.get(1)?,
                            started_at: row.get(2)?,
                            changed_at: row.get(3)?,
                            state: RunState::from_code(row.get(4)?),
                            counts: Counts {
                                found: row.get(5)?,
                                imported: row.get(6)?,
                                present: row.get(7)?,
                                skipped: row.get(8)?,
                                dropped: row.get(9)?,
                                bytes: row.get(10)?,
                            },
                        })
                    },
                )?)
            })
            .await
    }
}
