//! Forgetting what is past its time.

use std::time::Duration;

use hikyaku_db::{Database, DbError, Lane, WriteTx, params};
use hikyaku_types::JobId;

use crate::{cancel, file};

/// How long jobs that ended are kept with their results (default 7 days, AD-34).
pub const RETENTION: Duration = Duration::from_hours(7 * 24);

/// Jobs or files removed by one transaction at most: about 10 ms of writer time.
const CHUNK: i64 = 20;

const PAST_JOBS: &str = "SELECT id FROM job WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2";
const PAST_FILES: &str =
    "SELECT job_id, name FROM job_file WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2";

/// Forgets jobs that ended [`RETENTION`] ago, and results that were to be taken within
/// [`crate::ONCE_KEPT`] and were not; says how many jobs.
pub async fn purge(db: &Database) -> Result<u64, DbError> {
    let mut forgotten = 0;
    loop {
        let (jobs, files) = db.write(Lane::Background, chunk).await?;
        forgotten += jobs as u64;
        if jobs + files == 0 {
            return Ok(forgotten);
        }
    }
}

fn chunk(tx: &WriteTx<'_>) -> Result<(usize, usize), DbError> {
    let now = tx.now();
    let jobs: Vec<JobId> = tx.query(PAST_JOBS, params![now, CHUNK], |row| row.get(0))?;
    for job in &jobs {
        cancel::remove(tx, *job)?;
    }
    let files = tx.query(PAST_FILES, params![now, CHUNK], |row| {
        Ok((row.get::<JobId>(0)?, row.get::<String>(1)?))
    })?;
    for (job, name) in &files {
        file::delete(tx, *job, name)?;
    }
    Ok((jobs.len(), files.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However many jobs are kept.
    #[tokio::test]
    async fn what_is_past_its_time_is_found_by_index() {
        for sql in [PAST_JOBS, PAST_FILES] {
            hikyaku_db::testing::assert_only_searches(sql.to_owned(), 2).await;
        }
    }
}
