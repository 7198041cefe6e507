//! The real binary on a folder and ports of its own.

use std::{
    fs,
    io::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    time::Instant,
};

use anyhow::{Context as _, Result, bail, ensure};
use tempfile::TempDir;

use crate::{
    disk::SmallDisk,
    line::{LineClient, PATIENCE},
    ports::PortBase,
    server_log::ServerLog,
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
    ports: PortBase,
    server: Option<Server>,
    /// Behind the server, which ends before its folder is removed.
    place: Place,
}

/// Where a host's folder is.
#[derive(Debug)]
pub enum Place {
    /// In a temporary folder.
    Folder(TempDir),
    /// On a small disk, for tests that fill it up.
    Disk(SmallDisk),
}

impl Place {
    fn temporary() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("hikyaku-host-").tempdir();
        Ok(Self::Folder(
            folder.context("cannot make a temporary folder")?,
        ))
    }

    fn path(&self) -> &Path {
        match self {
            Self::Folder(folder) => folder.path(),
            Self::Disk(disk) => disk.path(),
        }
    }

    /// A command that sees this place.
    fn command(&self, program: &Path) -> Command {
        match self {
            Self::Folder(_) => Command::new(program),
            Self::Disk(disk) => disk.command(program),
        }
    }
}

#[derive(Debug)]
struct Server {
    child: Child,
    log: ServerLog,
}

impl Host {
    /// `hikyaku init`, and a tenant with the domain `example.test`.
    pub fn new(binary: impl Into<PathBuf>, database: &HostDatabase) -> Result<Self> {
        let host = Self::bare(binary, database)?;
        host.add_domain()?;
        Ok(host)
    }

    /// `hikyaku init` only.
    pub fn bare(binary: impl Into<PathBuf>, database: &HostDatabase) -> Result<Self> {
        Self::bare_at(binary, database, Place::temporary()?)
    }

    /// `hikyaku init` only, at this place.
    pub fn bare_at(
        binary: impl Into<PathBuf>,
        database: &HostDatabase,
        place: Place,
    ) -> Result<Self> {
        let ports = PortBase::take()?;
        let host = Self {
            binary: binary.into(),
            ports,
            server: None,
            place,
        };
        let base = host.ports.base.to_string();
        let mut command = host.place.command(&host.binary);
        command.arg("init").arg("--dir").arg(host.dir());
        command.args(["--hostname", "mail.example.test", "--port-base", &base]);
        if let HostDatabase::Postgres(url) = database {
            command.args(["--database", url]);
        }
        succeed(&command.output().context("cannot run the binary")?, "init")?;
        Ok(host)
    }

    /// A tenant with the domain `example.test`.
    pub fn add_domain(&self) -> Result<()> {
        self.run(&["tenant", "create", "Test"])?;
        self.run(&["domain", "create", "example.test", "--tenant", "Test"])
            .map(drop)
    }

    /// The folder that `init` made.
    pub fn dir(&self) -> PathBuf {
        self.place.path().join("host")
    }

    /// The disk it is on, if it has one of its own.
    pub const fn disk(&self) -> Option<&SmallDisk> {
        match &self.place {
            Place::Folder(_) => None,
            Place::Disk(disk) => Some(disk),
        }
    }

    /// Changes the configuration; a running server does not see it before it is started again.
    pub fn configure(&self, change: impl FnOnce(String) -> String) -> Result<()> {
        let file = match &self.place {
            Place::Folder(_) => self.config(),
            Place::Disk(disk) => disk.from_outside().join("host/hikyaku.toml"),
        };
        let text = fs::read_to_string(&file).context("cannot read the configuration")?;
        fs::write(&file, change(text)).context("cannot write the configuration")
    }

    /// Adds lines to `[limits]`.
    pub fn limit(&self, lines: &str) -> Result<()> {
        self.configure(|text| text.replace("[limits]\n", &format!("[limits]\n{lines}\n")))
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

    /// The binary, for those who run it in some way of their own.
    pub fn binary(&self) -> &Path {
        &self.binary
    }

    /// A command of the binary on this host, not started yet.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.place.command(&self.binary);
        command.arg("--config").arg(self.config()).args(arguments);
        command
    }

    /// Runs a command that must succeed; returns its standard output.
    pub fn run(&self, arguments: &[&str]) -> Result<String> {
        self.run_with(arguments, "")
    }

    /// The same with something on standard input.
    pub fn run_with(&self, arguments: &[&str], input: &str) -> Result<String> {
        succeed(&self.try_run(arguments, input)?, &arguments.join(" "))
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

    /// Starts a command that becomes `serve` in some way (under a tracer, with limits): the process
    /// must be the server's in the end.
    pub fn start_as(&mut self, mut command: Command) -> Result<()> {
        ensure!(self.server.is_none(), "the server runs already");
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot start the server")?;
        let log = ServerLog::follow(child.stderr.take().context("no standard error")?);
        self.server = Some(Server {
            child,
            log: log.clone(),
        });
        // The line with `ready` names the addresses, in text and in JSON; no line before it does.
        if log.wait_for("addresses", 0).is_err() {
            let state = self.server.as_mut().map(|server| server.child.try_wait());
            bail!("the server did not get ready: {state:?}");
        }
        Ok(())
    }

    /// The process id of the server.
    pub fn server_id(&self) -> Option<u32> {
        self.server.as_ref().map(|server| server.child.id())
    }

    /// What the running server has written.
    pub fn log(&self) -> Result<&ServerLog> {
        Ok(&self.server.as_ref().context("the server does not run")?.log)
    }

    /// Whether the server is still there, which only a fault would change.
    pub fn is_alive(&mut self) -> Result<bool> {
        let server = self.server.as_mut().context("the server does not run")?;
        Ok(server.child.try_wait()?.is_none())
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
        self.terminate()?;
        self.wait()
    }

    /// SIGTERM; the server drains.
    pub fn terminate(&self) -> Result<()> {
        let server = self.server.as_ref().context("the server does not run")?;
        signal(&server.child, rustix::process::Signal::TERM)
    }

    /// SIGHUP.
    pub fn reload(&self) -> Result<()> {
        let server = self.server.as_ref().context("the server does not run")?;
        signal(&server.child, rustix::process::Signal::HUP)
    }

    /// Waits until the server ends, [`PATIENCE`] at most.
    pub fn wait(&mut self) -> Result<ExitStatus> {
        let server = self.server.as_mut().context("the server does not run")?;
        let deadline = Instant::now() + PATIENCE;
        // The end of its log is the end of the process, or very nearly so.
        server.log.wait_for_end(deadline)?;
        let status = server.child.wait()?;
        self.server = None;
        Ok(status)
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

fn succeed(output: &Output, what: &str) -> Result<String> {
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
