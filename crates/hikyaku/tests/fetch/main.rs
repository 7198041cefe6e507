//! `hikyaku mailbox fetch` with the real binary: from a second host of ours, and from Dovecot of
//! Debian.

mod certificates;
mod command;
mod dovecot;
mod interruption;
mod moving;
mod scene;
