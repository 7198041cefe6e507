//! A session with an IMAP server: commands out, responses in.

use hikyaku_imap_proto::client::{
    ClientLimits, CommandText, Completion, Condition, Response, ResponseCode, ResponseReader,
};
use zeroize::Zeroizing;

use crate::{
    CollectError, Limits, Secrecy, Security,
    error::clean,
    job::Job,
    limits::UNREADABLE_MAX,
    wire::{Tls, Wire},
};

use super::sign_in;

/// What comes next.
#[derive(Debug)]
pub(super) enum Next {
    /// Data, which belongs to any command under way or to none.
    Data(Response),
    /// A command ended.
    Ended(Reply),
}

/// How a command ended.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) tag: String,
    pub(super) completion: Completion,
    pub(super) code: Option<ResponseCode>,
    pub(super) text: String,
}

impl Reply {
    /// Whether the server means "not now".
    fn is_busy(&self) -> bool {
        const BUSY: [&str; 4] = ["UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG"];
        let code = self.code.as_ref().map(|code| code.name.as_str());
        code.is_some_and(|code| BUSY.contains(&code))
    }

    /// An error, unless the command was done.
    pub(super) fn check(self, command: &'static str) -> Result<Self, CollectError> {
        if self.completion == Completion::Ok {
            return Ok(self);
        }
        let said = clean(&self.text);
        Err(if self.is_busy() {
            CollectError::Busy(said)
        } else {
            CollectError::Refused { command, said }
        })
    }

    /// An error of the sign-in, unless it was done.
    pub(super) fn check_sign_in(self) -> Result<Self, CollectError> {
        match self.check("the sign-in") {
            Err(CollectError::Refused { said, .. }) => Err(CollectError::SignIn(said)),
            other => other,
        }
    }
}

