//! A PostgreSQL of one's own, which a test can stop and restart.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::host::repository;

/// A private cluster of `scripts/postgres.sh`; stopped and removed when dropped.
#[derive(Debug)]
pub struct OwnPostgres {
    name: String,
    url: String,
}

impl OwnPostgres {
    /// Starts a cluster whose name begins so; lower-case letters only.
    pub fn start(prefix: &str) -> Result<Self> {
        let name = format!("{prefix}-{}", std::process::id());
        let url = script(&["start", "--name", &name])?;
        Ok(Self {
            name,
            url: url.trim().to_owned(),
        })
    }

    /// Its database `postgres`, which is empty.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Stops and starts it in good order.
    pub fn restart(&self) -> Result<()> {
        script(&["restart", "--name", &self.name]).map(drop)
    }

    /// Stops it without a clean shutdown, as after a power cut, and starts it.
    pub fn crash(&self) -> Result<()> {
        script(&["restart", "--name", &self.name, "--crash"]).map(drop)
    }

    /// Stops it until [`Self::resume`].
    pub fn halt(&self) -> Result<()> {
        script(&["halt", "--name", &self.name]).map(drop)
    }

    /// Starts it again, on the same port and data.
    pub fn resume(&self) -> Result<()> {
        script(&["resume", "--name", &self.name]).map(drop)
    }
}

impl Drop for OwnPostgres {
    fn drop(&mut self) {
        if let Err(error) = script(&["stop", "--name", &self.name]) {
            eprintln!("the PostgreSQL {} stays behind: {error:#}", self.name);
        }
    }
}

fn script(arguments: &[&str]) -> Result<String> {
    let output = Command::new(repository("scripts/postgres.sh"))
        .args(arguments)
        .output()
        .context("cannot run scripts/postgres.sh")?;
    ensure!(
        output.status.success(),
        "scripts/postgres.sh {}: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
