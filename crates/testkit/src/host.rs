//! The real binary on a folder and ports of its own.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::mpsc,
    thread,
};

use anyhow::{Context as _, Result, bail, ensure};
use tempfile::TempDir;

use crate::{
    line::{LineClient, PATIENCE},
    ports::PortBase,
};

/// The password of every account of a test host.
pub const PASSWORD: &str = "correct horse 7";

/// Which database a host works on.
#[derive(Debug, Clone)]
pub enum HostDatabase {
    /// The embedded one.
    Embedded,
    /// This PostgreSQL database.
    Postgres(String),
}

/// A host of the real binary; stopped and removed when dropped.
#[derive(Debug)]
pub struct Host {
    binary: PathBuf,
    folder: TempDir,
    ports: PortBase,
    server: Option<Server>,
}

#[derive(Debug)]
struct Server {
    child: Child,
}

impl Host {
    /// `hikyaku init`, and a tenant with the domain `example.test`.
    pub fn new(binary: impl Into<PathBuf>, database: &HostDatabase) -> Result<Self> {
        let host = Self::bare(binary, database)?;
        host.run(&["tenant", "create", "Test"])?;
        host.run(&["domain", "create", "example.test", "--tenant", "Test"])?;
        Ok(host)
    }

    /// `hikyaku init` only.
    pub fn bare(binary: impl Into<PathBuf>, database: &HostDatabase) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("hikyaku-host-").tempdir()?;
        let host = Self {
            binary: binary.into(),
            folder,
            ports: PortBase::take()?,
            server: None,
        };
        let base = host.ports.base.to_string();
        let dir = host.dir();
        let mut command = Command::new(&host.binary);
        command.arg("init").arg("--dir").arg(&dir);
        command.args(["--hostname", "mail.example.test", "--port-base", &base]);
        if let HostDatabase::Postgres(url) = database {
            command.args(["--database", url]);
        }
        succeed(command.output().context("cannot run the binary")?, "init")?;
        Ok(host)
    }

    /// The folder that `init` made.
    pub fn dir(&self) -> PathBuf {
        self.folder.path().join("host")
    }

    /// The configuration.
    pub fn config(&self) -> PathBuf {
        self.dir().join("hikyaku.toml")
    }

    /// The self-signed certificate.
    pub fn certificate(&self) -> PathBuf {
        self.dir().join("tls/certificate.pem")
    }

    /// The address of the service with this standard port.
    pub fn address(&self, standard_port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.ports.base + standard_port))
    }

    /// The port of the service with this standard port.
    pub fn port(&self, standard_port: u16) -> u16 {
        self.ports.base + standard_port
    }

    /// A plain connection to the service with this standard port.
    pub fn connect(&self, standard_port: u16) -> Result<LineClient> {
        LineClient::connect(self.address(standard_port))
    }

    /// A TLS connection to the service with this standard port.
    pub fn connect_tls(&self, standard_port: u16) -> Result<LineClient> {
        LineClient::connect_tls(self.address(standard_port), &self.certificate())
    }

    /// An account in `example.test` with [`PASSWORD`].
    pub fn account(&self, local: &str) -> Result<String> {
        let address = format!("{local}@example.test");
        self.run_with(
            &["account", "create", &address, "--password-stdin"],
            PASSWORD,
        )?;
        Ok(address)
    }

    /// A command of the binary on this host, not started yet.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.arg("--config").arg(self.config()).args(arguments);
        command
    }

    /// Runs a command that must succeed; returns its standard output.
    pub fn run(&self, arguments: &[&str]) -> Result<String> {
        self.run_with(arguments, "")
    }

    /// The same with something on standard input.
    pub fn run_with(&self, arguments: &[&str], input: &str) -> Result<String> {
        succeed(self.try_run(arguments, input)?, &arguments.join(" "))
    }

    /// Runs a command, whatever comes of it.
    pub fn try_run(&self, arguments: &[&str], input: &str) -> Result<Output> {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot run the binary")?;
        // A command that reads no input closes the pipe; that is not an error.
        let _ = child
            .stdin
            .take()
            .map(|mut stdin| stdin.write_all(input.as_bytes()));
        Ok(child.wait_with_output()?)
    }

    /// Starts `serve` and waits for its line with `ready`.
    pub fn start(&mut self) -> Result<()> {
        let command = self.command(&["serve"]);
        self.start_as(command)
    }

    /// Starts a command that runs `serve` in some way (under a tracer, with limits).
    pub fn start_as(&mut self, mut command: Command) -> Result<()> {
        ensure!(self.server.is_none(), "the server runs already");
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot start the server")?;
        let stderr = child.stderr.take().context("no standard error")?;
        let (sender, ready) = mpsc::channel();
        // The log is read to its end, so that the server never waits for us; it stands in the
        // test's own output, which is shown when the test fails.
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                eprintln!("[server] {line}");
                if line.contains("ready") {
                    let _ = sender.send(());
                }
            }
        });
        self.server = Some(Server { child });
        if ready.recv_timeout(PATIENCE).is_err() {
            let state = self.server.as_mut().map(|server| server.child.try_wait());
            bail!("the server did not get ready: {state:?}");
        }
        Ok(())
    }

    /// The process id of the server.
    pub fn server_id(&self) -> Option<u32> {
        self.server.as_ref().map(|server| server.child.id())
    }

    /// SIGKILL, as a crash.
    pub fn kill(&mut self) -> Result<()> {
        let mut server = self.server.take().context("the server does not run")?;
        server.child.kill()?;
        server.child.wait()?;
        Ok(())
    }

    /// SIGTERM, and the exit status after the drain.
    pub fn stop(&mut self) -> Result<ExitStatus> {
        let mut server = self.server.take().context("the server does not run")?;
        signal(&server.child, rustix::process::Signal::TERM)?;
        Ok(server.child.wait()?)
    }

    /// SIGHUP.
    pub fn reload(&self) -> Result<()> {
        let server = self.server.as_ref().context("the server does not run")?;
        signal(&server.child, rustix::process::Signal::HUP)
    }

    /// Waits until the server ends by itself.
    pub fn wait(&mut self) -> Result<ExitStatus> {
        let mut server = self.server.take().context("the server does not run")?;
        Ok(server.child.wait()?)
    }

    /// `doctor` finds nothing wrong.
    pub fn check(&self) -> Result<()> {
        self.run(&["doctor"]).map(drop)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.child.kill();
            let _ = server.child.wait();
        }
    }
}

fn signal(child: &Child, signal: rustix::process::Signal) -> Result<()> {
    let pid = rustix::process::Pid::from_child(child);
    rustix::process::kill_process(pid, signal).context("cannot signal the server")
}

fn succeed(output: Output, what: &str) -> Result<String> {
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(
        output.status.success(),
        "{what} failed ({}): {stdout}{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(stdout)
}

/// Where a file of the repository is.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}
