//! Ports for hosts of the real binary: each test gets a base that no other test has.

use std::{
    fs::{self, File, OpenOptions},
    net::TcpListener,
    path::PathBuf,
};

use anyhow::{Context as _, Result, bail};
use rustix::fs::{FlockOperation, flock};

/// Bases lie below the ports that `scripts/postgres.sh` tries (22000 and up), and below the range
/// from which the kernel takes ports for outgoing connections.
const FIRST_BASE: u16 = 10_000;
const LAST_BASE: u16 = 21_000;
/// More than the highest standard port (995).
const STEP: u16 = 1_000;

/// The standard ports of the services of a host.
pub const STANDARD_PORTS: [u16; 10] = [24, 25, 80, 110, 143, 443, 465, 587, 993, 995];

/// A port base that belongs to this test until dropped, across all processes of the machine.
#[derive(Debug)]
pub struct PortBase {
    /// The base.
    pub base: u16,
    _lock: File,
}

impl PortBase {
    /// Takes a base whose ports are free.
    pub fn take() -> Result<Self> {
        let folder = lock_folder();
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        // Tests that start together begin at different places.
        let start = std::process::id() as usize;
        let bases: Vec<u16> = (FIRST_BASE..=LAST_BASE)
            .step_by(usize::from(STEP))
            .collect();
        for turn in 0..bases.len() {
            let base = bases[(start + turn) % bases.len()];
            if let Some(lock) = try_lock(&folder, base)?
                && all_free(base)
            {
                return Ok(Self { base, _lock: lock });
            }
        }
        bail!("no free port base between {FIRST_BASE} and {LAST_BASE}: too many tests at once?")
    }
}

fn lock_folder() -> PathBuf {
    std::env::temp_dir().join(format!(
        "hikyaku-test-ports-{}",
        rustix::process::getuid().as_raw()
    ))
}

fn try_lock(folder: &std::path::Path, base: u16) -> Result<Option<File>> {
    let path = folder.join(base.to_string());
    let file = OpenOptions::new().create(true).append(true).open(&path)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(file)),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot lock {}", path.display())),
    }
}

fn all_free(base: u16) -> bool {
    STANDARD_PORTS
        .iter()
        .all(|port| TcpListener::bind(("127.0.0.1", base + port)).is_ok())
}
