//! A child process that is asked to end, waited for, and killed in the last resort.

use std::process::{Child, Command};
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};

/// How long a system may take until it is ready, and until it has stopped.
pub(super) const PATIENCE: Duration = Duration::from_mins(2);
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// A running system; killed when dropped.
#[derive(Debug)]
pub(super) struct Running(Child);

impl Running {
    pub(super) const fn new(child: Child) -> Self {
        Self(child)
    }

    pub(super) fn id(&self) -> u32 {
        self.0.id()
    }

    /// SIGTERM.
    pub(super) fn terminate(&self) -> Result<()> {
        Ok(kill_process(Pid::from_child(&self.0), Signal::TERM)?)
    }

    /// Closes its standard input.
    pub(super) fn hang_up(&mut self) {
        drop(self.0.stdin.take());
    }

    /// Waits for its orderly end.
    pub(super) fn wait(mut self) -> Result<()> {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            if let Some(status) = self.0.try_wait()? {
                ensure!(status.success(), "it ended with {status}");
                return Ok(());
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        bail!("it does not stop")
    }

    /// Waits until a condition holds while the process lives.
    pub(super) fn wait_until(&mut self, mut condition: impl FnMut() -> bool) -> Result<()> {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            if let Some(status) = self.0.try_wait()? {
                bail!("it ended with {status}");
            }
            if condition() {
                return Ok(());
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        bail!("it does not get ready")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Ended already unless the run was interrupted; then there is nobody to tell.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs a command to its end; its standard output.
pub(super) fn output(command: &mut Command) -> Result<String> {
    let described = format!("{command:?}");
    let output = command.output()?;
    ensure!(
        output.status.success(),
        "{described} ended with {}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
