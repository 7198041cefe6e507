//! Finding and listing jobs.

use std::fmt::Write as _;

use hikyaku_db::{Tx, Value, params};
use hikyaku_types::{JobId, TenantId};

use crate::{
    Job, JobState, JobsError, Owner,
    model::{COLUMNS, read, tenant_number},
};

/// Jobs of one page at most, whatever was asked for.
const MAX_PAGE: u32 = 500;

/// Whose jobs a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visible {
    /// All of the platform and its tenants.
    All,
    /// A tenant's.
    Tenant(TenantId),
    /// Those that somebody asked for.
    OwnedBy(Owner),
}

/// Which jobs to list, newest first.
#[derive(Debug, Clone)]
pub struct JobQuery {
    /// Whose.
    pub visible: Visible,
    /// Only in this state.
    pub state: Option<JobState>,
    /// Only of this kind.
    pub kind: Option<String>,
    /// Only those before this one: the last of the page before.
    pub before: Option<JobId>,
    /// At most so many, up to 500.
    pub limit: u32,
}

/// Jobs, newest first.
pub fn list(tx: &Tx<'_>, query: &JobQuery) -> Result<Vec<Job>, JobsError> {
    let before = query.before.unwrap_or_else(newest_possible);
    let mut values: Vec<Value<'_>> = params![before, query.limit.min(MAX_PAGE)].to_vec();
    let mut sql = format!("SELECT {COLUMNS} FROM job WHERE id < ?1");
    let mut and = |column: &str, value: Value<'static>| {
        values.push(value);
        let _ = write!(sql, " AND {column} = ?{}", values.len());
    };
    match query.visible {
        Visible::All => {}
        Visible::Tenant(tenant) => and("tenant_id", tenant_number(Some(tenant)).into()),
        Visible::OwnedBy(owner) => {
            let (kind, id) = owner.numbers();
            and("owner_kind", kind.into());
            and("owner_id", id.into());
        }
    }
    if let Some(state) = query.state {
        and("state", state.number().into());
    }
    if let Some(kind) = &query.kind {
        and("kind", kind.replace('\0', "").into());
    }
    sql.push_str(" ORDER BY id DESC LIMIT ?2");
    Ok(tx.query(&sql, &values, read)?)
}

/// One job.
///
/// # Errors
/// [`JobsError::NoSuchJob`].
pub fn find(tx: &Tx<'_>, job: JobId) -> Result<Job, JobsError> {
    let sql = format!("SELECT {COLUMNS} FROM job WHERE id = ?1");
    let found = tx.query_opt(&sql, params![job], read)?;
    found.ok_or(JobsError::NoSuchJob(job))
}

fn newest_possible() -> JobId {
    hikyaku_types::Id::from_i64(i64::MAX)
}