/// A session.
pub(super) struct Session {
    wire: Wire,
    reader: ResponseReader,
    tags: u32,
    unreadable: u32,
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
            reader: ResponseReader::new(ClientLimits::new(limits.message_bytes)),
            tags: 0,
            unreadable: 0,
            capabilities: Vec::new(),
        };
        let is_signed_in = session.greeting().await?;
        if !session.wire.is_secret() {
            session = session.start_tls(job, tls, limits, is_signed_in).await?;
        }
        if !is_signed_in {
            sign_in::sign_in(&mut session, job).await?;
        }
        session.ask_capabilities().await?;
        Ok(session)
    }

    /// Reads the greeting; says whether we are signed in already.
    async fn greeting(&mut self) -> Result<bool, CollectError> {
        self.wait_for_line().await?;
        let start = self.wire.received();
        if !start.starts_with(b"* ") {
            let said = start.get(..start.len().min(100)).unwrap_or_default();
            return Err(CollectError::NotAServer {
                protocol: "IMAP",
                said: clean(String::from_utf8_lossy(said).trim_end()),
            });
        }
        let Next::Data(Response::Condition {
            condition, code, ..
        }) = self.next().await?
        else {
            return Err(CollectError::Protocol("no greeting"));
        };
        self.note(code);
        match condition {
            Condition::Ok => Ok(false),
            Condition::PreAuth => Ok(true),
            _ => Err(CollectError::Protocol("no greeting")),
        }
    }

    /// Waits until a line, or enough to see that there is none, has come.
    async fn wait_for_line(&mut self) -> Result<(), CollectError> {
        const ENOUGH: usize = 1_024;
        while !self.wire.received().contains(&b'\n') && self.wire.received().len() < ENOUGH {
            self.wire.fill().await?;
        }
        Ok(())
    }

    async fn start_tls(
        mut self,
        job: &Job,
        tls: &Tls,
        limits: &Limits,
        is_signed_in: bool,
    ) -> Result<Self, CollectError> {
        self.ask_capabilities().await?;
        // Who is signed in cannot begin TLS (RFC 9051 §6.2.1): a way to keep us from it.
        if !self.has("STARTTLS") || is_signed_in {
            return match job.secrecy {
                Secrecy::Plaintext => Ok(self),
                _ => Err(CollectError::NoTls),
            };
        }
        let command = self.command("STARTTLS");
        match self.run(command, |_| Ok(())).await?.check("STARTTLS") {
            Err(_) if job.secrecy == Secrecy::Plaintext => return Ok(self),
            Err(_) => return Err(CollectError::NoTls),
            Ok(_) => {}
        }
        if !self.reader.is_between() {
            return Err(CollectError::Injected);
        }
        let wire = self.wire.secure(tls, &job.endpoint.host, limits.connect);
        // What was said before counts no more (RFC 9051 §6.2.1).
        Ok(Self {
            wire: wire.await?,
            capabilities: Vec::new(),
            ..self
        })
    }

    /// Asks what the server can do, unless it has said so.
    pub(super) async fn ask_capabilities(&mut self) -> Result<(), CollectError> {
        if !self.capabilities.is_empty() {
            return Ok(());
        }
        let command = self.command("CAPABILITY");
        self.run(command, |_| Ok(())).await?.check("CAPABILITY")?;
        Ok(())
    }

    /// What was said before the sign-in counts no more.
    pub(super) fn forget_capabilities(&mut self) {
        self.capabilities.clear();
    }

    /// Whether the server has this capability.
    pub(super) fn has(&self, capability: &str) -> bool {
        self.capabilities.iter().any(|known| known == capability)
    }

    /// The capabilities.
    pub(super) fn capabilities(&self) -> &[String] {
        &self.capabilities
    }

    /// Whether TLS protects the connection.
    pub(super) const fn is_secret(&self) -> bool {
        self.wire.is_secret()
    }

    /// A command with the next tag.
    pub(super) fn command(&mut self, words: &str) -> CommandText {
        self.tags = self.tags.wrapping_add(1);
        CommandText::new(&format!("h{}", self.tags), words)
    }

    /// The tag of the last command.
    pub(super) fn tag(&self) -> String {
        format!("h{}", self.tags)
    }

    /// Runs a command; what comes meanwhile goes to `each`.
    pub(super) async fn run(
        &mut self,
        command: CommandText,
        mut each: impl FnMut(Response) -> Result<(), CollectError>,
    ) -> Result<Reply, CollectError> {
        let tag = self.tag();
        let mut pieces = command.finish().into_iter();
        let first = pieces.next().unwrap_or_default();
        self.wire.send(&first).await?;
        loop {
            match self.next().await? {
                Next::Ended(reply) if reply.tag == tag => return Ok(reply),
                Next::Ended(_) => return Err(CollectError::Protocol("an answer to nothing")),
                Next::Data(Response::Continuation(_)) => match pieces.next() {
                    Some(piece) => self.wire.send(&piece).await?,
                    None => return Err(CollectError::Protocol("it waits for nothing")),
                },
                Next::Data(response) => each(response)?,
            }
        }
    }

    /// Sends a command that has no literal, and does not wait. Returns its tag.
    pub(super) async fn start(&mut self, command: CommandText) -> Result<String, CollectError> {
        for piece in command.finish() {
            self.wire.send(&piece).await?;
        }
        Ok(self.tag())
    }

    /// Sends a line of an exchange.
    pub(super) async fn say(&mut self, line: &str) -> Result<(), CollectError> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(line.len() + 2));
        bytes.extend_from_slice(line.as_bytes());
        bytes.extend_from_slice(b"\r\n");
        self.wire.send(&bytes).await
    }

    /// The next response. BYE is an error; what cannot be understood is passed over, so many times.
    pub(super) async fn next(&mut self) -> Result<Next, CollectError> {
        loop {
            let (taken, raw) = self.reader.feed(self.wire.received())?;
            self.wire.consume(taken);
            let Some(raw) = raw else {
                self.wire.fill().await?;
                continue;
            };
            let Ok(response) = Response::parse(&raw) else {
                self.unreadable += 1;
                if self.unreadable > UNREADABLE_MAX {
                    return Err(CollectError::Protocol("its answers cannot be understood"));
                }
                continue;
            };
            return self.understood(response);
        }
    }

    fn understood(&mut self, response: Response) -> Result<Next, CollectError> {
        Ok(match response {
            Response::Capability(words) => {
                self.capabilities = words;
                Next::Data(Response::Other)
            }
            Response::Condition {
                condition: Condition::Bye,
                text,
                ..
            } => return Err(CollectError::Bye(clean(&text))),
            Response::Completed {
                tag,
                completion,
                code,
                text,
            } => {
                self.note(code.clone());
                Next::Ended(Reply {
                    tag,
                    completion,
                    code,
                    text,
                })
            }
            response => Next::Data(response),
        })
    }

    fn note(&mut self, code: Option<ResponseCode>) {
        if let Some(code) = code.filter(|code| code.name == "CAPABILITY") {
            let words = code.arguments.split_ascii_whitespace();
            self.capabilities = words.map(str::to_ascii_uppercase).collect();
        }
    }

    /// LOGOUT, as far as the server listens.
    pub(super) async fn close(mut self) {
        let command = self.command("LOGOUT");
        // It answers with BYE, which is an error anywhere else.
        let _ = self.run(command, |_| Ok(())).await;
    }
}
