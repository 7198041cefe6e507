//! A scripted IMAP server: folders as a test wants them, and every kind of misbehaviour.

use std::{
    fmt::Write as _,
    sync::{Arc, Mutex, MutexGuard},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

use crate::fixture::PASSWORD;

/// What answers the challenge of CRAM-MD5 below: made with another program.
const CRAM_ANSWER: &str = "taro d5681719eff6d9d5806a719f8f632a43";

/// What goes wrong with one message whenever it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The connection ends within it.
    Cut,
    /// The command is refused.
    Refused,
    /// Nothing is said of it.
    Unsent,
    /// It has no content.
    Nil,
    /// It is listed with this size.
    SizeLie(u64),
}

#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) uid: u32,
    pub(crate) flags: String,
    pub(crate) date: String,
    pub(crate) content: Vec<u8>,
    pub(crate) fault: Option<Fault>,
}

#[derive(Debug, Clone)]
pub(crate) struct Folder {
    /// As it stands in LIST, quotes included.
    pub(crate) name: String,
    pub(crate) attributes: String,
    pub(crate) validity: u32,
    pub(crate) messages: Vec<Message>,
}

/// What the server is like. Tests change it between and during runs.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) greeting: String,
    pub(crate) capabilities: String,
    pub(crate) namespace: String,
    pub(crate) delimiter: char,
    pub(crate) folders: Vec<Folder>,
    /// Lines that are said before each answer.
    pub(crate) noise: Vec<String>,
    /// After so many messages the connection ends, once.
    pub(crate) cut_after: Option<usize>,
    /// After so many messages the server says BYE, once.
    pub(crate) bye_after: Option<usize>,
    /// After so many messages the server says nothing more, once.
    pub(crate) stall_after: Option<usize>,
    /// Something is said between STARTTLS and TLS.
    pub(crate) injects: bool,
    /// Connections that are refused from now on.
    pub(crate) refuse_connections: usize,
    /// Commands that came, without their tags.
    pub(crate) commands: Vec<String>,
    pub(crate) connections: usize,
}

/// The server.
#[derive(Clone)]
pub(crate) struct Source {
    model: Arc<Mutex<Model>>,
    port: u16,
}

pub(crate) fn folder(name: &str, subjects: &[&str]) -> Folder {
    let messages = subjects.iter().zip(1..).map(|(subject, uid)| Message {
        uid,
        flags: "\\Seen".to_owned(),
        date: "17-Jul-2024 02:44:25 +0900".to_owned(),
        content: crate::fixture::message(subject),
        fault: None,
    });
    Folder {
        name: format!("\"{name}\""),
        attributes: String::new(),
        validity: 7,
        messages: messages.collect(),
    }
}

impl Source {
    /// A server with these folders.
    pub(crate) async fn start(folders: Vec<Folder>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let source = Self {
            port: listener.local_addr().unwrap().port(),
            model: Arc::new(Mutex::new(Model {
                greeting: "* OK ready".to_owned(),
                capabilities: "IMAP4rev1 NAMESPACE SPECIAL-USE".to_owned(),
                namespace: "((\"\" \"/\")) NIL NIL".to_owned(),
                delimiter: '/',
                folders,
                noise: Vec::new(),
                cut_after: None,
                bye_after: None,
                stall_after: None,
                injects: false,
                refuse_connections: 0,
                commands: Vec::new(),
                connections: 0,
            })),
        };
        let serving = source.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let mut model = serving.model();
                model.connections += 1;
                if model.refuse_connections > 0 {
                    model.refuse_connections -= 1;
                    continue;
                }
                drop(model);
                let connection = Connection {
                    source: serving.clone(),
                    stream: BufReader::new(stream),
                    selected: None,
                };
                // A connection that ends is what tests are about.
                tokio::spawn(async move { connection.serve().await.is_some() });
            }
        });
        source
    }

    pub(crate) fn url(&self) -> String {
        format!("imap://127.0.0.1:{}/", self.port)
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
    source: Source,
    stream: BufReader<TcpStream>,
    selected: Option<usize>,
}

