//! Handing in mail as a plain SMTP client does.

use anyhow::{Context as _, Result};

use crate::{line::LineClient, mail::TestMail};

/// An SMTP session after EHLO.
#[derive(Debug)]
pub struct SmtpClient {
    /// The connection, for what the methods do not cover.
    pub line: LineClient,
}

impl SmtpClient {
    /// Reads the greeting and says EHLO.
    pub fn greet(line: LineClient) -> Result<Self> {
        let mut client = Self { line };
        client.line.expect("220").context("greeting")?;
        client.line.send("EHLO client.example")?;
        while !client.line.expect("250")?.starts_with("250 ") {}
        Ok(client)
    }

    /// Sends one message; returns the reply to its content, which begins with 250.
    pub fn send(&mut self, from: &str, to: &[&str], mail: &TestMail) -> Result<String> {
        self.line.command(&format!("MAIL FROM:<{from}>"), "250")?;
        for recipient in to {
            self.line
                .command(&format!("RCPT TO:<{recipient}>"), "250")?;
        }
        self.line.command("DATA", "354")?;
        // No line of a test message begins with a dot.
        self.line.send_bytes(&mail.bytes)?;
        self.line.command(".", "250")
    }
}
