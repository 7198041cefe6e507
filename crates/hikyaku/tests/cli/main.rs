//! The command line of the real binary: every command while a server runs (over its socket) and
//! while none does (on the store itself), for people and with `--json` for scripts.
//!
//! What is compared is what scripts may rely on: exit codes, fields, codes of problems, and of
//! texts only the words that say what to do.

mod scene;

mod accounts;
mod aliases;
mod configuration;
mod doctor;
mod exporting;
mod help;
mod import_accounts;
mod importing;
mod importing_again;
mod init;
mod limits;
mod locking;
mod memory;
mod postgres;
mod queue;
mod restore;
mod serving;
mod socket;
mod tenants;
mod trace;