/// `None` ends the connection.
impl Connection {
    async fn serve(mut self) -> Option<()> {
        let greeting = self.source.model().greeting.clone();
        self.say(&greeting).await?;
        loop {
            let line = self.line().await?;
            let (tag, command) = line.split_once(' ')?;
            let noise = self.source.model().noise.clone();
            self.source.model().commands.push(command.to_owned());
            for line in noise {
                self.say(&line).await?;
            }
            let upper = command.to_ascii_uppercase();
            let end = match upper.split(' ').next()? {
                "CAPABILITY" => {
                    let capabilities = self.source.model().capabilities.clone();
                    self.say(&format!("* CAPABILITY {capabilities}")).await?;
                    "OK done".to_owned()
                }
                "LOGIN" => self.login(command).await?,
                "AUTHENTICATE" => self.authenticate(command).await?,
                "NAMESPACE" => {
                    let namespace = self.source.model().namespace.clone();
                    self.say(&format!("* NAMESPACE {namespace}")).await?;
                    "OK done".to_owned()
                }
                "LIST" => self.list().await?,
                "STARTTLS" if self.source.model().injects => {
                    let said = format!("{tag} OK go on\r\n* OK somebody else\r\n");
                    self.send(said.as_bytes()).await?;
                    // Until the client is gone.
                    return self.line().await.map(drop);
                }
                "EXAMINE" => self.examine(command).await?,
                "UID" => self.fetch(command).await?,
                "LOGOUT" => {
                    self.say("* BYE").await?;
                    "OK bye".to_owned()
                }
                _ => "BAD what?".to_owned(),
            };
            self.say(&format!("{tag} {end}")).await?;
        }
    }

