//! Hikyaku, made, started and stopped with its public command line, with the defaults of `init`.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use super::process::{Running, output};
use super::{ACCOUNTS, PASSWORD, STANDARD_PORTS, System, address, free_port_base};

/// The database that is made for the measurement.
const DATABASE: &str = "hikyaku_bench";
/// Settings of PostgreSQL that decide what durable means and what it costs.
const POSTGRES_SETTINGS: [&str; 7] = [
    "server_version",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "wal_sync_method",
    "shared_buffers",
    "max_wal_size",
];

/// A host of our own.
#[derive(Debug)]
pub struct Hikyaku {
    binary: PathBuf,
    folder: PathBuf,
    /// URL of the PostgreSQL where its database is made.
    postgres: Option<String>,
    port_base: u16,
    /// Certificate and key of all systems, instead of those that `init` makes.
    identity: Option<(PathBuf, PathBuf)>,
    server: Option<Running>,
}

impl Hikyaku {
    /// A host that will live in this folder, on SQLite or in a database of this PostgreSQL.
    pub fn new(binary: &Path, folder: PathBuf, postgres: Option<String>) -> Result<Self> {
        let lowest = if postgres.is_some() { 16_000 } else { 11_000 };
        Ok(Self {
            binary: binary.to_owned(),
            folder,
            postgres,
            port_base: free_port_base(lowest)?,
            identity: None,
            server: None,
        })
    }

    /// The same host with this certificate and its key.
    #[must_use]
    pub fn with_certificate(mut self, certificate: &Path, key: &Path) -> Self {
        self.identity = Some((certificate.to_owned(), key.to_owned()));
        self
    }

    /// The certificate that `init` made; it exists after the first start.
    pub fn certificate(&self) -> PathBuf {
        self.folder.join("tls/certificate.pem")
    }

    /// Its private key.
    pub fn key(&self) -> PathBuf {
        self.folder.join("tls/key.pem")
    }

    /// Makes the host without accounts, and does not start it.
    pub fn init(&mut self) -> Result<()> {
        self.remove()?;
        let mut init = Command::new(&self.binary);
        init.arg("init").arg("--dir").arg(&self.folder);
        init.args(["--hostname", "mail.bench.test", "--port-base"]);
        init.arg(self.port_base.to_string());
        if let Some(url) = &self.postgres {
            psql(url, &format!("CREATE DATABASE {DATABASE}"))?;
            init.args(["--database", &database_url(url)?]);
        }
        output(&mut init)?;
        if let Some((certificate, key)) = &self.identity {
            fs::copy(certificate, self.certificate())?;
            fs::copy(key, self.key())?;
        }
        Ok(())
    }

    fn add_accounts(&self) -> Result<()> {
        self.run(&["tenant", "create", "bench"])?;
        self.run(&["domain", "create", "bench.test", "--tenant", "bench"])?;
        let mut table = "address,password\n".to_owned();
        for account in 0..ACCOUNTS {
            let _ = writeln!(table, "{},{PASSWORD}", address(account));
        }
        let file = self.folder.join("accounts.csv");
        fs::write(&file, table)?;
        let file = file.to_str().context("the folder's path is not UTF-8")?;
        self.run(&["account", "import", file]).map(drop)
    }

    /// Runs a command of the host.
    pub fn run(&self, words: &[&str]) -> Result<String> {
        output(self.command().args(words))
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .arg("--config")
            .arg(self.folder.join("hikyaku.toml"));
        command
    }

    fn remove(&self) -> Result<()> {
        match fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).context("cannot remove the old host");
            }
            _ => {}
        }
        if let Some(url) = &self.postgres {
            psql(
                url,
                &format!("DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)"),
            )?;
        }
        Ok(())
    }

    fn start(&mut self) -> Result<()> {
        let log = File::create(self.log())?;
        let child = self
            .command()
            .arg("serve")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("the server does not start")?;
        let mut server = Running::new(child);
        let ports = STANDARD_PORTS.map(|port| self.address(port));
        let all_answer = || ports.iter().all(|port| TcpStream::connect(port).is_ok());
        server
            .wait_until(all_answer)
            .with_context(|| format!("hikyaku serve; see {}", self.log().display()))?;
        self.server = Some(server);
        Ok(())
    }

    fn log(&self) -> PathBuf {
        self.folder.join("server.log")
    }
}

