//! The mail store on both engines. Each scenario ends with the consistency checker.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod appending;
mod changes;
mod checking;
mod concurrency;
mod copying;
mod costs;
mod delivering;
mod erasing;
mod exporting;
mod expunging;
mod fixture;
mod flags;
mod importing;
mod importing_maildir;
mod importing_mbox;
mod isolation;
mod limits;
mod mailboxes;
mod objects;
mod purging;
mod quota;
mod reading;
mod renaming;
mod restoring;
mod rows;
mod searching;
mod threads;
mod transfers;
