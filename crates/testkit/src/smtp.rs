//! Handing in mail as a plain SMTP or LMTP client does.

use anyhow::{Context as _, Result, bail};

use crate::{line::LineClient, mail::TestMail};

/// A session after EHLO or LHLO.
#[derive(Debug)]
pub struct SmtpClient {
    /// The connection, for what the methods do not cover.
    pub line: LineClient,
}

/// What became of a message, or of one recipient of it (LMTP).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// 250: it is the server's now. The whole reply.
    Accepted(String),
    /// 4xx or 5xx. The whole reply.
    Refused(String),
}

impl Verdict {
    fn of(reply: String) -> Self {
        if reply.starts_with("250") {
            Self::Accepted(reply)
        } else {
            Self::Refused(reply)
        }
    }

    /// The reply that decided.
    pub fn reply(&self) -> &str {
        match self {
            Self::Accepted(reply) | Self::Refused(reply) => reply,
        }
    }
}

impl SmtpClient {
    /// Reads the greeting and says EHLO.
    pub fn greet(line: LineClient) -> Result<Self> {
        Self::greet_with(line, "EHLO client.example")
    }

    /// Reads the greeting and says LHLO.
    pub fn greet_lmtp(line: LineClient) -> Result<Self> {
        Self::greet_with(line, "LHLO client.example")
    }

    fn greet_with(mut line: LineClient, hello: &str) -> Result<Self> {
        line.expect("220").context("greeting")?;
        let mut client = Self { line };
        let reply = client.reply(hello)?;
        if !reply.starts_with("250") {
            bail!("{hello}: {reply}");
        }
        Ok(client)
    }

    /// Sends a command; returns the last line of its reply.
    pub fn reply(&mut self, command: &str) -> Result<String> {
        self.line.send(command)?;
        self.last_line()
    }

    /// Sends one message; returns the reply to its content, which begins with 250.
    pub fn send(&mut self, from: &str, to: &[&str], mail: &TestMail) -> Result<String> {
        match self.offer(from, to, mail)? {
            Verdict::Accepted(reply) => Ok(reply),
            Verdict::Refused(reply) => bail!("the message was refused: {reply}"),
        }
    }

    /// Offers one message over SMTP. An error means that the connection broke, and if that was
    /// after the content nobody knows what became of it.
    pub fn offer(&mut self, from: &str, to: &[&str], mail: &TestMail) -> Result<Verdict> {
        if let Some(refusal) = self.envelope(from, to)? {
            return Ok(Verdict::Refused(refusal));
        }
        self.content(mail)?;
        Ok(Verdict::of(self.last_line()?))
    }

    /// Offers one message over LMTP: a verdict for each recipient (RFC 2033 §4.2).
    pub fn offer_each(&mut self, from: &str, to: &[&str], mail: &TestMail) -> Result<Vec<Verdict>> {
        if let Some(refusal) = self.envelope(from, to)? {
            return Ok(vec![Verdict::Refused(refusal); to.len()]);
        }
        self.content(mail)?;
        to.iter()
            .map(|_| Ok(Verdict::of(self.last_line()?)))
            .collect()
    }

    /// MAIL, RCPT and DATA; `Some` is the reply that refused one of them.
    fn envelope(&mut self, from: &str, to: &[&str]) -> Result<Option<String>> {
        let mail = format!("MAIL FROM:<{from}>");
        let recipients = to.iter().map(|recipient| format!("RCPT TO:<{recipient}>"));
        for command in std::iter::once(mail).chain(recipients) {
            let reply = self.reply(&command)?;
            if !reply.starts_with("250") {
                return self.give_up(reply);
            }
        }
        let reply = self.reply("DATA")?;
        if reply.starts_with("354") {
            Ok(None)
        } else {
            self.give_up(reply)
        }
    }

    fn give_up(&mut self, refusal: String) -> Result<Option<String>> {
        self.reply("RSET")?;
        Ok(Some(refusal))
    }

    /// The message and the dot behind it. No line of a test message begins with a dot.
    fn content(&mut self, mail: &TestMail) -> Result<()> {
        self.line
            .send_bytes(&[mail.bytes.as_slice(), b".\r\n"].concat())
    }

    fn last_line(&mut self) -> Result<String> {
        loop {
            let line = self.line.line()?;
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok(line);
            }
        }
    }
}
