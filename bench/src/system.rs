//! The systems under measurement.

pub mod debian;
pub mod hikyaku;
mod process;

use std::fmt::Debug;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use anyhow::{Context as _, Result};

pub use debian::Debian;
pub use hikyaku::Hikyaku;

/// How many accounts have a mailbox.
pub const ACCOUNTS: usize = 50;
/// The password of all of them.
pub const PASSWORD: &str = "bench-6TqkW2vQ";
/// Standard ports that are reached at the port base plus this.
pub const STANDARD_PORTS: [u16; 10] = [24, 25, 80, 110, 143, 443, 465, 587, 993, 995];

/// A mail system that can be started empty and loaded.
///
/// It listens on loopback; after [`System::start_fresh`] there are [`ACCOUNTS`] accounts with empty
/// mailboxes, and its ports answer.
pub trait System: Debug + Send + Sync {
    /// What it is called in the results.
    fn name(&self) -> &'static str;
    /// Versions, and the settings that decide what durable means.
    fn describe(&self) -> Result<Vec<(String, String)>>;
    /// Stops it, removes all mail, and starts it.
    fn start_fresh(&mut self) -> Result<()>;
    /// Stops it and removes its mail. One that does not run is fine.
    fn stop(&mut self) -> Result<()>;
    /// Where the service with this standard port is.
    fn address(&self, standard_port: u16) -> SocketAddr;
    /// Whether mail was accepted that is in no mailbox yet.
    fn has_waiting(&self) -> Result<bool>;
    /// The process that all others of the running system descend from.
    fn process(&self) -> Option<u32>;
}

/// The address of one of the accounts, which is also its sign-in.
pub fn address(account: usize) -> String {
    format!("user{}@bench.test", account % ACCOUNTS)
}

/// A number that all [`STANDARD_PORTS`] can be added to; each system takes one of its own.
///
/// The ranges lie below what the kernel hands out to clients, so none is taken in between.
fn free_port_base(lowest: u16) -> Result<u16> {
    let is_free = |base: &u16| {
        STANDARD_PORTS
            .iter()
            .all(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, base + port)).is_ok())
    };
    let bases = (lowest..lowest + 4_000).step_by(1_000);
    bases
        .into_iter()
        .find(is_free)
        .context("no range of ports is free")
}
