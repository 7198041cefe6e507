//! The server under `strace`.

use std::{
    fs::File,
    io::{BufRead as _, BufReader, ErrorKind},
    path::Path,
    process::{Command, Stdio},
    thread::{self, JoinHandle},
};

use anyhow::{Context as _, Result, bail, ensure};
use hikyaku_testkit::host::Host;

use super::recording::{Recorder, Recording};

/// The calls that change files, make them durable or say something. A `?` before those that not
/// every kind of machine has.
const CALLS: &str = "?open,openat,?openat2,?creat,write,pwrite64,writev,pwritev,?pwritev2,\
    ftruncate,truncate,fallocate,fsync,fdatasync,?rename,?renameat,renameat2,?unlink,unlinkat,\
    ?rmdir,?mkdir,mkdirat,?link,linkat,?symlink,symlinkat,mmap,?msync,sendto,sendmsg,\
    ?copy_file_range,sendfile,splice,?io_uring_setup";
/// Octets of one call that are recorded: more than any.
const OCTETS: &str = "33554432";

/// How the server waits for its disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Synchronous {
    /// As it is.
    Full,
    /// Lowered for the database, as no server should be.
    Normal,
    /// Without the folders of large mail.
    WithoutFolders,
}

/// A server that is being recorded, until its process has ended.
#[derive(Debug)]
pub(super) struct Traced {
    reader: JoinHandle<Result<Recording>>,
}

impl Traced {
    /// Starts the server and goes on with the recording of its folder.
    pub(super) fn start(
        host: &mut Host,
        synchronous: Synchronous,
        recording: Recording,
    ) -> Result<Self> {
        ensure_strace()?;
        let pipe = host.dir().with_file_name("strace");
        let _ = std::fs::remove_file(&pipe);
        let (kind, mode) = (
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        );
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, kind, mode, 0).context("cannot make a pipe")?;
        let reader = thread::spawn({
            let pipe = pipe.clone();
            move || read(&pipe, recording)
        });
        host.start_as(command(host, synchronous, &pipe))?;
        Ok(Self { reader })
    }

    /// All that was recorded, when the server has ended.
    pub(super) fn finish(self) -> Result<Recording> {
        self.reader
            .join()
            .unwrap_or_else(|_| bail!("the reader of the recording panicked"))
    }
}

/// With `-D` the server is our child and strace its companion, so that signals reach the server.
fn command(host: &Host, synchronous: Synchronous, pipe: &Path) -> Command {
    let mut command = Command::new("strace");
    command.args([
        "-D",
        "-f",
        "-qq",
        "-yy",
        "-xx",
        "--seccomp-bpf",
        "-e",
        "signal=none",
        "-s",
        OCTETS,
    ]);
    command
        .arg("-e")
        .arg(format!("trace={CALLS}"))
        .arg("-o")
        .arg(pipe)
        .arg("--");
    command
        .arg(host.binary())
        .arg("--config")
        .arg(host.config())
        .arg("serve");
    match synchronous {
        Synchronous::Full => {}
        Synchronous::Normal => {
            command.env("HIKYAKU_TEST_SYNCHRONOUS", "normal");
        }
        Synchronous::WithoutFolders => {
            command.env("HIKYAKU_TEST_FOLDER_SYNC", "skip");
        }
    }
    command
}

fn ensure_strace() -> Result<()> {
    let probe = Command::new("strace")
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    match probe {
        Ok(status) => {
            ensure!(status.success(), "strace --version ended with {status}");
            Ok(())
        }
        Err(error) if error.kind() == ErrorKind::NotFound => bail!(
            "the power-cut test records the server with strace: install Debian's package strace \
             (scripts/packages.sh does)"
        ),
        Err(error) => Err(error).context("cannot run strace"),
    }
}

fn read(pipe: &Path, mut recording: Recording) -> Result<Recording> {
    let mut lines = BufReader::with_capacity(1 << 20, File::open(pipe)?);
    let mut recorder = Recorder::new(&mut recording);
    let mut line = Vec::new();
    // The first fault is reported; the rest is still read, so that strace never waits for us.
    let mut fault = None;
    while lines.read_until(b'\n', &mut line)? > 0 {
        if let Err(error) = recorder.line(line.trim_ascii_end())
            && fault.is_none()
        {
            fault = Some(error);
        }
        line.clear();
    }
    fault.map_or(Ok(recording), Err)
}
