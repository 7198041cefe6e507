//! What goes wrong with jobs: for those who ask for them, and for the works.

use hikyaku_db::DbError;
use hikyaku_types::JobId;

use crate::{MAX_FILE_BYTES, MAX_INPUT_BYTES, MAX_WAITING};

/// Why a function on jobs did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobsError {
    /// No such job, or none any more.
    #[error("there is no job {0}")]
    NoSuchJob(JobId),
    /// The job has no such file, or none any more.
    #[error("the job has no file \"{0}\" (any more)")]
    NoSuchFile(String),
    /// Only what has ended can be deleted.
    #[error("the job has not ended yet: cancel it first")]
    NotEnded,
    /// The tenant has as many jobs waiting as it may have.
    #[error("{MAX_WAITING} jobs are waiting already: try again when some of them are done")]
    TooManyWaiting,
    /// The description of the work is too long.
    #[error("the input of the job is longer than {MAX_INPUT_BYTES} bytes")]
    InputTooBig,
    /// A file grew over [`MAX_FILE_BYTES`].
    #[error("a file of a job holds {MAX_FILE_BYTES} bytes at most")]
    FileTooBig,
    /// The database failed.
    #[error("the jobs cannot be read or written")]
    Db(#[from] DbError),
}

/// Why a work ends without having done everything.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobError {
    /// It cannot be done. The text tells people why and what to do.
    #[error("{0}")]
    Failed(String),
    /// Somebody cancelled it.
    #[error("the job was cancelled")]
    Cancelled,
    /// The process stops; another one goes on from the last checkpoint.
    #[error("the process stops")]
    Stopping,
    /// Another process has the job by now: nothing of this run may be written any more.
    #[error("another process has taken over the job")]
    Lost,
    /// Something does not answer at present; the job is tried again later.
    #[error("not possible at present: {0}")]
    Later(String),
    /// The database failed.
    #[error("the database failed")]
    Db(#[from] DbError),
}

impl JobError {
    /// It cannot be done, for this reason.
    pub fn failed(reason: impl std::fmt::Display) -> Self {
        Self::Failed(reason.to_string())
    }
}

impl From<JobsError> for JobError {
    fn from(error: JobsError) -> Self {
        match error {
            JobsError::Db(error) => Self::Db(error),
            other => Self::Failed(other.to_string()),
        }
    }
}
