//! Moving mail in and out: mbox and Maildir, streamed, in constant memory.
//!
//! Import can be killed and run again: each message is named by its content, its folder and its
//! place in the source, and what is there under that name is skipped. Export can be run again too:
//! it goes on where it stood.
//!
//! Invariants: no more than a few batches of messages are in memory; every message of a source is
//! accounted for in the report (imported, skipped or failed with a reason); files are read and
//! written on threads that may block.

mod error;
mod export;
mod import;
mod maildir;
mod mbox;
mod names;
mod report;
mod source;
mod text;
mod utf7;

pub use error::TransferError;
pub use export::{EXPORT_BATCH_BYTES, ExportFormat, ExportReport};
pub use import::{IMPORT_BATCH_BYTES, IMPORT_MESSAGE_BYTES_MAX};
pub use maildir::MaildirSource;
pub use mbox::MboxSource;
pub use report::{Ended, Failure, FailureReason, ImportReport, LISTED_FAILURES_MAX};
pub use source::{Found, Source, SourceMessage};
