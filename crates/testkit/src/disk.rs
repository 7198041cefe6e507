//! A small disk of one's own, which a test can fill up.
//!
//! It is a tmpfs in a mount namespace that nobody else sees: as root with `unshare --mount`, as an
//! ordinary user inside a user namespace (Debian allows that by default). The namespace lives as
//! long as a process that holds it; what is to see the disk is started inside with `nsenter`.

use std::{
    ffi::OsStr,
    fs::OpenOptions,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

/// What the holding process does: mounts, says so, and waits for the end of its input.
const HOLD: &str = r#"mount -t tmpfs -o "size=$1" hikyaku-test "$2" && echo mounted && exec cat"#;

/// The disk; it and everything on it is gone when dropped.
#[derive(Debug)]
pub struct SmallDisk {
    holder: Child,
    mount_point: TempDir,
    in_user_namespace: bool,
}

impl SmallDisk {
    /// A disk of so many KiB.
    pub fn of_kib(kib: u64) -> Result<Self> {
        let mount_point = tempfile::Builder::new().prefix("hikyaku-disk-").tempdir()?;
        let in_user_namespace = !rustix::process::geteuid().is_root();
        let mut command = Command::new("unshare");
        command.args(["--mount", "--propagation", "private"]);
        if in_user_namespace {
            command.arg("--map-root-user");
        }
        command.args(["sh", "-c", HOLD, "sh", &format!("{kib}k")]);
        let mut holder = command
            .arg(mount_point.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot run unshare (Debian's package util-linux)")?;
        let mut said = String::new();
        let stdout = holder.stdout.take().context("no standard output")?;
        BufReader::new(stdout).read_line(&mut said)?;
        let disk = Self {
            holder,
            mount_point,
            in_user_namespace,
        };
        ensure!(
            said.trim() == "mounted",
            "this machine lets nobody mount a file system of one's own: the test of a full disk \
             needs root with CAP_SYS_ADMIN, or user namespaces (kernel.unprivileged_userns_clone)"
        );
        Ok(disk)
    }

    /// Where it is mounted, for those who see it.
    pub fn path(&self) -> &Path {
        self.mount_point.path()
    }

    /// Its files as the rest of the system sees them.
    pub fn from_outside(&self) -> PathBuf {
        let inside = self.path().strip_prefix("/").unwrap_or(self.path());
        PathBuf::from(format!("/proc/{}/root", self.holder.id())).join(inside)
    }

    /// A command that sees the disk. The process it becomes is the program itself.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.holder.id().to_string(), "--mount"]);
        if self.in_user_namespace {
            command.args(["--user", "--preserve-credentials"]);
        }
        command.arg("--").arg(program);
        command
    }

    /// KiB that are free.
    pub fn free_kib(&self) -> Result<u64> {
        let stat = rustix::fs::statvfs(self.from_outside().as_path())?;
        Ok(stat.f_bavail * stat.f_frsize / 1024)
    }

    /// Fills the disk up to so many KiB with a file that [`Self::make_room`] removes.
    pub fn fill_up_to(&self, kib_left: u64) -> Result<()> {
        let ballast = self.free_kib()?.saturating_sub(kib_left) * 1024;
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(self.ballast())?;
        let start = file.metadata()?.len();
        if ballast > 0 {
            let plain = rustix::fs::FallocateFlags::empty();
            rustix::fs::fallocate(&file, plain, start, ballast).context("cannot fill the disk")?;
        }
        Ok(())
    }

    /// Removes what [`Self::fill_up_to`] made.
    pub fn make_room(&self) -> Result<()> {
        std::fs::remove_file(self.ballast()).context("cannot make room")
    }

    fn ballast(&self) -> PathBuf {
        self.from_outside().join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // The end of its input ends it, and with it the namespace and the disk.
        drop(self.holder.stdin.take());
        let _ = self.holder.wait();
    }
}
