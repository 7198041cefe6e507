//! Taking jobs, keeping them, and taking back those of a process that died.
//!
//! A claim names who runs the job, until when, and the how-manieth attempt it is; everything a run
//! writes is guarded by all of that. While its process lives the lease is renewed; the jobs of one
//! that died are given to others when it is over.

use std::time::Duration;

use hikyaku_db::{DbError, Tx, Value, WriteTx, params, sql::in_list};
use hikyaku_types::{JobId, TenantId, Timestamp};

use crate::{
    look::{self, Kinds},
    model::tenant,
    settle,
};

/// How long a job waits after the death of its process until another one goes on with it (default
/// 2 minutes): renewed four times as often, so that a slow moment loses nothing.
pub const LEASE: Duration = Duration::from_mins(2);

/// How often leases are renewed.
pub(crate) const RENEW_EVERY: Duration = Duration::from_secs(30);

/// Claims of one job that may end without a word (default 3): a work that panics or kills its
/// process is not tried for ever.
pub const MAX_STRIKES: i64 = 3;

/// Who claims: one runner of one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RunnerId(pub(crate) JobId);

/// What guards everything a run writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub(crate) job: JobId,
    pub(crate) runner: RunnerId,
    pub(crate) attempt: i64,
}

/// A job that was claimed.
#[derive(Debug)]
pub(crate) struct Claim {
    pub(crate) ticket: Ticket,
    pub(crate) tenant: Option<TenantId>,
    pub(crate) kind: String,
    pub(crate) input: String,
    pub(crate) checkpoint: Option<String>,
    pub(crate) errors: u64,
}

/// Claims the job that is next: of the tenant with the fewest that run, then of the one served
/// longest ago, the oldest. None when nothing may begin.
pub(crate) fn next(
    tx: &WriteTx<'_>,
    runner: RunnerId,
    kinds: &Kinds,
    per_tenant: usize,
) -> Result<Option<Claim>, DbError> {
    let now = tx.now();
    for ready in look::look(tx, kinds, per_tenant)?.ready {
        let sql = first_of_tenant(kinds);
        let mut values: Vec<Value<'_>> = params![ready.tenant, now].to_vec();
        values.extend(kinds.values());
        let found = tx.query_opt(&sql, &values, |row| row.get::<JobId>(0))?;
        if let Some(job) = found {
            return take(tx, runner, job).map(Some);
        }
    }
    Ok(None)
}

fn first_of_tenant(kinds: &Kinds) -> String {
    format!(
        "SELECT id FROM job WHERE state = 1 AND tenant_id = ?1 AND due_at <= ?2 AND kind IN ({}) \
         ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED",
        in_list(3, kinds.len())
    )
}

fn take(tx: &WriteTx<'_>, runner: RunnerId, job: JobId) -> Result<Claim, DbError> {
    let now = tx.now();
    tx.query_one(
        "UPDATE job SET state = 2, lease_owner = ?2, lease_until = ?3, attempt = attempt + 1, \
         strikes = strikes + 1, started_at = ?4, progress_at = ?4, begun_done = done \
         WHERE id = ?1 RETURNING attempt, tenant_id, kind, input, checkpoint, errors",
        params![job, runner.0, now.plus(LEASE), now],
        |row| {
            Ok(Claim {
                ticket: Ticket {
                    job,
                    runner,
                    attempt: row.get(0)?,
                },
                tenant: tenant(row.get(1)?),
                kind: row.get(2)?,
                input: row.get(3)?,
                checkpoint: row.get(4)?,
                errors: row.get(5)?,
            })
        },
    )
}

/// Lengthens all leases of a runner.
pub(crate) fn renew(tx: &WriteTx<'_>, runner: RunnerId) -> Result<(), DbError> {
    tx.execute(
        "UPDATE job SET lease_until = ?2 WHERE state = 2 AND lease_owner = ?1",
        params![runner.0, tx.now().plus(LEASE)],
    )
    .map(drop)
}

/// Which of its jobs somebody wants to end.
pub(crate) fn to_cancel(tx: &Tx<'_>, runner: RunnerId) -> Result<Vec<JobId>, DbError> {
    tx.query(
        "SELECT id FROM job WHERE state = 2 AND lease_owner = ?1 AND cancel = 1",
        params![runner.0],
        |row| row.get(0),
    )
}

/// Whose jobs are taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leases {
    /// Those that are over.
    Over,
    /// Those of everybody else: nobody else can live (SQLite has one process).
    OfOthers,
}

/// Jobs taken back by one transaction at most: about 10 ms of writer time.
const TAKE_BACK: i64 = 50;

/// Lets the jobs of dead processes wait again, or end; says how many, so that the caller comes
/// again until it is none.
pub(crate) fn take_back(
    tx: &WriteTx<'_>,
    runner: RunnerId,
    which: Leases,
) -> Result<usize, DbError> {
    let until = match which {
        Leases::Over => tx.now(),
        Leases::OfOthers => Timestamp(i64::MAX),
    };
    let dead = tx.query(
        "SELECT id, lease_owner, attempt FROM job WHERE state = 2 AND lease_until <= ?1 \
         AND lease_owner <> ?2 ORDER BY lease_until, id LIMIT ?3 FOR UPDATE SKIP LOCKED",
        params![until, runner.0, TAKE_BACK],
        |row| {
            Ok(Ticket {
                job: row.get(0)?,
                runner: RunnerId(row.get(1)?),
                attempt: row.get(2)?,
            })
        },
    )?;
    for ticket in &dead {
        settle::died(tx, *ticket, "its process died")?;
    }
    Ok(dead.len())
}

/// When the first lease of somebody else is over.
pub(crate) fn first_over(tx: &Tx<'_>, runner: RunnerId) -> Result<Option<Timestamp>, DbError> {
    tx.query_opt(
        "SELECT lease_until FROM job WHERE state = 2 AND lease_owner <> ?1 \
         ORDER BY lease_until LIMIT 1",
        params![runner.0],
        |row| row.get(0),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However many jobs wait.
    #[tokio::test]
    async fn claiming_reads_what_it_takes() {
        let kinds = Kinds::new(["one", "two"]);
        hikyaku_db::testing::assert_only_searches(first_of_tenant(&kinds), 4).await;
    }
}
