//! `hikyaku.toml`: what a process needs to start (design §6). Everything else is in the database.
//!
//! Unknown keys are errors, so that a misspelt one is not silently ignored. Paths are relative to
//! the file's own folder.

mod http;
mod listen;
mod networks;
mod objects;
mod outgoing;
mod template;

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use hikyaku_db::Target;
use hikyaku_types::{ByteSize, Domain, EmailAddress};
use serde::Deserialize;

pub use http::Http;
pub use listen::{Listen, Service};
pub use networks::Networks;
pub use objects::{ObjectStoreKind, Objects, S3, S3ConfigError};
pub use outgoing::{Ipv6, Outgoing, SmartHostAddress, SmartHostAuth, SmartHostTlsMode};
pub use template::{Template, render};

/// The whole file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The name this host calls itself in banners and Received lines.
    pub hostname: Domain,
    /// Who gets mail for `<Postmaster>` without a domain. Default: the postmaster of the host name,
    /// or of the closest domain above it that is hosted here.
    #[serde(default)]
    pub postmaster: Option<EmailAddress>,
    /// The folder of database, lock and control socket. Default: the file's own folder.
    #[serde(default = "current_folder")]
    pub data_dir: PathBuf,
    /// Where mail is stored.
    #[serde(default)]
    pub database: Database,
    /// Where large contents are kept.
    #[serde(default)]
    pub objects: Objects,
    /// Certificate and key.
    pub tls: Tls,
    /// How mail leaves.
    #[serde(default)]
    pub outgoing: Outgoing,
    /// Which clients are trusted with plain-text sign-in.
    #[serde(default)]
    pub zones: Zones,
    /// Which addresses each service listens on.
    pub listen: Listen,
    /// The API on the network.
    #[serde(default)]
    pub http: Http,
    /// Who may read `/metrics`.
    #[serde(default)]
    pub metrics: Metrics,
    /// What is written about the work done.
    #[serde(default)]
    pub log: Log,
    /// The limits of this process.
    #[serde(default)]
    pub limits: Limits,
}

/// Bytes of a local socket's path at most: what Linux has room for, less the byte that ends it.
const MAX_SOCKET_PATH: usize = 107;

/// `[database]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// `sqlite:FILE`, or `postgres://USER:PASSWORD@HOST/NAME`.
    pub url: DatabaseUrl,
    /// Connections to PostgreSQL at most. Default 8.
    pub connections: usize,
}

impl Default for Database {
    fn default() -> Self {
        Self {
            url: DatabaseUrl::Sqlite(PathBuf::from("hikyaku.db")),
            connections: 8,
        }
    }
}

/// Which database.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum DatabaseUrl {
    /// The embedded one, in this file.
    Sqlite(PathBuf),
    /// A PostgreSQL server. May hold a password.
    Postgres(String),
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(file) => f.debug_tuple("Sqlite").field(file).finish(),
            Self::Postgres(_) => f.debug_tuple("Postgres").finish_non_exhaustive(),
        }
    }
}

impl TryFrom<String> for DatabaseUrl {
    type Error = &'static str;

    fn try_from(url: String) -> Result<Self, &'static str> {
        match url.strip_prefix("sqlite:") {
            Some("") => Err("the URL names no file: write sqlite:hikyaku.db"),
            Some(file) => Ok(Self::Sqlite(PathBuf::from(file))),
            None if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
                Ok(Self::Postgres(url))
            }
            None => Err("the URL must start with sqlite: or postgres://"),
        }
    }
}

/// `[tls]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// PEM file of the certificate and its chain.
    pub certificate: PathBuf,
    /// PEM file of the private key.
    pub key: PathBuf,
}

/// `[zones]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Zones {
    /// Networks from which plain-text ports and passwords are accepted. Default: loopback.
    pub closed: Networks,
}

/// `[metrics]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Metrics {
    /// Networks that may read `/metrics`. Default: loopback.
    pub allow: Networks,
}

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for collectors.
    Json,
}

/// `[log]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// The form of the lines.
    pub format: LogFormat,
    /// `error`, `warn`, `info`, `debug`, `trace`, or directives such as `info,hikyaku_imap=debug`.
    pub level: String,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            format: LogFormat::Text,
            level: "info".to_owned(),
        }
    }
}

