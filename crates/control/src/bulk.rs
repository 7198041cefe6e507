//! Many accounts at once: tables in (T-029), tables out (T-030), and one change for all that were
//! chosen (F-42). All of it runs as jobs.

pub mod columns;
mod draft;
pub mod sheet;

pub use draft::{Draft, EmptyCells, Fields, Flaw};
