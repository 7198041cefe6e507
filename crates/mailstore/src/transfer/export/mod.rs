//! Writing mail out, streamed.

mod maildir;
mod mbox;
mod private;
mod root;
mod run;

pub use run::{EXPORT_BATCH_BYTES, ExportFormat, ExportOptions, ExportReport};
