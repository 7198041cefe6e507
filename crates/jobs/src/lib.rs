//! Background work (処理) with progress, cancellation and results, that survives a restart
//! (design §1.7, AD-34).
//!
//! Whoever wants something long done calls [`submit`] in the transaction that decides it. A
//! [`Runner`] in some process claims the job with a lease, gives it to the [`Work`] of its kind,
//! and writes down what came of it.
//!
//! Invariants:
//! - A job ends exactly once, in one of the states of [`JobState::is_ended`].
//! - What a work does in the transaction of its checkpoint ([`Run::checkpoint_in`]) is done once:
//!   the transaction of a run that has lost its claim is rolled back. What it does elsewhere may be
//!   done again after a crash.
//! - A claim that ends without a word (a panic, a killed process) is a strike; after
//!   [`MAX_STRIKES`] the job has failed.
//! - No tenant takes all places, and among those who wait the one served longest ago is next.
//! - Files of input are deleted when the job ends; results that hold secrets are given out once.
#![deny(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod cancel;
mod claim;
mod error;
mod file;
mod look;
mod metrics;
mod model;
mod purge;
mod read;
mod run;
mod runner;
mod settle;
mod submit;
mod work;

pub use cancel::{Cancelled, cancel, delete};
pub use claim::{LEASE, MAX_STRIKES};
pub use error::{JobError, JobsError};
pub use file::{
    FileRole, FileSpec, JobFile, MAX_FILE_BYTES, ONCE_KEPT, PART_BYTES, attach, file, files,
    read_part, take_once,
};
pub use metrics::{JobMetrics, JobSnapshot};
pub use model::{Job, JobState, Owner};
pub use purge::{RETENTION, purge};
pub use read::{JobQuery, Visible, find, list};
pub use run::{Checkpoint, MAX_CHECKPOINT_BYTES, Run};
pub use runner::{Runner, RunnerOptions};
pub use submit::{MAX_INPUT_BYTES, MAX_WAITING, NewJob, submit};
pub use work::Work;
