//! Usage, quota and locks (C-01 to C-03, C-20, O-013 to O-016, T-009 to T-012, T-031, OP-13), and
//! what is done about full mailboxes: initialise (T-032, U-008) and repair (U-009).
//!
//! Invariants:
//! - [`Meter`] measures aside from the mail: it reads counters, and locks only the rows of pools.
//! - A lock and its end are told once, in the transaction that decides them, and are in the log.
//! - What administrators are shown is the last measurement, with its time; what a person is shown
//!   of the own mailbox is exact.

mod banner;
mod initialise;
mod locks;
mod measure;
mod policy;
mod read;
mod repair;
mod tell;

use std::sync::Arc;

use hikyaku_jobs::Work;
use hikyaku_mailstore::Mailstore;

pub use banner::{Banner, BannerKind};
pub use initialise::{Afterwards, Initialise, initialise, initialise_own};
pub use locks::{MAX_REASON_CHARS, extend, list, set_domain_pool, unlock};
pub use measure::{MEASURE_EVERY, Meter, Report, TENANTS_PAGE};
pub use policy::{UsagePolicy, policy, set_policy};
pub use read::{
    Accounts, Overview, OwnUsage, PAGE_MAX, Series, Span, accounts, history, of_domain, of_tenant,
    overview, own,
};
pub use repair::{Repair, repair, repair_own};

/// The background works of this area.
pub fn works(mailstore: &Mailstore) -> Vec<Arc<dyn Work>> {
    vec![
        Arc::new(Initialise::new(mailstore.clone())),
        Arc::new(Repair::new(mailstore.clone())),
    ]
}
