//! Usage, measured aside: what pools hold, lists of mailboxes by size, the history for charts.
//!
//! Invariants:
//! - Nothing here runs on the way of a message, or locks an account: it reads the counters that
//!   deliveries keep ([`totals`]), and writes tables that only lists and charts read.
//! - Work is done in sets, a statement for many accounts, in chunks of named size.
//! - What is in no mailbox does not count: neither what can be restored nor what is in quarantine
//!   (O-016). Whoever keeps mail outside of mailboxes keeps it out of the accounts' counters.

mod accounts;
mod history;
mod top;
mod totals;

pub use accounts::{
    ACCOUNTS_CHUNK, AccountUsage, Crossing, Cursor, NOTICE_HYSTERESIS_PERMILLE, Order, Refresh,
    list, refresh, stale,
};
pub use history::{
    DAYS_KEPT, HOURS_KEPT, Measured, PURGE_CHUNK, Point, Resolution, purge, record, series,
};
pub use top::{TOP_PLACES, TopAccount, record_top, top};
pub use totals::{Totalled, totals};
