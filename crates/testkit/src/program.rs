//! Programs of others, run as their users run them: with a home of their own, with an end.

use std::{
    env, fs,
    io::Write as _,
    os::unix::{fs::OpenOptionsExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;

use crate::line::PATIENCE;

/// Where Debian puts programs. A machine may have others of the same name on its PATH, which are
/// not the ones that the packages of `scripts/packages.sh` brought.
const FOLDERS: [&str; 2] = ["/usr/bin", "/bin"];

/// A program and the Debian package that brings it.
#[derive(Debug, Clone, Copy)]
pub struct Program {
    /// Its name on the command line.
    pub name: &'static str,
    /// Debian's package.
    pub package: &'static str,
}

impl Program {
    /// A program whose package has the same name.
    pub const fn named(name: &'static str) -> Self {
        Self::of(name, name)
    }

    /// A program of a package.
    pub const fn of(name: &'static str, package: &'static str) -> Self {
        Self { name, package }
    }

    /// Where it is, if it is installed.
    pub fn find(self) -> Option<PathBuf> {
        let path = env::var_os("PATH").unwrap_or_default();
        let folders = FOLDERS
            .iter()
            .map(PathBuf::from)
            .chain(env::split_paths(&path));
        folders
            .map(|folder| folder.join(self.name))
            .find(|file| file.is_file())
    }
}

/// A home folder for programs: their settings, and what they leave behind. Removed when dropped.
#[derive(Debug)]
pub struct Home {
    folder: TempDir,
}

impl Home {
    /// An empty one.
    pub fn new() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("hikyaku-home-").tempdir()?;
        Ok(Self { folder })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A path in it.
    pub fn join(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file that only its owner may read: some programs refuse settings that others can
    /// read, because of the passwords in them.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> Result<PathBuf> {
        let path = self.join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)
            .with_context(|| format!("cannot write {}", path.display()))?;
        file.write_all(text.as_ref())?;
        Ok(path)
    }

    /// What a program wrote into a file; an error when there is none.
    pub fn read(&self, name: &str) -> Result<Vec<u8>> {
        let path = self.join(name);
        fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
    }

    /// A program in this home, with nothing of the tester's own surroundings. An error names the
    /// Debian package when the program is not installed.
    pub fn command(&self, program: Program) -> Result<Command> {
        let file = program.find().with_context(|| {
            let Program { name, package } = program;
            format!("{name} is not installed: it is in Debian's package {package} (`make test`)")
        })?;
        let mut command = Command::new(file);
        command.env_clear().current_dir(self.path());
        command.env("HOME", self.path()).env("TMPDIR", self.path());
        command.env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin");
        command
            .env("LANG", "C.UTF-8")
            .env("TERM", "dumb")
            .env("TZ", "Asia/Tokyo");
        Ok(command)
    }
}

/// A program that has ended.
#[derive(Debug, Clone)]
pub struct Finished {
    /// How.
    pub status: ExitStatus,
    /// What it printed.
    pub stdout: Vec<u8>,
    /// What it printed about its work.
    pub stderr: Vec<u8>,
}

impl Finished {
    /// Both outputs, for searching and for error texts.
    pub fn text(&self) -> String {
        let stdout = String::from_utf8_lossy(&self.stdout);
        format!("{stdout}{}", String::from_utf8_lossy(&self.stderr))
    }

    /// It ended with code 0.
    pub fn succeeded(self) -> Result<Self> {
        ensure!(self.status.success(), "{}: {}", self.status, self.text());
        Ok(self)
    }

    /// It ended with this code.
    pub fn ended_with(self, code: i32) -> Result<Self> {
        ensure!(
            self.status.code() == Some(code),
            "expected exit code {code}, got {}: {}",
            self.status,
            self.text()
        );
        Ok(self)
    }

    /// It said this, on either output.
    pub fn says(self, what: &str) -> Result<Self> {
        ensure!(
            self.text().contains(what),
            "{what:?} is not in: {}",
            self.text()
        );
        Ok(self)
    }
}

/// Runs a program to its end, with `input` on its standard input. One that takes longer than
/// [`PATIENCE`] is ended with everything it started, and that is an error.
pub fn finish(command: &mut Command, input: &[u8]) -> Result<Finished> {
    let mut child = command
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run {}", command.get_program().display()))?;
    let group = Pid::from_child(&child);
    let stdin = child.stdin.take();
    let input = input.to_vec();
    thread::spawn(move || {
        // A program that reads no input closes the pipe; that is not an error.
        stdin.map(|mut stdin| stdin.write_all(&input))
    });
    let (sender, ended) = mpsc::channel();
    thread::spawn(move || sender.send(child.wait_with_output()));
    let in_time = ended.recv_timeout(PATIENCE);
    let Ok(output) = in_time else {
        kill_process_group(group, Signal::KILL)?;
        let said = ended.recv_timeout(PATIENCE)??;
        bail!(
            "{} did not end: {}{}",
            command.get_program().display(),
            String::from_utf8_lossy(&said.stdout),
            String::from_utf8_lossy(&said.stderr)
        );
    };
    let output = output?;
    Ok(Finished {
        status: output.status,
        stdout: output.stdout,
        stderr: output.stderr,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_told_with_its_package() {
        let home = Home::new().unwrap();
        let error = home
            .command(Program::of("no-such-program", "some-package"))
            .unwrap_err();
        assert!(
            error.to_string().contains("package some-package"),
            "{error}"
        );
    }

    #[test]
    fn a_program_gets_input_and_has_a_home_of_its_own() {
        let home = Home::new().unwrap();
        let mut command = home.command(Program::of("sh", "dash")).unwrap();
        command.args(["-c", "cat; echo $HOME; exit 3"]);
        let finished = finish(&mut command, b"letters\n")
            .unwrap()
            .ended_with(3)
            .unwrap();
        assert_eq!(
            finished.text(),
            format!("letters\n{}\n", home.path().display())
        );
    }
}
