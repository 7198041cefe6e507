//! File descriptors: how many the process may have, and one in reserve.

use std::fs::File;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the soft limit of open files to the hard one and returns what the process may have
/// now (`u64::MAX` when there is no limit). A process that may not raise it keeps what it has.
pub fn raise_file_limit() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let wanted = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    match setrlimit(Resource::Nofile, wanted) {
        Ok(()) => limit.maximum.unwrap_or(u64::MAX),
        Err(_) => limit.current.unwrap_or(u64::MAX),
    }
}

/// One descriptor held for nothing else than being given up: with it a listener can still accept
/// and turn away a client when all others are in use.
#[derive(Debug)]
pub(crate) struct Reserve(Option<File>);

impl Reserve {
    pub(crate) fn take() -> Self {
        let mut reserve = Self(None);
        reserve.refill();
        reserve
    }

    /// Gives the descriptor up. False when there was none.
    pub(crate) fn spend(&mut self) -> bool {
        self.0.take().is_some()
    }

    /// Takes a descriptor again, if there is one to be had.
    pub(crate) fn refill(&mut self) {
        if self.0.is_none() {
            self.0 = File::open("/dev/null").ok();
        }
    }
}
