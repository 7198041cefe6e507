//! The server under measurement: made, started and stopped with the public command line.

use std::fs::File;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::Options;

/// How many accounts receive mail.
pub(crate) const ACCOUNTS: usize = 32;
/// The password of all of them.
pub(crate) const PASSWORD: &str = "bench-6TqkW2vQ";
/// How long the server may take until it is ready, and until it has stopped.
const PATIENCE: Duration = Duration::from_mins(1);
/// Standard ports that are reached at the port base plus this.
const STANDARD_PORTS: [u16; 10] = [24, 25, 80, 110, 143, 443, 465, 587, 993, 995];

/// A running server with accounts.
#[derive(Debug)]
pub(crate) struct Host {
    server: Child,
    port_base: u16,
}

impl Host {
    /// Makes a host in the given folder and starts it.
    pub(crate) fn start(options: &Options) -> Result<Self> {
        let port_base = free_port_base().context("no range of ports is free")?;
        let cli = Cli::new(options);
        let mut init = vec!["init".to_owned(), "--dir".to_owned()];
        init.push(options.folder.display().to_string());
        init.extend(["--hostname", "mail.bench.test", "--port-base"].map(str::to_owned));
        init.push(port_base.to_string());
        if let Some(url) = &options.database {
            init.extend(["--database".to_owned(), url.clone()]);
        }
        cli.run_bare(&init)?;
        cli.run("tenant create bench", None)?;
        cli.run("domain create bench.test --tenant bench", None)?;
        for account in 0..ACCOUNTS {
            let create = format!("account create {} --password-stdin", address(account));
            cli.run(&create, Some(PASSWORD))?;
        }
        let log = File::create(options.folder.join("bench-server.log"))?;
        let server = Command::new(&cli.binary)
            .arg("--config")
            .arg(&cli.config)
            .arg("serve")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("the server does not start")?;
        let mut host = Self { server, port_base };
        host.wait_until_ready()?;
        Ok(host)
    }

    /// Where a standard port is.
    pub(crate) fn port(&self, standard: u16) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port_base + standard))
    }

    /// Asks the server to drain, and waits.
    pub(crate) fn stop(mut self) -> Result<()> {
        let id = self.server.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status()?;
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            if let Some(status) = self.server.try_wait()? {
                ensure!(status.success(), "the server ended with {status}");
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        bail!("the server does not stop")
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            if let Some(status) = self.server.try_wait()? {
                bail!("the server ended with {status}; see bench-server.log in its folder");
            }
            let last = STANDARD_PORTS
                .iter()
                .all(|port| TcpStream::connect(self.port(*port)).is_ok());
            if last {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        bail!("the server does not get ready")
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // Only an interrupted run gets here with a server that still runs; there is nobody to tell.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// The address of one of the accounts.
pub(crate) fn address(account: usize) -> String {
    format!("user{}@bench.test", account % ACCOUNTS)
}

fn free_port_base() -> Option<u16> {
    (36_000..60_000).step_by(1_000).find(|base| {
        STANDARD_PORTS
            .iter()
            .all(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, base + port)).is_ok())
    })
}

struct Cli {
    binary: PathBuf,
    config: PathBuf,
}

impl Cli {
    fn new(options: &Options) -> Self {
        Self {
            binary: options.binary.clone(),
            config: options.folder.join("hikyaku.toml"),
        }
    }

    fn run(&self, words: &str, input: Option<&str>) -> Result<()> {
        let mut command = Command::new(&self.binary);
        command
            .arg("--config")
            .arg(&self.config)
            .args(words.split(' '));
        finish(command, input)
    }

    fn run_bare(&self, words: &[String]) -> Result<()> {
        let mut command = Command::new(&self.binary);
        command.args(words);
        finish(command, None)
    }
}

fn finish(mut command: Command, input: Option<&str>) -> Result<()> {
    let described = format!("{command:?}");
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .with_context(|| described.clone())?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.unwrap_or_default().as_bytes())?;
        stdin.write_all(b"\n")?;
    }
    let status = child.wait()?;
    ensure!(status.success(), "{described} ended with {status}");
    Ok(())
}
