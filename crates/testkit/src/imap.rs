//! Watching a mailbox as an IMAP client does.

use anyhow::{Context as _, Result, ensure};

use crate::{line::LineClient, mail::message_id};

/// A session after the sign-in.
#[derive(Debug)]
pub struct ImapClient {
    /// The connection, for what the methods do not cover.
    pub line: LineClient,
    tags: u32,
}

impl ImapClient {
    /// Reads the greeting and signs in.
    pub fn sign_in(mut line: LineClient, login: &str, password: &str) -> Result<Self> {
        line.expect("* OK").context("greeting")?;
        let mut client = Self { line, tags: 0 };
        client.command(&format!("LOGIN {login} \"{password}\""))?;
        Ok(client)
    }

    /// Sends a command, which must succeed; returns the lines before the tagged one.
    pub fn command(&mut self, command: &str) -> Result<Vec<String>> {
        let tag = self.tag();
        self.line.send(&format!("{tag} {command}"))?;
        self.until_ok(&tag)
            .with_context(|| format!("after {command:?}"))
    }

    /// SELECT; returns UIDVALIDITY.
    pub fn select(&mut self, mailbox: &str) -> Result<u32> {
        let lines = self.command(&format!("SELECT {mailbox}"))?;
        let text = lines
            .iter()
            .find_map(|line| line.strip_prefix("* OK [UIDVALIDITY "))
            .context("SELECT without UIDVALIDITY")?;
        let digits = text.split(']').next().unwrap_or_default();
        Ok(digits.parse()?)
    }

    /// The UIDs of all messages that are there now.
    pub fn uids(&mut self) -> Result<Vec<u32>> {
        // What is new is told with NOOP; SEARCH looks at what was told.
        self.command("NOOP")?;
        let lines = self.command("UID SEARCH ALL")?;
        let found = lines.iter().find_map(|line| line.strip_prefix("* SEARCH"));
        let words = found.context("no answer to SEARCH")?.split_whitespace();
        words.map(|word| Ok(word.parse()?)).collect()
    }

    /// UIDs and Message-IDs of the messages from this UID on, in the order of the server.
    pub fn message_ids(&mut self, from: u32) -> Result<Vec<(u32, String)>> {
        let tag = self.tag();
        let what = "(UID BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])";
        self.line
            .send(&format!("{tag} UID FETCH {from}:* {what}"))?;
        let mut found = Vec::new();
        loop {
            let line = self.line.line()?;
            if line.starts_with(&format!("{tag} ")) {
                ensure!(line.starts_with(&format!("{tag} OK")), "UID FETCH: {line}");
                // `n:*` names the last message even when n is beyond it (RFC 9051 §9).
                found.retain(|(uid, _)| *uid >= from);
                return Ok(found);
            }
            if let Some(size) = literal_size(&line) {
                let header = String::from_utf8_lossy(&self.line.bytes(size)?).into_owned();
                let rest = self.line.line()?;
                let uid = uid_of(&line).or_else(|_| uid_of(&rest))?;
                let lines: Vec<String> = header.lines().map(str::to_owned).collect();
                found.push((uid, message_id(&lines)?));
            }
        }
    }

    /// APPEND to a mailbox. `Ok` is the tagged answer, whatever it says.
    pub fn append(&mut self, mailbox: &str, message: &[u8]) -> Result<String> {
        let tag = self.tag();
        self.line
            .send(&format!("{tag} APPEND {mailbox} {{{}}}", message.len()))?;
        loop {
            let line = self.line.line()?;
            if line.starts_with(&format!("{tag} ")) {
                return Ok(line);
            }
            if line.starts_with('+') {
                break;
            }
        }
        self.line.send_bytes(message)?;
        self.line.send("")?;
        let lines = self.line.until_tagged(&tag)?;
        lines.last().cloned().context("no tagged answer")
    }

    /// LOGOUT.
    pub fn log_out(mut self) -> Result<()> {
        self.command("LOGOUT").map(drop)
    }

    fn tag(&mut self) -> String {
        self.tags += 1;
        format!("t{}", self.tags)
    }

    fn until_ok(&mut self, tag: &str) -> Result<Vec<String>> {
        let mut lines = self.line.until_tagged(tag)?;
        let last = lines.pop().context("no tagged answer")?;
        ensure!(
            last.starts_with(&format!("{tag} OK")),
            "the server said {last:?}"
        );
        Ok(lines)
    }
}

/// The size of the literal that a line ends with.
fn literal_size(line: &str) -> Option<usize> {
    let (_, size) = line.strip_suffix('}')?.rsplit_once('{')?;
    size.parse().ok()
}

/// The number behind `UID` in a line of FETCH.
fn uid_of(line: &str) -> Result<u32> {
    let (_, rest) = line.split_once("UID ").context("no UID")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits
        .parse()
        .with_context(|| format!("no UID in {line:?}"))
}
