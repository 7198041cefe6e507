//! An IMAP client that counts what it is told and forgets it.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, bail};

use super::line::{Line, Trust};

/// One connection.
#[derive(Debug)]
pub struct Imap {
    line: Line,
    /// Of the last answer: the lines before the tagged one, without literals.
    answer: Vec<u8>,
}

/// Bytes of one answer that are kept; FETCH answers are counted and dropped.
const ANSWER_KEPT: usize = 4096;

impl Imap {
    /// Connects and signs in.
    pub fn connect(address: SocketAddr, user: &str, password: &str) -> Result<Self> {
        Self::begin(Line::connect(address)?, user, password)
    }

    /// The same with TLS from the start.
    pub fn connect_tls(
        address: SocketAddr,
        trust: &Trust,
        user: &str,
        password: &str,
    ) -> Result<Self> {
        Self::begin(Line::connect_tls(address, trust)?, user, password)
    }

    fn begin(mut line: Line, user: &str, password: &str) -> Result<Self> {
        line.expect("* OK")?;
        let answer = Vec::new();
        let mut imap = Self { line, answer };
        imap.command(&format!("LOGIN {user} {password}"))?;
        Ok(imap)
    }

    /// A command that must succeed; the bytes of its answer.
    pub fn command(&mut self, command: &str) -> Result<usize> {
        self.line.send(format!("a {command}\r\n").as_bytes())?;
        self.finish().with_context(|| command.to_owned())
    }

    /// APPEND with a literal that the server asks for.
    pub fn append(&mut self, mailbox: &str, message: &[u8]) -> Result<()> {
        let command = format!("a APPEND {mailbox} {{{}}}\r\n", message.len());
        self.line.send(command.as_bytes())?;
        self.line.expect("+")?;
        self.line.send(message)?;
        self.line.send(b"\r\n")?;
        self.finish().context("APPEND").map(drop)
    }

    /// How many messages a mailbox has.
    pub fn messages(&mut self, mailbox: &str) -> Result<u64> {
        self.command(&format!("STATUS {mailbox} (MESSAGES)"))?;
        let answer = String::from_utf8_lossy(&self.answer).into_owned();
        let number = answer.split("(MESSAGES ").nth(1);
        number
            .and_then(|rest| rest.split(')').next())
            .and_then(|digits| digits.parse().ok())
            .with_context(|| format!("no number in {answer:?}"))
    }

    /// Begins IDLE; the session is then only good for waiting.
    pub fn idle(&mut self) -> Result<()> {
        self.line.send(b"a IDLE\r\n")?;
        loop {
            if self.line.line()?.starts_with(b"+") {
                return Ok(());
            }
        }
    }

    /// Says good-bye.
    pub fn logout(mut self) -> Result<()> {
        self.command("LOGOUT").map(drop)
    }

    /// Reads to the end of the answer.
    fn finish(&mut self) -> Result<usize> {
        self.answer.clear();
        let mut bytes = 0;
        loop {
            let line = self.line.line()?;
            bytes += line.len();
            if line.starts_with(b"a ") {
                if line.starts_with(b"a OK") {
                    return Ok(bytes);
                }
                bail!(
                    "the server says {}",
                    String::from_utf8_lossy(line).trim_end()
                );
            }
            if self.answer.len() < ANSWER_KEPT {
                self.answer.extend_from_slice(line);
            }
            if let Some(size) = literal_size(line) {
                self.line.discard(size)?;
                bytes += size;
            }
        }
    }
}

/// The size of the literal that a line announces at its end.
fn literal_size(line: &[u8]) -> Option<usize> {
    let inner = line.strip_suffix(b"}\r\n")?;
    let start = inner.iter().rposition(|byte| *byte == b'{')?;
    std::str::from_utf8(&inner[start + 1..]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::literal_size;

    #[test]
    fn literals_are_seen_at_the_end_of_a_line_only() {
        assert_eq!(literal_size(b"* 1 FETCH (BODY[] {120}\r\n"), Some(120));
        assert_eq!(literal_size(b"* 1 FETCH (BODY[] {0}\r\n"), Some(0));
        for line in [
            &b"{12} x\r\n"[..],
            b"x}\r\n",
            b"{}\r\n",
            b"{1x}\r\n",
            b"{9}",
        ] {
            assert_eq!(literal_size(line), None);
        }
    }
}