impl System for Hikyaku {
    fn name(&self) -> &'static str {
        match self.postgres {
            None => "Hikyaku, SQLite",
            Some(_) => "Hikyaku, PostgreSQL",
        }
    }

    fn describe(&self) -> Result<Vec<(String, String)>> {
        let version = output(Command::new(&self.binary).arg("--version"))?;
        let mut facts = vec![("version".to_owned(), version.trim().to_owned())];
        let Some(url) = &self.postgres else {
            let settings = "SQLite, WAL, synchronous=FULL: every commit is synced";
            facts.push(("durability".to_owned(), settings.to_owned()));
            return Ok(facts);
        };
        for name in POSTGRES_SETTINGS {
            let value = psql(url, &format!("SHOW {name}"))?;
            facts.push((format!("PostgreSQL {name}"), value.trim().to_owned()));
        }
        Ok(facts)
    }

    fn start_fresh(&mut self) -> Result<()> {
        self.stop()?;
        self.init()?;
        self.add_accounts()?;
        self.start()
    }

    fn stop(&mut self) -> Result<()> {
        if let Some(server) = self.server.take() {
            server.terminate()?;
            server.wait().context("hikyaku serve")?;
        }
        self.remove()
    }

    fn address(&self, standard_port: u16) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port_base + standard_port))
    }

    fn has_waiting(&self) -> Result<bool> {
        // What is acknowledged is in the mailbox already.
        Ok(false)
    }

    fn process(&self) -> Option<u32> {
        self.server.as_ref().map(Running::id)
    }
}

/// The same server, the database of the measurement.
fn database_url(url: &str) -> Result<String> {
    let (server, query) = url.split_once('?').unwrap_or((url, ""));
    let Some((server, _)) = server
        .rsplit_once('/')
        .filter(|(start, _)| !start.ends_with('/'))
    else {
        bail!("the URL of PostgreSQL names no database");
    };
    let mark = if query.is_empty() { "" } else { "?" };
    Ok(format!("{server}/{DATABASE}{mark}{query}"))
}

fn psql(url: &str, statement: &str) -> Result<String> {
    let mut command = Command::new("psql");
    // The URL has a password: through the environment, where other users do not see it.
    command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]);
    command.args(["-c", statement]);
    let (password, rest) = without_password(url)?;
    command
        .env("PGPASSWORD", password)
        .env("PGOPTIONS", "-c client_min_messages=warning");
    command.args(["-d", &rest]);
    output(&mut command)
}

/// Password and the URL without it.
fn without_password(url: &str) -> Result<(String, String)> {
    let (start, host) = url
        .split_once('@')
        .context("the URL of PostgreSQL names no user")?;
    let (scheme, user) = start.split_once("://").context("the URL has no scheme")?;
    let (user, password) = user.split_once(':').unwrap_or((user, ""));
    Ok((password.to_owned(), format!("{scheme}://{user}@{host}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_of_a_url_is_replaced() {
        let table = [
            ("postgres://u:p@h:1/a", "postgres://u:p@h:1/hikyaku_bench"),
            (
                "postgres://u@h/a?sslmode=disable",
                "postgres://u@h/hikyaku_bench?sslmode=disable",
            ),
        ];
        for (given, wanted) in table {
            assert_eq!(database_url(given).unwrap(), wanted);
        }
        assert!(database_url("postgres://h").is_err());
    }

    #[test]
    fn the_password_is_no_argument() {
        let (password, rest) = without_password("postgres://u:p@h:1/a").unwrap();
        assert_eq!(
            (password.as_str(), rest.as_str()),
            ("p", "postgres://u@h:1/a")
        );
    }
}