    async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.stream.read_line(&mut line).await.ok()?;
        (read > 0).then(|| line.trim_end().to_owned())
    }

    async fn say(&mut self, line: &str) -> Option<()> {
        self.send(format!("{line}\r\n").as_bytes()).await
    }

    async fn send(&mut self, bytes: &[u8]) -> Option<()> {
        self.stream.get_mut().write_all(bytes).await.ok()
    }

    /// Arguments of LOGIN: quoted strings, or literals.
    async fn login(&mut self, command: &str) -> Option<String> {
        let mut text = command.to_owned();
        while let Some((_, size)) = text
            .strip_suffix('}')
            .and_then(|text| text.rsplit_once('{'))
        {
            let size: usize = size.parse().ok()?;
            self.say("+ go on").await?;
            let mut literal = vec![0; size];
            self.stream.read_exact(&mut literal).await.ok()?;
            let rest = self.line().await?;
            text = format!("{text}|{}{rest}", String::from_utf8(literal).ok()?);
        }
        let is_right = text.contains(PASSWORD);
        Some(answer(is_right))
    }

    async fn authenticate(&mut self, command: &str) -> Option<String> {
        let mut words = command.split(' ').skip(1);
        let mechanism = words.next()?.to_ascii_uppercase();
        let challenge = match mechanism.as_str() {
            "CRAM-MD5" => "PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+",
            _ => "",
        };
        let said = if let Some(initial) = words.next() {
            initial.to_owned()
        } else {
            self.say(&format!("+ {challenge}")).await?;
            self.line().await?
        };
        let said = String::from_utf8(STANDARD.decode(said).ok()?).ok()?;
        let is_right = match mechanism.as_str() {
            "PLAIN" => said == format!("\0taro\0{PASSWORD}"),

            "CRAM-MD5" => said == CRAM_ANSWER,
            "XOAUTH2" => said == "user=taro\x01auth=Bearer token-1\x01\x01",
            _ => false,
        };
        if !is_right && mechanism == "XOAUTH2" {
            let why = STANDARD.encode("{\"status\":\"401\"}");
            self.say(&format!("+ {why}")).await?;
            if !self.line().await?.is_empty() {
                return Some("BAD an empty line is expected".to_owned());
            }
        }
        Some(answer(is_right))
    }

    async fn list(&mut self) -> Option<String> {
        let lines: Vec<String> = {
            let model = self.source.model();
            let line = |folder: &Folder| {
                let (attributes, name) = (&folder.attributes, &folder.name);
                format!("* LIST ({attributes}) \"{}\" {name}", model.delimiter)
            };
            model.folders.iter().map(line).collect()
        };
        for line in lines {
            self.say(&line).await?;
        }
        Some("OK done".to_owned())
    }

    async fn examine(&mut self, command: &str) -> Option<String> {
        let name = command.split_once(' ')?.1;
        let found = {
            let model = self.source.model();
            let at = model.folders.iter().position(|folder| folder.name == name);
            at.map(|at| {
                (
                    at,
                    model.folders[at].messages.len(),
                    model.folders[at].validity,
                )
            })
        };
        let Some((at, exists, validity)) = found else {
            return Some("NO no such folder".to_owned());
        };
        self.selected = Some(at);
        self.say(&format!("* {exists} EXISTS")).await?;
        self.say("* FLAGS (\\Seen $Junk)").await?;
        if validity > 0 {
            self.say(&format!("* OK [UIDVALIDITY {validity}] lasting"))
                .await?;
        }
        Some("OK [READ-ONLY] done".to_owned())
    }

    async fn fetch(&mut self, command: &str) -> Option<String> {
        let mut words = command.splitn(4, ' ').skip(2);
        let (set, items) = (words.next()?, words.next()?);
        let messages = {
            let model = self.source.model();
            model.folders[self.selected?].messages.clone()
        };
        let asked = messages
            .iter()
            .enumerate()
            .filter(|(_, m)| is_in(set, m.uid));
        let asked: Vec<(usize, &Message)> = asked.collect();
        let with_body = items.contains("BODY.PEEK[]");
        if with_body && asked.iter().any(|(_, m)| m.fault == Some(Fault::Refused)) {
            return Some("NO cannot read it".to_owned());
        }
        for (at, message) in asked {
            if with_body {
                self.trouble().await?;
            }
            self.tell(at + 1, message, items).await?;
        }
        Some("OK done".to_owned())
    }

    /// What goes wrong after so many messages.
    async fn trouble(&mut self) -> Option<()> {
        let due = |left: &mut Option<usize>| match left {
            Some(0) => {
                *left = None;
                true
            }
            Some(left) => {
                *left -= 1;
                false
            }
            None => false,
        };
        let (cut, bye, stall) = {
            let mut model = self.source.model();
            (
                due(&mut model.cut_after),
                due(&mut model.bye_after),
                due(&mut model.stall_after),
            )
        };
        if bye {
            self.say("* BYE going down").await?;
        }
        if stall {
            // Until the client gives up.
            self.line().await?;
        }
        (!cut && !bye).then_some(())
    }

    async fn tell(&mut self, number: usize, message: &Message, items: &str) -> Option<()> {
        let (uid, flags, date) = (message.uid, &message.flags, &message.date);
        let size = match message.fault {
            Some(Fault::SizeLie(size)) => size,
            _ => message.content.len() as u64,
        };
        let mut text =
            format!("* {number} FETCH (UID {uid} FLAGS ({flags}) INTERNALDATE \"{date}\"");
        if items.contains("RFC822.SIZE") {
            let _ = write!(text, " RFC822.SIZE {size}");
        }
        if items.contains("HEADER.FIELDS") {
            let content = String::from_utf8_lossy(&message.content);
            let id = content.lines().find(|line| line.starts_with("Message-ID"));
            let header = format!("{}\r\n\r\n", id.unwrap_or_default());
            let length = header.len();
            let _ = write!(
                text,
                " BODY[HEADER.FIELDS (\"MESSAGE-ID\")] {{{length}}}\r\n{header}"
            );
        }
        if items.contains("BODY.PEEK[]") {
            match message.fault {
                Some(Fault::Unsent) => return Some(()),
                Some(Fault::Nil) => text.push_str(" BODY[] NIL"),
                fault => {
                    let length = message.content.len();
                    let _ = write!(text, " BODY[] {{{length}}}\r\n");
                    self.send(text.as_bytes()).await?;
                    if fault == Some(Fault::Cut) {
                        let half = message.content.split_at(length / 2).0;
                        self.send(half).await?;
                        return None;
                    }
                    self.send(&message.content).await?;
                    text.clear();
                }
            }
        }
        self.say(&format!("{text})")).await
    }
}

fn answer(is_right: bool) -> String {
    if is_right {
        "OK welcome".to_owned()
    } else {
        "NO [AUTHENTICATIONFAILED] wrong".to_owned()
    }
}

fn is_in(set: &str, uid: u32) -> bool {
    set.split(',').any(|range| {
        let (from, to) = range.split_once(':').unwrap_or((range, range));
        let number = |text: &str| text.parse().unwrap_or(u32::MAX);
        (number(from)..=number(to)).contains(&uid)
    })
}
