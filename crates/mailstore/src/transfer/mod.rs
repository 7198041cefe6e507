//! Moving mail in and out: mbox and Maildir, streamed, in constant memory.
//!
//! Import can be killed and run again. Each message is named by its content, the mailbox it goes
//! to and the number of the copy; what was imported under that name is noted in the transaction
//! that imports it, and so is how far the file was read. Export can be run again too: it goes on
//! where it stood.
//!
//! Invariants: no more than a few batches of messages are in memory; every message of a source is
//! accounted for in the report (imported, present, or skipped with a reason); files are read and
//! written on threads that may block.

mod error;
mod export;
mod import;
mod maildir;
mod mbox;
mod names;
mod opening;
mod report;
mod source;
mod subscribed;
mod text;
mod utf7;

pub use error::TransferError;
pub use export::{EXPORT_BATCH_BYTES, ExportFormat, ExportOptions, ExportReport};
pub use import::{
    FolderNames, Gone, IMPORT_BATCH_BYTES, IMPORT_MESSAGE_BYTES_MAX, ImportOptions, ImportRun,
    RUNS_KEPT_MAX, RunState, Start, WhenFull,
};
pub use maildir::MaildirSource;
pub use mbox::MboxSource;
pub use names::NameEncoding;
pub use report::{Counts, Ended, FolderReport, ImportReport, LISTED_SKIPS_MAX, Skip, SkipReason};
pub use source::{
    FileKey, Found, FoundFolder, Place, Position, Source, SourceMessage, SourceName, SourceUnit,
};
