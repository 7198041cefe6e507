//! Whether a tenant's service runs: what is stored, and what follows from it at an instant.
//!
//! The dates decide at the instant they name, whether or not anybody has written the new status
//! down yet: [`Standing::at`] is what every door asks. [`settle`] writes it down later, so that
//! open sessions learn of it.

use hikyaku_db::{DbError, Hint, Row, Tx, WriteTx, params};
use hikyaku_types::Timestamp;

use super::TenantStatus;
use crate::{DirectoryError, PlatformScope, TenantScope, stored::Stored};

/// What the row of a tenant says about its service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// As written.
    pub written: TenantStatus,
    /// When a preparing tenant becomes active (O-010).
    pub service_start_at: Option<Timestamp>,
    /// When the contract ends, or ended.
    pub end_at: Option<Timestamp>,
}

/// The columns of the table `tenant t` that [`Standing::read`] reads.
pub const STANDING_COLUMNS: &str = "t.status, t.service_start_at, t.end_at";
/// How many they are.
pub const STANDING_COLUMN_COUNT: usize = 3;

impl Standing {
    /// The status in force at an instant.
    pub fn at(self, now: Timestamp) -> TenantStatus {
        if self.end_at.is_some_and(|end| end <= now) {
            return TenantStatus::Terminated;
        }
        let has_begun = self.service_start_at.is_some_and(|start| start <= now);
        match self.written {
            TenantStatus::Preparing if has_begun => TenantStatus::Active,
            written => written,
        }
    }

    /// The standing in a row that has [`STANDING_COLUMNS`] from `index` on.
    pub fn read(row: &Row<'_>, index: usize) -> Result<Self, DbError> {
        Ok(Self {
            written: TenantStatus::read(row, index)?,
            service_start_at: row.get(index + 1)?,
            end_at: row.get(index + 2)?,
        })
    }
}

/// The status in force as an expression on `tenant t`, with the instant in parameter `?now`.
pub(super) fn status_expression(now: usize) -> String {
    format!(
        "CASE WHEN t.end_at IS NOT NULL AND t.end_at <= ?{now} THEN 'terminated'
              WHEN t.status = 'preparing' AND t.service_start_at IS NOT NULL
                   AND t.service_start_at <= ?{now} THEN 'active'
              ELSE t.status END"
    )
}

/// A tenant whose status followed from a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// The tenant.
    pub scope: TenantScope,
    /// What was written.
    pub before: TenantStatus,
    /// What is in force, and written now.
    pub after: TenantStatus,
}

/// Writes the status in force of up to `limit` tenants whose date has come, and tells their
/// sessions.
pub fn settle(
    tx: &WriteTx<'_>,
    _operator: PlatformScope,
    limit: u32,
) -> Result<Vec<Settled>, DirectoryError> {
    let now = tx.now();
    let mut due = Vec::new();
    for statement in [DUE_START, DUE_END] {
        due.extend(due_by(tx, statement, limit)?);
    }
    let mut settled = Vec::new();
    for (scope, standing) in due {
        let after = standing.at(now);
        let written = tx.execute(
            "UPDATE tenant SET status = ?2, updated_at = ?4 WHERE id = ?1 AND status = ?3",
            params![scope.tenant, after.word(), standing.written.word(), now],
        )?;
        if written == 1 {
            tx.hint(Hint::Tenant(scope.tenant));
            settled.push(Settled {
                scope,
                before: standing.written,
                after,
            });
        }
    }
    if !settled.is_empty() {
        tx.hint(Hint::Directory);
    }
    Ok(settled)
}

fn due_by(
    tx: &Tx<'_>,
    statement: &str,
    limit: u32,
) -> Result<Vec<(TenantScope, Standing)>, DbError> {
    tx.query(statement, params![tx.now(), limit], |row| {
        let tenant = row.get(0)?;
        Ok((TenantScope { tenant }, Standing::read(row, 1)?))
    })
}

const DUE_START: &str = "SELECT t.id, t.status, t.service_start_at, t.end_at FROM tenant t
     WHERE t.status = 'preparing' AND t.service_start_at <= ?1
       AND (t.end_at IS NULL OR t.end_at > ?1)
     ORDER BY t.service_start_at LIMIT ?2 FOR UPDATE";
const DUE_END: &str = "SELECT t.id, t.status, t.service_start_at, t.end_at FROM tenant t
     WHERE t.end_at IS NOT NULL AND t.end_at <= ?1 AND t.status <> 'terminated'
     ORDER BY t.end_at LIMIT ?2 FOR UPDATE";

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn dates_that_have_come_are_found_by_indexes() {
        for statement in [DUE_START, DUE_END] {
            let sql = statement.replace("FOR UPDATE", "");
            hikyaku_db::testing::assert_only_searches(sql, 2).await;
        }
    }

    #[test]
    fn dates_decide_at_the_instant_they_name() {
        let standing = |written, start, end| Standing {
            written,
            service_start_at: start,
            end_at: end,
        };
        let (before, at) = (Timestamp(999), Timestamp(1_000));
        let preparing = standing(TenantStatus::Preparing, Some(at), None);
        assert_eq!(preparing.at(before), TenantStatus::Preparing);
        assert_eq!(preparing.at(at), TenantStatus::Active);
        let ending = standing(TenantStatus::Active, None, Some(at));
        assert_eq!(ending.at(before), TenantStatus::Active);
        assert_eq!(ending.at(at), TenantStatus::Terminated);
        let waiting = standing(TenantStatus::Preparing, None, None);
        assert_eq!(waiting.at(at), TenantStatus::Preparing);
        let suspended = standing(TenantStatus::Suspended, Some(before), None);
        assert_eq!(suspended.at(at), TenantStatus::Suspended);
    }
}
