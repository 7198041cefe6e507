//! What the store promises, proved on both engines.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod concurrency;
mod disk_full;
mod groups;
mod hints;
mod ids;
mod lanes;
mod log;
mod migrations;
mod own_server;
mod postgres_only;
mod reads;
mod server_away;
mod support;
mod transactions;
mod turns;
mod values;
