//! `hikyaku init`: writes configuration, key and certificate into a new folder.

use std::{
    fs, io,
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use hikyaku_db::{Clock as _, SystemClock};
use hikyaku_types::Domain;

use crate::config::{Config, Service, Template, render};

/// What the operator asked for.
#[derive(Debug, Clone)]
pub struct InitOptions {
    /// The folder; made when missing.
    pub dir: PathBuf,
    /// The host's name.
    pub hostname: String,
    /// Moves every listener to 127.0.0.1 at this base plus its standard port.
    pub port_base: Option<u16>,
    /// `postgres://…`; nothing for the embedded database.
    pub database: Option<String>,
}

/// What was written.
#[derive(Debug, Clone)]
pub struct InitReport {
    /// The configuration.
    pub config: PathBuf,
    /// The self-signed certificate.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// Why nothing was set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InitError {
    /// The name is not a host name.
    #[error("--hostname must be a name such as mail.example.com")]
    HostName(#[from] hikyaku_types::DomainError),
    /// A port would be above 65535.
    #[error("--port-base {0} is too high: the highest service port is base + 995; use at most {max}", max = MAX_PORT_BASE)]
    PortBase(u16),
    /// The URL is none that we can open.
    #[error("--database must start with postgres:// (leave it out for the embedded database)")]
    Database,
    /// There is a configuration already; nothing is overwritten.
    #[error("{} exists already; nothing was changed", .0.display())]
    Exists(PathBuf),
    /// A file or folder cannot be written.
    #[error("cannot write {}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The server could not start with what would be written.
    #[error("{0}")]
    Configuration(String),
    /// The key pair cannot be made.
    #[error("cannot make a self-signed certificate: {0}")]
    Certificate(String),
}

/// The highest port base: the highest standard port is POP3S, 995.
const MAX_PORT_BASE: u16 = u16::MAX - 995;

/// Sets up `options.dir`. Files that exist are never overwritten.
pub fn init(options: &InitOptions) -> Result<InitReport, InitError> {
    let hostname: Domain = options.hostname.parse()?;
    check(options)?;
    let report = InitReport {
        config: options.dir.join("hikyaku.toml"),
        certificate: options.dir.join("tls/certificate.pem"),
        key: options.dir.join("tls/key.pem"),
    };
    for path in [&report.config, &report.certificate, &report.key] {
        if path.exists() {
            return Err(InitError::Exists(path.clone()));
        }
    }
    let names = [
        hostname.as_str().to_owned(),
        "localhost".to_owned(),
        "127.0.0.1".to_owned(),
    ];
    let pair = hikyaku_net::self_signed(&names, SystemClock.now())
        .map_err(|error| InitError::Certificate(error.to_string()))?;
    let text = render(&Template {
        hostname: hostname.as_str(),
        database_url: options.database.as_deref().unwrap_or("sqlite:hikyaku.db"),
        port_base: options.port_base,
    });
    // What could not be served is not written.
    let folder = std::path::absolute(&options.dir).map_err(|source| InitError::Io {
        path: options.dir.clone(),
        source,
    })?;
    Config::parse(&text, &folder).map_err(InitError::Configuration)?;
    make_folder(&options.dir)?;
    make_folder(&options.dir.join("tls"))?;
    write_new(&report.key, pair.key_pem.as_bytes(), 0o600)?;
    write_new(&report.certificate, pair.certificate_pem.as_bytes(), 0o644)?;
    // The configuration last: with it the folder is complete. It may hold a database password.
    write_new(&report.config, text.as_bytes(), 0o600)?;
    Ok(report)
}

fn check(options: &InitOptions) -> Result<(), InitError> {
    debug_assert!(Service::ALL.iter().all(|service| service.port() <= 995));
    if let Some(base) = options.port_base.filter(|base| *base > MAX_PORT_BASE) {
        return Err(InitError::PortBase(base));
    }
    match options.database.as_deref() {
        Some(url) if !url.starts_with("postgres://") && !url.starts_with("postgresql://") => {
            Err(InitError::Database)
        }
        _ => Ok(()),
    }
}

fn make_folder(path: &Path) -> Result<(), InitError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|source| InitError::Io {
            path: path.to_owned(),
            source,
        })
}

fn write_new(path: &Path, bytes: &[u8], mode: u32) -> Result<(), InitError> {
    let write = || -> io::Result<()> {
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|source| InitError::Io {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn options(dir: &Path) -> InitOptions {
        InitOptions {
            dir: dir.to_owned(),
            hostname: "mail.example.test".to_owned(),
            port_base: Some(20000),
            database: None,
        }
    }

    #[test]
    fn a_new_folder_is_complete_and_private() {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("host");
        let report = init(&options(&dir)).unwrap();
        let config = Config::load(&report.config).unwrap();
        assert_eq!(config.tls.certificate, report.certificate);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&report.key), 0o600);
        assert_eq!(mode(&report.config), 0o600);
        assert_eq!(mode(&dir), 0o700);
    }

    #[test]
    fn nothing_is_overwritten() {
        let parent = tempfile::tempdir().unwrap();
        let report = init(&options(parent.path())).unwrap();
        let before = fs::read(&report.key).unwrap();
        assert!(matches!(
            init(&options(parent.path())),
            Err(InitError::Exists(_))
        ));
        assert_eq!(fs::read(&report.key).unwrap(), before);
    }

    #[test]
    fn bad_options_change_nothing() {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("host");
        let good = options(&dir);
        for bad in [
            InitOptions {
                hostname: "not a name".to_owned(),
                ..good.clone()
            },
            InitOptions {
                port_base: Some(65_000),
                ..good.clone()
            },
            InitOptions {
                database: Some("mysql://x".to_owned()),
                ..good.clone()
            },
        ] {
            init(&bad).unwrap_err();
            assert!(!dir.exists());
        }
        let deep = dir.join("d".repeat(100));
        let error = init(&options(&deep)).unwrap_err().to_string();
        assert!(error.contains("too long") && !dir.exists(), "{error}");
    }
}
