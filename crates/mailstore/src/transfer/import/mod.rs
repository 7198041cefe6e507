//! The import itself: a thread reads and prepares, the writer takes batches.

mod batch;
mod options;
mod reading;
mod run;
mod runs;
mod state;
mod usual;

pub use options::{FolderNames, Gone, ImportOptions, Start, WhenFull};
pub use reading::IMPORT_BATCH_BYTES;
pub use run::IMPORT_MESSAGE_BYTES_MAX;
pub use runs::ImportRun;
pub use state::{RUNS_KEPT_MAX, RunState};
