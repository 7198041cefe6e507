//! Files of a job: what it works on, and what came of it.
//!
//! They are kept as rows, in pieces that are written in the transaction of the work they tell of:
//! after a crash a result has exactly the lines of what was done. Nobody holds a whole one in
//! memory, but for [`take_once`].

use std::time::Duration;

use hikyaku_db::{DbError, Row, Tx, WriteTx, params};
use hikyaku_types::{JobId, Timestamp};

use crate::{JobsError, model::count};

/// Bytes of one file at most (default 128 MiB): four times the largest upload.
pub const MAX_FILE_BYTES: u64 = 128 << 20;

/// Bytes of one row at most (default 256 KiB).
pub const PART_BYTES: usize = 256 << 10;

/// How long a result that is given out once waits for that (default 24 hours).
pub const ONCE_KEPT: Duration = Duration::from_hours(24);

/// What a file is to its job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileRole {
    /// What it works on; deleted when the job ends, and shown to nobody.
    Input,
    /// A result, kept as long as the job.
    Result,
    /// A result with secrets: deleted when it is downloaded, and after [`ONCE_KEPT`].
    OnceOnly,
}

impl FileRole {
    const fn number(self) -> i64 {
        match self {
            Self::Input => 1,
            Self::Result => 2,
            Self::OnceOnly => 3,
        }
    }
}

/// A file to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileSpec {
    /// Its name, `result.csv`.
    pub name: &'static str,
    /// What it is to the job.
    pub role: FileRole,
    /// Its media type, `text/csv; charset=utf-8`.
    pub media_type: &'static str,
}

/// A file that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobFile {
    /// Its name.
    pub name: String,
    /// What it is to the job.
    pub role: FileRole,
    /// Its media type.
    pub media_type: String,
    /// Pieces, for [`read_part`].
    pub parts: u32,
    /// Bytes.
    pub size: u64,
    /// When it goes, if before its job.
    pub expires_at: Option<Timestamp>,
}

/// Adds bytes to the end of a file of a job; the first ones make it.
///
/// # Errors
/// [`JobsError::FileTooBig`].
pub fn attach(tx: &WriteTx<'_>, job: JobId, spec: FileSpec, bytes: &[u8]) -> Result<(), JobsError> {
    let pieces = bytes.chunks(PART_BYTES);
    let now = tx.now();
    let expires = (spec.role == FileRole::OnceOnly).then(|| now.plus(ONCE_KEPT));
    let (parts, size): (i64, u64) = tx.query_one(
        "INSERT INTO job_file (job_id, name, role, media_type, parts, size, created_at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (job_id, name) DO UPDATE SET parts = job_file.parts + excluded.parts,
             size = job_file.size + excluded.size, expires_at = excluded.expires_at
         RETURNING parts, size",
        params![
            job,
            spec.name,
            spec.role.number(),
            spec.media_type,
            count(pieces.len() as u64),
            count(bytes.len() as u64),
            now,
            expires,
        ],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    if size > MAX_FILE_BYTES {
        return Err(JobsError::FileTooBig);
    }
    let first = parts - count(pieces.len() as u64);
    for (part, piece) in (first..).zip(pieces) {
        tx.execute(
            "INSERT INTO job_file_part (job_id, name, part, bytes) VALUES (?1, ?2, ?3, ?4)",
            params![job, spec.name, part, piece],
        )?;
    }
    Ok(())
}

/// The results of a job; its inputs are its own.
pub fn files(tx: &Tx<'_>, job: JobId) -> Result<Vec<JobFile>, JobsError> {
    let sql =
        format!("SELECT {COLUMNS} FROM job_file WHERE job_id = ?1 AND role > 1 ORDER BY name");
    Ok(tx.query(&sql, params![job], read)?)
}

/// One file of a job, also an input.
///
/// # Errors
/// [`JobsError::NoSuchFile`].
pub fn file(tx: &Tx<'_>, job: JobId, name: &str) -> Result<JobFile, JobsError> {
    let shown = || JobsError::NoSuchFile(name.chars().take(64).collect());
    if name.contains('\0') {
        return Err(shown());
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM job_file WHERE job_id = ?1 AND name = ?2 \
         AND (expires_at IS NULL OR expires_at > ?3)"
    );
    let found = tx.query_opt(&sql, params![job, name, tx.now()], read)?;
    found.ok_or_else(shown)
}

/// One piece of a file; none behind the last.
pub fn read_part(
    tx: &Tx<'_>,
    job: JobId,
    name: &str,
    part: u32,
) -> Result<Option<Vec<u8>>, JobsError> {
    Ok(tx.query_opt(
        "SELECT bytes FROM job_file_part WHERE job_id = ?1 AND name = ?2 AND part = ?3",
        params![job, name, part],
        |row| row.get(0),
    )?)
}

/// Gives out a result with secrets and deletes it: two who ask at once get it once.
///
/// # Errors
/// [`JobsError::NoSuchFile`].
pub fn take_once(tx: &WriteTx<'_>, job: JobId, name: &str) -> Result<Vec<u8>, JobsError> {
    let missing = || JobsError::NoSuchFile(name.chars().take(64).collect());
    tx.query_opt(
        "SELECT role FROM job_file WHERE job_id = ?1 AND name = ?2 AND role = 3 FOR UPDATE",
        params![job, name],
        |_| Ok(()),
    )?
    .ok_or_else(missing)?;
    let mut bytes = Vec::new();
    tx.query(
        "SELECT bytes FROM job_file_part WHERE job_id = ?1 AND name = ?2 ORDER BY part",
        params![job, name],
        |row| {
            bytes.extend_from_slice(row.blob(0)?);
            Ok(())
        },
    )?;
    delete(tx, job, name)?;
    Ok(bytes)
}

/// Deletes a file.
pub(crate) fn delete(tx: &WriteTx<'_>, job: JobId, name: &str) -> Result<(), DbError> {
    for sql in [
        "DELETE FROM job_file_part WHERE job_id = ?1 AND name = ?2",
        "DELETE FROM job_file WHERE job_id = ?1 AND name = ?2",
    ] {
        tx.execute(sql, params![job, name])?;
    }
    Ok(())
}

/// Deletes what a job works on: it has ended.
pub(crate) fn delete_inputs(tx: &WriteTx<'_>, job: JobId) -> Result<(), DbError> {
    let names = tx.query(
        "SELECT name FROM job_file WHERE job_id = ?1 AND role = 1",
        params![job],
        |row| row.get::<String>(0),
    )?;
    for name in names {
        delete(tx, job, &name)?;
    }
    Ok(())
}

const COLUMNS: &str = "name, role, media_type, parts, size, expires_at";

fn read(row: &Row<'_>) -> Result<JobFile, DbError> {
    Ok(JobFile {
        name: row.get(0)?,
        role: match row.get(1)? {
            1_i64 => FileRole::Input,
            2 => FileRole::Result,
            // What is not known is treated with most care.
            _ => FileRole::OnceOnly,
        },
        media_type: row.get(2)?,
        parts: row.get(3)?,
        size: row.get(4)?,
        expires_at: row.get(5)?,
    })
}
