//! File descriptors: how many the process may have, and a few in reserve.

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

/// Descriptors held for nothing else than being given up: with one of them a listener can still
/// accept and turn away a client when all others are in use.
///
/// All listeners of a gate share them and accept under one lock. Otherwise a listener would take
/// the descriptor that another one gave up for a moment, for a client that keeps it for hours, and
/// the other's clients would wait in the kernel for as long without a word.
#[derive(Debug, Default)]
pub(crate) struct Reserve(Vec<File>);

impl Reserve {
    /// How many are held. One is enough among listeners; the others are for the files that the rest
    /// of the process opens in just that moment.
    const SIZE: usize = 4;

    pub(crate) fn take() -> Self {
        let mut reserve = Self::default();
        reserve.refill();
        reserve
    }

    /// Gives a descriptor up. False when there is none.
    pub(crate) fn spend(&mut self) -> bool {
        self.0.pop().is_some()
    }

    /// Takes what is missing again, as far as there are any to be had.
    pub(crate) fn refill(&mut self) {
        while self.0.len() < Self::SIZE {
            match File::open("/dev/null") {
                Ok(file) => self.0.push(file),
                Err(_) => return,
            }
        }
    }
}
