//! The import itself: a thread reads and prepares, the writer takes batches.

mod batch;
mod run;

pub use run::{IMPORT_BATCH_BYTES, IMPORT_MESSAGE_BYTES_MAX};
