//! Many accounts at once: tables in (T-029), tables out (T-030), and one change for all that were
//! chosen (F-42). All of it runs as jobs.

mod apply;
pub mod change;
pub mod columns;
mod draft;
pub mod export;
mod hashing;
pub mod import;
pub mod options;
pub mod report;
mod selection;
pub mod sheet;

use std::{sync::Arc, time::Duration};

use hikyaku_directory::password::HashParams;
use hikyaku_jobs::Work;

pub use draft::{Draft, EmptyCells, Flaw};
pub use selection::{MAX_SELECTED, Selection};

/// The works of this module: what a hash of a password costs, and how long expunged messages of new
/// accounts stay restorable.
pub fn works(hashing: HashParams, restore_window: Duration) -> Vec<Arc<dyn Work>> {
    let import = import::Import {
        hashing,
        restore_window,
    };
    vec![
        Arc::new(import),
        Arc::new(export::Export),
        Arc::new(change::ChangeMany),
    ]
}
