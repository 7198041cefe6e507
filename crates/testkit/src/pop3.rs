//! Reading a mailbox as a POP3 client does.

use anyhow::{Context as _, Result, ensure};

use crate::{line::LineClient, mail::message_id};

/// A session after the sign-in.
#[derive(Debug)]
pub struct Pop3Client {
    /// The connection, for what the methods do not cover.
    pub line: LineClient,
}

/// A message as UIDL lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its number in this session, from 1.
    pub number: u32,
    /// Its unique id.
    pub unique_id: String,
}

impl Pop3Client {
    /// Reads the greeting and signs in.
    pub fn sign_in(mut line: LineClient, login: &str, password: &str) -> Result<Self> {
        line.expect("+OK").context("greeting")?;
        line.command(&format!("USER {login}"), "+OK")?;
        line.command(&format!("PASS {password}"), "+OK")?;
        Ok(Self { line })
    }

    /// What is in the mailbox, in the order of the server.
    pub fn list(&mut self) -> Result<Vec<Listed>> {
        self.line.command("UIDL", "+OK")?;
        let lines = self.multi_line()?;
        lines.iter().map(|line| listed(line)).collect()
    }

    /// The Message-ID of a message.
    pub fn message_id(&mut self, number: u32) -> Result<String> {
        self.line.command(&format!("TOP {number} 0"), "+OK")?;
        message_id(&self.multi_line()?).with_context(|| format!("message {number}"))
    }

    /// The Message-IDs of all messages, in the order of the server. The commands go out together
    /// (PIPELINING), so that a mailbox is read in one go.
    pub fn message_ids(&mut self) -> Result<Vec<String>> {
        let listed = self.list()?;
        // In batches, so that neither side waits for the other with full buffers.
        let mut found = Vec::with_capacity(listed.len());
        for batch in listed.chunks(50) {
            let commands: Vec<_> = batch
                .iter()
                .map(|entry| format!("TOP {} 0", entry.number))
                .collect();
            self.line.send(&commands.join(
                "
",
            ))?;
            for entry in batch {
                self.line.expect("+OK")?;
                let id = message_id(&self.multi_line()?);
                found.push(id.with_context(|| format!("message {}", entry.number))?);
            }
        }
        Ok(found)
    }

    /// The whole message.
    pub fn retrieve(&mut self, number: u32) -> Result<Vec<String>> {
        self.line.command(&format!("RETR {number}"), "+OK")?;
        self.multi_line()
    }

    /// Marks a message for deletion.
    pub fn delete(&mut self, number: u32) -> Result<()> {
        self.line
            .command(&format!("DELE {number}"), "+OK")
            .map(drop)
    }

    /// Ends the session; only now something is deleted.
    pub fn quit(mut self) -> Result<()> {
        self.line.command("QUIT", "+OK").map(drop)
    }

    /// The lines up to the lone dot, stuffed dots removed.
    fn multi_line(&mut self) -> Result<Vec<String>> {
        let mut lines = Vec::new();
        loop {
            let line = self.line.line()?;
            match line.strip_prefix('.') {
                Some("") => return Ok(lines),
                Some(unstuffed) => lines.push(unstuffed.to_owned()),
                None => lines.push(line),
            }
        }
    }
}

fn listed(line: &str) -> Result<Listed> {
    let (number, unique_id) = line
        .split_once(' ')
        .context("a line of UIDL without a space")?;
    ensure!(!unique_id.is_empty(), "an empty unique id");
    Ok(Listed {
        number: number.parse()?,
        unique_id: unique_id.to_owned(),
    })
}