/// `[limits]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// The largest message accepted over SMTP, LMTP and IMAP APPEND. Default 25 MB (C-04).
    pub max_message: ByteSize,
    /// Recipients of one message. Default 1,000 (K-06).
    pub max_recipients: usize,
    /// Memory for messages on their way in, all sessions together. Default 512 MB.
    pub message_memory: ByteSize,
    /// Open connections in all. Default 10,000.
    pub max_connections: usize,
    /// Open connections of one address outside the closed zone. Default 50.
    pub max_connections_per_address: usize,
    /// Free space under which new mail is deferred; the smaller of the two marks counts.
    pub min_free_bytes: ByteSize,
    /// The same as a share of the file system, in percent.
    pub min_free_percent: u8,
    /// How long a deleted message can be restored, in days. Default 14 (F-56).
    pub restore_days: u32,
    /// How long a deleted account can be restored, in days. Default 30.
    pub account_restore_days: u32,
    /// How long rows of the message trace are kept, in days. Default 30.
    pub trace_days: u32,
    /// How long entries of the operation log are kept, in days. Default 400 (OP-21).
    pub operation_log_days: u32,
    /// How long sessions may take to end when the server stops, in seconds. Default 20.
    pub drain_seconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_message: ByteSize::mib(25),
            max_recipients: 1000,
            message_memory: ByteSize::mib(512),
            max_connections: 10_000,
            max_connections_per_address: 50,
            min_free_bytes: ByteSize::mib(1024),
            min_free_percent: 5,
            restore_days: 14,
            account_restore_days: 30,
            trace_days: 30,
            operation_log_days: 400,
            drain_seconds: 20,
        }
    }
}

impl Limits {
    /// The time that sessions get when the server stops.
    pub const fn drain_grace(&self) -> Duration {
        Duration::from_secs(self.drain_seconds)
    }
}

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {}; write one with `hikyaku init --dir DIR --hostname NAME`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is not what it should be; the text shows line, column and the place.
    #[error("{}: {message}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        message: String,
    },
}

impl Config {
    /// Reads the file and makes its paths absolute.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let read = |source| ConfigError::Read {
            path: path.to_owned(),
            source,
        };
        let text = fs::read_to_string(path).map_err(read)?;
        let absolute = std::path::absolute(path).map_err(read)?;
        let folder = absolute.parent().unwrap_or(Path::new("/"));
        Self::parse(&text, folder).map_err(|message| ConfigError::Invalid {
            path: path.to_owned(),
            message,
        })
    }

    /// Reads the text of a file that stands in `folder`.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, String> {
        let mut config: Self =
            toml::from_str(text).map_err(|error| without_passwords(&error.to_string()))?;
        for path in [
            &mut config.data_dir,
            &mut config.tls.certificate,
            &mut config.tls.key,
        ] {
            // Without the "/./" that messages would show otherwise.
            *path = folder.join(&*path).components().collect();
        }
        config.objects.resolve(folder);
        for path in config.outgoing.files() {
            *path = folder.join(&*path).components().collect();
        }
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), String> {
        if !(1..=1 << 30).contains(&self.limits.max_message.bytes()) {
            return Err("limits.max_message must lie between 1 byte and 1GB".to_owned());
        }
        if self.limits.min_free_percent > 90 {
            return Err("limits.min_free_percent must be 90 or less".to_owned());
        }
        if self.limits.max_recipients < 100 {
            return Err("limits.max_recipients must be at least 100 (RFC 5321 §4.5.3.1.8)".into());
        }
        self.objects.check()?;
        self.outgoing.check()?;
        let socket = self.control_socket();
        if socket.as_os_str().len() > MAX_SOCKET_PATH {
            return Err(format!(
                "the path {} is too long: a local socket's has {MAX_SOCKET_PATH} bytes at most; \
                 choose a shorter folder, or set data_dir to one",
                socket.display()
            ));
        }
        Ok(())
    }

    /// The database as `db` opens it.
    pub fn target(&self) -> Target {
        match &self.database.url {
            DatabaseUrl::Sqlite(file) => Target::Sqlite {
                path: self.data_dir.join(file),
            },
            DatabaseUrl::Postgres(url) => Target::Postgres { url: url.clone() },
        }
    }

    /// The local socket of the running server (design §6).
    pub fn control_socket(&self) -> PathBuf {
        self.data_dir.join("control.sock")
    }

    /// The file whose lock says that a process has the store open.
    pub fn lock_file(&self) -> PathBuf {
        self.data_dir.join("hikyaku.lock")
    }
}

/// The text without what stands between `://` and `@`, the user and password of a URL.
fn without_passwords(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        shown.push_str(before);
        shown.push_str("://");
        let end = after.find(|c: char| c == '"' || c.is_whitespace());
        let (url, following) = after.split_at(end.unwrap_or(after.len()));
        match url.rsplit_once('@') {
            Some((_, host)) => {
                shown.push_str("***@");
                shown.push_str(host);
            }
            None => shown.push_str(url),
        }
        rest = following;
    }
    shown.push_str(rest);
    shown
}

fn current_folder() -> PathBuf {
    PathBuf::from(".")
}

#[cfg(test)]
mod page_tests;
#[cfg(test)]
mod tests;
