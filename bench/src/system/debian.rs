//! Postfix and Dovecot of Debian, run by `scripts/bench-postfix.sh`, which says how.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

use super::process::{Running, output};
use super::{ACCOUNTS, PASSWORD, System, address, free_port_base};

/// Queue folders that hold mail on its way to a mailbox.
const ON_THE_WAY: [&str; 2] = ["incoming", "active"];

/// The two servers, in namespaces of their own.
#[derive(Debug)]
pub struct Debian {
    script: PathBuf,
    folder: PathBuf,
    port_base: u16,
    running: Option<Running>,
}

impl Debian {
    /// Servers that will keep their mail in this folder, and use this certificate.
    pub fn new(script: &Path, folder: PathBuf, certificate: &Path, key: &Path) -> Result<Self> {
        fs::create_dir_all(&folder)?;
        let users: Vec<String> = (0..ACCOUNTS).map(address).collect();
        fs::write(folder.join("users"), users.join("\n") + "\n")?;
        fs::write(folder.join("password"), format!("{PASSWORD}\n"))?;
        fs::copy(certificate, folder.join("certificate.pem"))?;
        fs::copy(key, folder.join("key.pem"))?;
        Ok(Self {
            script: script.to_owned(),
            folder,
            port_base: free_port_base(21_000)?,
            running: None,
        })
    }

    fn queue(&self, name: &str) -> PathBuf {
        self.folder.join("var/spool/postfix").join(name)
    }
}

impl System for Debian {
    fn name(&self) -> &'static str {
        "Postfix + Dovecot"
    }

    fn describe(&self) -> Result<Vec<(String, String)>> {
        let versions = output(Command::new(&self.script).arg("versions"))?;
        let mut facts: Vec<(String, String)> = versions
            .lines()
            .filter_map(|line| line.split_once(' '))
            .map(|(name, version)| (name.to_owned(), version.to_owned()))
            .collect();
        let settings = [
            (
                "durability",
                "Postfix syncs each queue file; Dovecot mail_fsync=optimized (default)",
            ),
            (
                "mailboxes",
                "Maildir, delivered over LMTP on a local socket",
            ),
            (
                "other than default",
                "in_flow_delay=0; login processes serve many connections",
            ),
        ];
        facts.extend(settings.map(|(name, value)| (name.to_owned(), value.to_owned())));
        Ok(facts)
    }

    fn start_fresh(&mut self) -> Result<()> {
        self.stop()?;
        let mut child = Command::new(&self.script)
            .arg("run")
            .arg(&self.folder)
            .arg(self.port_base.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot run {}", self.script.display()))?;
        let stdout = child
            .stdout
            .take()
            .context("invariant: the pipe was asked for")?;
        let running = Running::new(child);
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        ensure!(
            line == "ready\n",
            "Postfix and Dovecot do not start; what they say is above"
        );
        self.running = Some(running);
        Ok(())
    }

    fn stop(&mut self) -> Result<()> {
        let Some(mut running) = self.running.take() else {
            return Ok(());
        };
        running.hang_up();
        running.wait().context("Postfix and Dovecot")
    }

    fn address(&self, standard_port: u16) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port_base + standard_port))
    }

    fn has_waiting(&self) -> Result<bool> {
        // Nothing may be deferred or refused here: it would be missing in the mailboxes.
        for name in ["deferred", "corrupt"] {
            if has_file(&self.queue(name))? {
                bail!(
                    "Postfix has {name} mail; see {}/var/log",
                    self.folder.display()
                );
            }
        }
        for name in ON_THE_WAY {
            if has_file(&self.queue(name))? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn process(&self) -> Option<u32> {
        self.running.as_ref().map(Running::id)
    }
}

/// Whether a folder or one below it holds a file.
fn has_file(folder: &Path) -> Result<bool> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_type()?.is_dir() || has_file(&entry.path())? {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::has_file;
    use std::fs;

    #[test]
    fn files_are_found_at_any_depth() {
        let folder = std::env::temp_dir().join(format!("hikyaku-bench-{}", std::process::id()));
        fs::create_dir_all(folder.join("a/b")).unwrap();
        assert!(!has_file(&folder).unwrap());
        fs::write(folder.join("a/b/c"), "x").unwrap();
        assert!(has_file(&folder).unwrap());
        fs::remove_dir_all(&folder).unwrap();
    }
}
