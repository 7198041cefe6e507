//! Many accounts at once: tables in (T-029), tables out (T-030), and one change for all that were
//! chosen (F-42). All of it runs as jobs.

mod apply;
pub mod columns;
mod draft;
mod hashing;
pub mod import;
pub mod options;
pub mod report;
pub mod sheet;

pub use draft::{Draft, EmptyCells, Flaw};
