//! What can be done in the background.

use futures_util::future::BoxFuture;

use crate::{JobError, Run};

/// One kind of background work. `server` registers each with the [`crate::Runner`].
///
/// A work calls [`Run::check`] between its steps, puts what it has done into checkpoints, and after
/// a crash begins again from the last one ([`Run::state`]). It must not hold up its thread: what
/// computes runs on `tokio::task::spawn_blocking`.
pub trait Work: std::fmt::Debug + Send + Sync + 'static {
    /// The word of the kind; never changed once it is in use.
    fn kind(&self) -> &'static str;

    /// Does it. Units that could not be done are counted in the checkpoints; an error means that
    /// the job as a whole ends here.
    fn run(&self, run: Run) -> BoxFuture<'static, Result<(), JobError>>;
}
