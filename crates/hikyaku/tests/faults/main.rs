//! Faults: the real binary is killed, loses its power, its disk or its database, and meets clients
//! that mean no good (design §7). What was acknowledged is there afterwards, exactly once.
//!
//! `HIKYAKU_TEST_SEED` makes other choices than usual, `HIKYAKU_TEST_CRASH_ROUNDS` and
//! `HIKYAKU_TEST_POWER_CUTS` make more of them.

mod certificates;
mod crash;
mod disk_errors;
mod disk_full;
mod drain;
mod flood;
mod hostile;
mod ledger;
mod nodes;
mod objects;
mod postgres_restart;
mod power_cut;
mod scene;
mod senders;
mod watcher;
