//! A session with a POP3 server (RFC 1939, RFC 2449).

use bytes::Bytes;
use zeroize::Zeroizing;

use crate::{
    CollectError, Limits, Secrecy, Security,
    error::clean,
    job::Job,
    limits::{LISTED_WORDS_MAX, POP_LINE_MAX, POP_MESSAGE_LINE_MAX},
    wire::{Tls, Wire},
};

use super::sign_in;

/// What a server answers.
#[derive(Debug)]
pub(super) enum Reply {
    Ok(String),
    Err(String),
}

impl Reply {
    /// What it says, or an error.
    pub(super) fn check(self, command: &'static str) -> Result<String, CollectError> {
        match self {
            Self::Ok(said) => Ok(said),
            Self::Err(said) if is_busy(&said) => Err(CollectError::Busy(clean(&said))),
            Self::Err(said) => {
                let said = clean(&said);
                Err(CollectError::Refused { command, said })
            }
        }
    }

    /// The same for the sign-in.
    pub(super) fn check_sign_in(self) -> Result<(), CollectError> {
        match self.check("the sign-in") {
            Err(CollectError::Refused { said, .. }) => Err(CollectError::SignIn(said)),
            other => other.map(drop),
        }
    }
}

/// Whether the server means "not now" (RFC 2449 §8, RFC 3206).
fn is_busy(said: &str) -> bool {
    ["[IN-USE]", "[LOGIN-DELAY]", "[SYS/TEMP]"]
        .iter()
        .any(|code| said.to_ascii_uppercase().starts_with(code))
}

/// A message, as far as it was kept.
#[derive(Debug)]
pub(super) enum Retrieved {
    Whole(Bytes),
    TooLarge(u64),
}

/// A session.
pub(super) struct Session {
    wire: Wire,
    message_bytes: u64,
    capabilities: Vec<String>,
}

impl Session {
    /// Connects, makes the connection secret and signs in.
    pub(super) async fn open(job: &Job, tls: &Tls, limits: &Limits) -> Result<Self, CollectError> {
        let mut wire = Wire::connect(&job.endpoint, limits).await?;
        if job.endpoint.security == Security::Implicit {
            wire = wire.secure(tls, &job.endpoint.host, limits.connect).await?;
        }
        let mut session = Self {
            wire,
            message_bytes: limits.message_bytes,
            capabilities: Vec::new(),
        };
        session.greeting().await?;
        session.ask_capabilities().await?;
        if !session.wire.is_secret() {
            session = session.start_tls(job, tls, limits).await?;
        }
        sign_in::sign_in(&mut session, job).await?;
        // Some servers tell more to those they know.
        session.ask_capabilities().await?;
        Ok(session)
    }

    async fn greeting(&mut self) -> Result<(), CollectError> {
        let line = self.line(POP_LINE_MAX).await?;
        match reply(&line) {
            Some(reply) => reply.check("the connection").map(drop),
            None => Err(CollectError::NotAServer {
                protocol: "POP3",
                said: clean(&String::from_utf8_lossy(&line)),
            }),
        }
    }

    /// CAPA; a server that does not know it has none.
    async fn ask_capabilities(&mut self) -> Result<(), CollectError> {
        let mut words: Vec<String> = Vec::new();
        self.say("CAPA").await?;
        if let Reply::Ok(_) = self.reply().await? {
            self.lines(|line| {
                if words.len() < LISTED_WORDS_MAX {
                    words.push(String::from_utf8_lossy(line).to_ascii_uppercase());
                }
                Ok(())
            })
            .await?;
        }
        self.capabilities = words;
        Ok(())
    }

    async fn start_tls(
        mut self,
        job: &Job,
        tls: &Tls,
        limits: &Limits,
    ) -> Result<Self, CollectError> {
        let may_be_plain = job.secrecy == Secrecy::Plaintext;
        let accepted = if self.has("STLS") {
            self.say("STLS").await?;
            matches!(self.reply().await?, Reply::Ok(_))
        } else {
            false
        };
        match (accepted, may_be_plain) {
            (false, true) => return Ok(self),
            (false, false) => return Err(CollectError::NoTls),
            (true, _) => {}
        }
        let host = &job.endpoint.host;
        self.wire = self.wire.secure(tls, host, limits.connect).await?;
        // What was said before counts no more (RFC 2595 §4).
        self.ask_capabilities().await?;
        Ok(self)
    }

