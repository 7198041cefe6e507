//! Plays protocol transcripts against a server in this process. Knows no protocol.
//!
//! A transcript is a text file, one step a line:
//!
//! ```text
//! # A comment; empty lines are ignored too.
//! @open mx internet        opens connection 1 (the scene knows what the words mean)
//! @open2 mx internet       opens connection 2
//! C: EHLO client.example   sends the line and CRLF; C2: on connection 2
//! C> a\r\n\x00b            sends exactly these octets; \r \n \t \\ \xHH are known
//! S: 250 2.0.0 {*}         the next line must be like this
//! S: 250 {id}              {*} is any text, {#} digits, {name} is kept at first and compared later
//! S: {...}                 any number of lines, as few as possible
//! @closed                  the server must have closed, and sent nothing more
//! @ends                    the server must close, whatever it still sends
//! @tls                     the client's side of a TLS handshake on this connection
//! @deflate                 this connection goes on compressed
//! @hang-up                 the client goes away
//! @anything with words     whatever the scene knows under this name,
//! | with lines of text     with a body
//! ```
//!
//! `{name}` in what is sent, and in words and bodies, is replaced by what was kept, and `{text*99}`
//! in what is sent is the text so many times; other text in braces stands for itself.

mod pattern;

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::{
    io::{
        AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _,
        BufReader,
    },
    time::timeout,
};

pub use pattern::matches;

/// How long a line may take to come. Only a test that fails waits so long.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Octets of what was sent at once that a failure shows.
const MAX_SHOWN: usize = 1_000;

/// One end of a connection.
pub trait Pipe: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Pipe for T {}

/// What was kept under a name.
pub type Kept = BTreeMap<String, String>;

/// The server and what surrounds it.
#[expect(async_fn_in_trait, reason = "scenes are played on the test's own task")]
pub trait Scene {
    /// Opens a connection: `@open words`.
    async fn open(&mut self, words: &[String]) -> Result<Box<dyn Pipe>, String>;

    /// The client's side of a TLS handshake: `@tls`.
    async fn secure(&mut self, plain: Box<dyn Pipe>) -> Result<Box<dyn Pipe>, String>;

    /// The client's side of compression: `@deflate`.
    async fn deflate(&mut self, _plain: Box<dyn Pipe>) -> Result<Box<dyn Pipe>, String> {
        Err("nothing is compressed here".to_owned())
    }

    /// Any other step: `@name words`, with the lines of its body.
    async fn act(
        &mut self,
        name: &str,
        words: &[String],
        body: &[String],
        kept: &mut Kept,
    ) -> Result<(), String>;
}

/// The transcripts of a folder, in the order of their names. There must be some.
pub fn all_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder of transcripts can be read");
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("its entries can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} has no transcripts", folder.display());
    paths
}

/// Plays a transcript.
///
/// # Panics
/// When something else happens than is written there; the message says where.
pub async fn play(path: &Path, scene: &mut impl Scene) {
    let text = fs::read_to_string(path).expect("the transcript can be read");
    let mut player = Player::default();
    let mut lines = text.lines().enumerate().peekable();
    while let Some((number, line)) = lines.next() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let mut body = Vec::new();
        while let Some((_, more)) = lines.next_if(|(_, next)| next.starts_with('|')) {
            body.push(more.strip_prefix("| ").unwrap_or(&more[1..]).to_owned());
        }
        if let Err(problem) = player.step(line, &body, scene).await {
            let place = format!("{}:{}", path.display(), number + 1);
            panic!(
                "{place}: {line}\n{problem}\n\nWhat was said:\n{}",
                player.log
            );
        }
    }
}

#[derive(Default)]
struct Player {
    connections: BTreeMap<u32, Connection>,
    kept: Kept,
    log: String,
    /// `S: {...}` was read: the next expected line may be further down.
    skipping: bool,
}

struct Connection {
    pipe: BufReader<Box<dyn Pipe>>,
}

impl Player {
    async fn step(
        &mut self,
        line: &str,
        body: &[String],
        scene: &mut impl Scene,
    ) -> Result<(), String> {
        if let Some(directive) = line.strip_prefix('@') {
            return self.direct(directive, body, scene).await;
        }
        let (start, text) = line
            .split_once([':', '>'])
            .ok_or("neither C:, C>, S: nor a directive")?;
        let is_raw = line.as_bytes().get(start.len()) == Some(&b'>');
        let text = text.strip_prefix(' ').unwrap_or(text);
        let (side, number) = number_at_end(start);
        match (side, is_raw) {
            ("C", false) => {
                self.send(number, format!("{}\r\n", self.spelled(text)).as_bytes())
                    .await
            }
            ("C", true) => self.send(number, &unescaped(&self.spelled(text))?).await,
            ("S", false) => self.expect(number, text).await,
            _ => Err("neither C:, C>, S: nor a directive".to_owned()),
        }
    }

