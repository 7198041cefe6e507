//! A scripted POP3 server.

use std::sync::{Arc, Mutex, MutexGuard};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

use crate::fixture::PASSWORD;

/// A message and its unique id.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) content: Vec<u8>,
    /// The connection ends within it.
    pub(crate) ends: bool,
}

#[derive(Debug)]
pub(crate) struct Model {
    /// Lines of CAPA; without any the command is not known.
    pub(crate) capabilities: Vec<String>,
    pub(crate) messages: Vec<Message>,
    pub(crate) knows_ids: bool,
    /// Something is said between STLS and TLS.
    pub(crate) injects: bool,
    /// What the sign-in is refused with.
    pub(crate) refusal: Option<String>,
    /// After so many messages the connection ends, once.
    pub(crate) cut_after: Option<usize>,
    pub(crate) commands: Vec<String>,
}

/// The server.
#[derive(Clone)]
pub(crate) struct PopSource {
    model: Arc<Mutex<Model>>,
    port: u16,
}

pub(crate) fn message(subject: &str) -> Message {
    Message {
        id: format!("id-{subject}"),
        content: crate::fixture::message(subject),
        ends: false,
    }
}

impl PopSource {
    pub(crate) async fn start(subjects: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let source = Self {
            port: listener.local_addr().unwrap().port(),
            model: Arc::new(Mutex::new(Model {
                capabilities: vec!["USER".to_owned(), "UIDL".to_owned()],
                messages: subjects.iter().map(|subject| message(subject)).collect(),
                knows_ids: true,
                injects: false,
                refusal: None,
                cut_after: None,
                commands: Vec::new(),
            })),
        };
        let serving = source.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let connection = Connection {
                    source: serving.clone(),
                    stream: BufReader::new(stream),
                };
                // A connection that ends is what tests are about.
                tokio::spawn(async move { connection.serve().await.is_some() });
            }
        });
        source
    }

    pub(crate) fn url(&self) -> String {
        format!("pop3://127.0.0.1:{}/", self.port)
    }

    /// The model, to be changed.
    pub(crate) fn model(&self) -> MutexGuard<'_, Model> {
        self.model.lock().unwrap()
    }

    /// How many commands began so.
    pub(crate) fn count(&self, start: &str) -> usize {
        let model = self.model();
        let commands = model.commands.iter();
        commands
            .filter(|command| command.starts_with(start))
            .count()
    }
}

struct Connection {
    source: PopSource,
    stream: BufReader<TcpStream>,
}

/// `None` ends the connection.
impl Connection {
    async fn serve(mut self) -> Option<()> {
        self.say("+OK ready").await?;
        loop {
            let command = self.line().await?;
            self.source.model().commands.push(command.clone());
            let (word, rest) = command.split_once(' ').unwrap_or((&command, ""));
            match word {
                "CAPA" => self.capabilities().await?,
                "USER" => self.say("+OK").await?,
                "PASS" => self.signed_in(rest == PASSWORD).await?,
                "AUTH" => self.auth(rest).await?,
                "LIST" => {
                    let sizes = self.numbered(|message| message.content.len().to_string());
                    self.lines(&sizes).await?;
                }
                "UIDL" if !self.source.model().knows_ids => self.say("-ERR what?").await?,
                "UIDL" => {
                    let ids = self.numbered(|message| message.id.clone());
                    self.lines(&ids).await?;
                }
                "RETR" => self.retrieve(rest.parse().ok()?).await?,
                "STLS" if self.source.model().injects => {
                    self.say("+OK go on\r\n+OK somebody else").await?;
                    // Until the client is gone.
                    return self.line().await.map(drop);
                }
                "QUIT" => self.say("+OK bye").await?,
                _ => self.say("-ERR what?").await?,
            }
        }
    }

    async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.stream.read_line(&mut line).await.ok()?;
        (read > 0).then(|| line.trim_end().to_owned())
    }

    async fn say(&mut self, line: &str) -> Option<()> {
        let bytes = format!("{line}\r\n").into_bytes();
        self.stream.get_mut().write_all(&bytes).await.ok()
    }

    async fn lines(&mut self, lines: &[String]) -> Option<()> {
        self.say("+OK").await?;
        for line in lines {
            self.say(line).await?;
        }
        self.say(".").await
    }

    fn numbered(&self, text: impl Fn(&Message) -> String) -> Vec<String> {
        let model = self.source.model();
        let messages = (1..).zip(&model.messages);
        messages
            .map(|(n, message)| format!("{n} {}", text(message)))
            .collect()
    }

    async fn capabilities(&mut self) -> Option<()> {
        let capabilities = self.source.model().capabilities.clone();
        if capabilities.is_empty() {
            return self.say("-ERR what?").await;
        }
        self.lines(&capabilities).await
    }

    async fn signed_in(&mut self, is_right: bool) -> Option<()> {
        let refusal = self.source.model().refusal.clone();
        match (refusal, is_right) {
            (Some(refusal), _) => self.say(&format!("-ERR {refusal}")).await,
            (None, true) => self.say("+OK welcome").await,
            (None, false) => self.say("-ERR [AUTH] wrong").await,
        }
    }

    async fn auth(&mut self, mechanism: &str) -> Option<()> {
        self.say("+ ").await?;
        let said = String::from_utf8(STANDARD.decode(self.line().await?).ok()?).ok()?;
        let is_right = match mechanism {
            "PLAIN" => said == format!("\0taro\0{PASSWORD}"),
            "XOAUTH2" => said == "user=taro\x01auth=Bearer token-1\x01\x01",
            _ => false,
        };
        self.signed_in(is_right).await
    }

    async fn retrieve(&mut self, number: usize) -> Option<()> {
        let message = {
            let mut model = self.source.model();
            match &mut model.cut_after {
                Some(0) => {
                    model.cut_after = None;
                    return None;
                }
                Some(left) => *left -= 1,
                None => {}
            }
            model.messages.get(number - 1).cloned()
        };
        let Some(message) = message else {
            return self.say("-ERR no such message").await;
        };
        self.say("+OK").await?;
        let text = String::from_utf8(message.content).ok()?;
        for line in text.lines() {
            let dot = if line.starts_with('.') { "." } else { "" };
            self.say(&format!("{dot}{line}")).await?;
            if message.ends {
                return None;
            }
        }
        self.say(".").await
    }
}