    /// Whether the server has this capability.
    pub(super) fn has(&self, capability: &str) -> bool {
        self.capabilities
            .iter()
            .any(|line| line.split(' ').next() == Some(capability))
    }

    /// Whether it has this way to sign in.
    pub(super) fn has_mechanism(&self, name: &str) -> bool {
        let mut lines = self.capabilities.iter();
        let sasl = lines.find_map(|line| line.strip_prefix("SASL "));
        sasl.is_some_and(|names| names.split(' ').any(|known| known == name))
    }

    /// The capabilities.
    pub(super) fn capabilities(&self) -> &[String] {
        &self.capabilities
    }

    /// Whether TLS protects the connection.
    pub(super) const fn is_secret(&self) -> bool {
        self.wire.is_secret()
    }

    /// Sends a line.
    pub(super) async fn say(&mut self, line: &str) -> Result<(), CollectError> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(line.len() + 2));
        bytes.extend_from_slice(line.as_bytes());
        bytes.extend_from_slice(b"\r\n");
        self.wire.send(&bytes).await
    }

    /// The answer to a command.
    pub(super) async fn reply(&mut self) -> Result<Reply, CollectError> {
        let line = self.line(POP_LINE_MAX).await?;
        reply(&line).ok_or(CollectError::Protocol("neither +OK nor -ERR"))
    }

    /// The next line without its end; for an exchange of the sign-in too.
    pub(super) async fn line(&mut self, limit: usize) -> Result<Vec<u8>, CollectError> {
        let mut searched = 0;
        loop {
            let received = self.wire.received();
            let rest = received.get(searched..).unwrap_or_default();
            if let Some(at) = memchr::memchr(b'\n', rest) {
                let end = searched + at;
                if end > limit {
                    return Err(CollectError::Protocol("a line without end"));
                }
                let line = received.get(..end).unwrap_or_default();
                let line = line.strip_suffix(b"\r").unwrap_or(line).to_vec();
                self.wire.consume(end + 1);
                return Ok(line);
            }
            searched = received.len();
            if searched > limit {
                return Err(CollectError::Protocol("a line without end"));
            }
            self.wire.fill().await?;
        }
    }

    /// The lines of an answer of several lines, without the dots that are put before some.
    pub(super) async fn lines(
        &mut self,
        mut each: impl FnMut(&[u8]) -> Result<(), CollectError>,
    ) -> Result<(), CollectError> {
        loop {
            let line = self.line(POP_LINE_MAX).await?;
            if line == b"." {
                return Ok(());
            }
            each(line.strip_prefix(b".").unwrap_or(&line))?;
        }
    }

    /// The message that RETR answers with, after its first line. What is over the limit is read and
    /// thrown away.
    pub(super) async fn message(&mut self) -> Result<Retrieved, CollectError> {
        let (mut content, mut size) = (Vec::new(), 0_u64);
        loop {
            let line = self.line(POP_MESSAGE_LINE_MAX).await?;
            if line == b"." {
                break;
            }
            let line = line.strip_prefix(b".").unwrap_or(&line);
            size += line.len() as u64 + 2;
            if size <= self.message_bytes {
                content.extend_from_slice(line);
                content.extend_from_slice(b"\r\n");
            } else {
                content = Vec::new();
            }
        }
        Ok(if size <= self.message_bytes {
            Retrieved::Whole(Bytes::from(content))
        } else {
            Retrieved::TooLarge(size)
        })
    }

    /// QUIT: nothing was marked to be deleted, so nothing is.
    pub(super) async fn close(mut self) {
        if self.say("QUIT").await.is_ok() {
            let _ = self.reply().await;
        }
    }
}

fn reply(line: &[u8]) -> Option<Reply> {
    let text = String::from_utf8_lossy(line);
    let after = |word: &str| {
        let start = text.get(..word.len())?;
        let rest = text.get(word.len()..)?;
        start
            .eq_ignore_ascii_case(word)
            .then(|| rest.trim_start().to_owned())
    };
    after("+OK")
        .map(Reply::Ok)
        .or_else(|| after("-ERR").map(Reply::Err))
}