    async fn direct(
        &mut self,
        directive: &str,
        body: &[String],
        scene: &mut impl Scene,
    ) -> Result<(), String> {
        let mut words = directive.split_whitespace().map(|word| self.filled(word));
        let head = words.next().ok_or("a directive without a name")?;
        let words: Vec<_> = words.collect();
        let (name, number) = number_at_end(&head);
        match name {
            "open" => {
                let pipe = scene.open(&words).await?;
                self.connections.insert(
                    number,
                    Connection {
                        pipe: BufReader::new(pipe),
                    },
                );
                Ok(())
            }
            layer @ ("tls" | "deflate") => {
                let plain = self.take(number)?.pipe;
                if !plain.buffer().is_empty() {
                    return Err(format!("the server sent something before {layer}"));
                }
                let pipe = match layer {
                    "tls" => scene.secure(plain.into_inner()).await?,
                    _ => scene.deflate(plain.into_inner()).await?,
                };
                self.connections.insert(
                    number,
                    Connection {
                        pipe: BufReader::new(pipe),
                    },
                );
                Ok(())
            }
            "ends" => {
                let mut rest = Vec::new();
                let pipe = &mut self.connection(number)?.pipe;
                match timeout(PATIENCE, pipe.read_to_end(&mut rest)).await {
                    Ok(_) => Ok(()),
                    Err(_) => Err("the server does not close".to_owned()),
                }
            }
            "hang-up" => self.take(number).map(drop),
            "closed" => match self.read_line(number).await? {
                None => Ok(()),
                Some(line) => Err(format!("the server still said: {line}")),
            },
            _ => {
                let body: Vec<_> = body.iter().map(|line| self.filled(line)).collect();
                scene.act(&head, &words, &body, &mut self.kept).await
            }
        }
    }

    fn connection(&mut self, number: u32) -> Result<&mut Connection, String> {
        let connection = self.connections.get_mut(&number);
        connection.ok_or_else(|| "that connection is not open".to_owned())
    }

    async fn send(&mut self, number: u32, octets: &[u8]) -> Result<(), String> {
        // Writing to a String cannot fail, here and below.
        let shown = octets.get(..MAX_SHOWN).unwrap_or(octets);
        let _ = writeln!(self.log, "C{number}: {}", shown.escape_ascii());
        let connection = self
            .connections
            .get_mut(&number)
            .ok_or("that connection is not open")?;
        let sending = async {
            connection.pipe.write_all(octets).await?;
            connection.pipe.flush().await
        };
        match timeout(PATIENCE, sending).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(format!("could not send: {error}")),
            Err(_) => Err("the server reads nothing".to_owned()),
        }
    }

    async fn expect(&mut self, number: u32, pattern: &str) -> Result<(), String> {
        if pattern == "{...}" {
            self.skipping = true;
            return Ok(());
        }
        loop {
            let Some(line) = self.read_line(number).await? else {
                return Err("the server has closed the connection".to_owned());
            };
            if matches(pattern, &line, &mut self.kept) {
                self.skipping = false;
                return Ok(());
            }
            if !self.skipping {
                return Err(format!("the server said: {line}"));
            }
        }
    }

    /// The next line without its line end, which must be CRLF; nothing at the end.
    async fn read_line(&mut self, number: u32) -> Result<Option<String>, String> {
        let connection = self
            .connections
            .get_mut(&number)
            .ok_or("that connection is not open")?;
        let mut octets = Vec::new();
        match timeout(PATIENCE, connection.pipe.read_until(b'\n', &mut octets)).await {
            // A peer that is gone may show as a reset, or in TLS as a missing farewell.
            Ok(Ok(0) | Err(_)) => Ok(None),
            Ok(Ok(_)) => {
                let _ = writeln!(self.log, "S{number}: {}", octets.escape_ascii());
                let line = octets
                    .strip_suffix(b"\r\n")
                    .ok_or("the line does not end with CRLF")?;
                Ok(Some(String::from_utf8_lossy(line).into_owned()))
            }
            Err(_) => Err("the server said nothing".to_owned()),
        }
    }

    fn take(&mut self, number: u32) -> Result<Connection, String> {
        self.connections
            .remove(&number)
            .ok_or_else(|| "that connection is not open".to_owned())
    }

    /// What is sent for this text.
    fn spelled(&self, text: &str) -> String {
        repeated(&self.filled(text))
    }

    /// The text with what was kept in the place of its names.
    fn filled(&self, text: &str) -> String {
        self.kept
            .iter()
            .fold(text.to_owned(), |text, (name, value)| {
                text.replace(&format!("{{{name}}}"), value)
            })
    }
}

/// The text with `{text*99}` written out.
fn repeated(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let times = after.split_once('}').and_then(|(inside, behind)| {
            let (what, times) = inside.rsplit_once('*')?;
            Some((what, times.parse::<usize>().ok()?, behind))
        });
        if let Some((what, times, behind)) = times {
            out.push_str(&what.repeat(times));
            rest = behind;
        } else {
            out.push('{');
            rest = after;
        }
    }
    out + rest
}

/// `C2` is `C` and 2; without a number it is the first.
fn number_at_end(word: &str) -> (&str, u32) {
    let name = word.trim_end_matches(|c: char| c.is_ascii_digit());
    (name, word[name.len()..].parse().unwrap_or(1))
}

fn unescaped(text: &str) -> Result<Vec<u8>, String> {
    let mut octets = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        octets.extend_from_slice(before.as_bytes());
        let mut taken = 1;
        octets.push(match after.as_bytes().first() {
            Some(b'r') => b'\r',
            Some(b'n') => b'\n',
            Some(b't') => b'\t',
            Some(b'\\') => b'\\',
            Some(b'x') => {
                taken = 3;
                let digits = after.get(1..3).ok_or("\\x without digits")?;
                u8::from_str_radix(digits, 16).map_err(|_| "\\x without digits")?
            }
            _ => return Err("unknown escape".to_owned()),
        });
        rest = &after[taken..];
    }
    octets.extend_from_slice(rest.as_bytes());
    Ok(octets)
}
