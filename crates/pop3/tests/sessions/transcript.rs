//! Plays protocol conversations from text files. Knows no protocol.
//!
//! ```text
//! # A comment; empty lines are ignored too.
//! @ other internet          goes on as connection `other`, of a kind the stage knows
//! C: LOGIN {name}           sends the line; C: lines that follow each other leave in one write
//! S: +OK {*}                expects a line; {*} stands for anything
//! S: +OK {id=*} octets      … and keeps what it was as {id}, for C: and S: lines further on
//! S...                      skips lines until one fits the next S: line
//! S!                        expects that the server closes the connection
//! TLS                       performs the client's side of a TLS handshake
//! ! words                   asks the stage to do something
//! ```
//!
//! `\r`, `\n`, `\t`, `\\`, `\xHH` stand for octets (a space at the end of a line: `\x20`); `\` at
//! the end of a C: line sends no CRLF; `{x*300}` in a C: line stands for 300 times `x`.
//! The name of the first connection is `main`, its kind `default`.

use std::{collections::HashMap, fmt::Write as _, time::Duration};

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};

/// How long a line may take to come.
const PATIENCE: Duration = Duration::from_secs(30);

/// One end of a conversation.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// What a transcript is played on.
pub(crate) trait Stage {
    /// Opens a connection of this kind.
    async fn connect(&self, kind: &str) -> Box<dyn Stream>;
    /// Performs the client's side of a TLS handshake.
    async fn secure(&self, plain: Box<dyn Stream>) -> Box<dyn Stream>;
    /// Does what a `!` line says.
    async fn act(&self, words: &str);
}

/// Plays a transcript; panics with file, line and all that was said when it is not followed.
pub(crate) async fn play(name: &str, text: &str, stage: &impl Stage) {
    let mut player = Player {
        name,
        stage,
        connections: HashMap::new(),
        captures: HashMap::new(),
        said: String::new(),
    };
    let mut current = "main".to_owned();
    player.open("main", "default").await;
    let mut skipping = false;
    let mut lines = text.lines().enumerate().peekable();
    while let Some((number, line)) = lines.next() {
        let at = number + 1;
        let line = line.trim_end();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(words) = line.strip_prefix("@ ") {
            let (name, kind) = words.split_once(' ').unwrap_or((words, "default"));
            if !player.connections.contains_key(name) {
                player.open(name, kind).await;
            }
            name.clone_into(&mut current);
        } else if let Some(text) = said_by("C:", line) {
            let mut octets = player.octets(text);
            while let Some((_, next)) = lines.next_if(|(_, next)| said_by("C:", next).is_some()) {
                octets.extend(player.octets(said_by("C:", next).unwrap()));
            }
            player.send(&current, &octets, at).await;
        } else if line == "S..." {
            skipping = true;
        } else if let Some(pattern) = said_by("S:", line) {
            player.expect(&current, pattern, skipping, at).await;
            skipping = false;
        } else if line == "S!" {
            player.expect_end(&current, at).await;
        } else if line == "TLS" {
            player.secure(&current).await;
        } else if let Some(words) = line.strip_prefix("! ") {
            stage.act(words).await;
        } else {
            panic!("{name}:{at}: not a line of a transcript: {line}");
        }
    }
}

/// What stands behind `C: ` or `S: `; an empty line may lack the space.
fn said_by<'t>(who: &str, line: &'t str) -> Option<&'t str> {
    let text = line.strip_prefix(who)?;
    Some(text.strip_prefix(' ').unwrap_or(text))
}

struct Player<'p, S> {
    name: &'p str,
    stage: &'p S,
    connections: HashMap<String, BufReader<Box<dyn Stream>>>,
    captures: HashMap<String, String>,
    /// The conversation so far, for the message of a failure.
    said: String,
}

impl<S: Stage> Player<'_, S> {
    async fn open(&mut self, name: &str, kind: &str) {
        let stream = self.stage.connect(kind).await;
        self.connections
            .insert(name.to_owned(), BufReader::new(stream));
    }

    async fn secure(&mut self, connection: &str) {
        let plain = self.connections.remove(connection).unwrap();
        assert!(plain.buffer().is_empty(), "plain text came before TLS");
        let secure = self.stage.secure(plain.into_inner()).await;
        self.connections
            .insert(connection.to_owned(), BufReader::new(secure));
    }

    async fn send(&mut self, connection: &str, octets: &[u8], at: usize) {
        let text = String::from_utf8_lossy(octets).into_owned();
        self.note(connection, "C", &text);
        let stream = self.connections.get_mut(connection).unwrap();
        let sent = async {
            stream.write_all(octets).await?;
            stream.flush().await
        };
        if let Err(error) = sent.await {
            panic!("{}:{at}: cannot send: {error}\n{}", self.name, self.said);
        }
    }

    async fn line(&mut self, connection: &str, at: usize) -> Option<String> {
        let stream = self.connections.get_mut(connection).unwrap();
        let mut line = Vec::new();
        let read = tokio::time::timeout(PATIENCE, stream.read_until(b'\n', &mut line)).await;
        let (name, said) = (self.name, &self.said);
        // A connection that was cut off has ended like one that was closed.
        let count = read.unwrap_or_else(|_| panic!("{name}:{at}: nothing comes\n{said}"));
        if count.is_err() || line.is_empty() {
            return None;
        }
        let line = String::from_utf8_lossy(&line).into_owned();
        self.note(connection, "S", &line);
        Some(line)
    }

    async fn expect(&mut self, connection: &str, pattern: &str, skipping: bool, at: usize) {
        let pattern = self.filled(pattern);
        loop {
            let Some(line) = self.line(connection, at).await else {
                panic!(
                    "{}:{at}: closed instead of {pattern}\n{}",
                    self.name, self.said
                );
            };
            let Some(text) = line.strip_suffix("\r\n") else {
                panic!(
                    "{}:{at}: no CRLF at the end of {line:?}\n{}",
                    self.name, self.said
                );
            };
            let mut found = HashMap::new();
            if fits(&unescaped(&pattern), text.as_bytes(), &mut found) {
                self.captures.extend(found);
                return;
            }
            let (name, said) = (self.name, &self.said);
            assert!(skipping, "{name}:{at}: expected {pattern}\n{said}");
        }
    }

    async fn expect_end(&mut self, connection: &str, at: usize) {
        if let Some(line) = self.line(connection, at).await {
            panic!(
                "{}:{at}: {line:?} instead of the end\n{}",
                self.name, self.said
            );
        }
    }

    fn note(&mut self, connection: &str, who: &str, text: &str) {
        for line in text.split_inclusive('\n') {
            let _ = writeln!(self.said, "  {connection} {who}: {}", line.escape_debug());
        }
    }

    /// The text with captures put in.
    fn filled(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, value) in &self.captures {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        text
    }

    /// A C: line as octets.
    fn octets(&self, text: &str) -> Vec<u8> {
        let text = repeated(&self.filled(text));
        match text.strip_suffix('\\') {
            Some(open) if !text.ends_with("\\\\") => unescaped(open),
            _ => {
                let mut octets = unescaped(&text);
                octets.extend_from_slice(b"\r\n");
                octets
            }
        }
    }
}

/// The text with each `{x*300}` written out.
fn repeated(text: &str) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        result.push_str(before);
        let inside = after.split_once('}');
        let repeat = inside.and_then(|(inside, tail)| {
            let (unit, count) = inside.rsplit_once('*')?;
            Some((unit.repeat(count.parse().ok()?), tail))
        });
        if let Some((text, tail)) = repeat {
            result.push_str(&text);
            rest = tail;
        } else {
            result.push('{');
            rest = after;
        }
    }
    result + rest
}

fn unescaped(text: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&octet, tail)) = rest.split_first() {
        rest = tail;
        if octet != b'\\' {
            octets.push(octet);
            continue;
        }
        let (&kind, tail) = rest.split_first().expect("something follows a backslash");
        rest = tail;
        octets.push(match kind {
            b'r' => b'\r',
            b'n' => b'\n',
            b't' => b'\t',
            b'\\' => b'\\',
            b'x' => {
                let (digits, tail) = rest.split_at(2);
                rest = tail;
                u8::from_str_radix(str::from_utf8(digits).unwrap(), 16).unwrap()
            }
            other => panic!("unknown escape \\{}", other as char),
        });
    }
    octets
}

/// Whether a line fits a pattern with `{*}` and `{name=*}`.
fn fits(pattern: &[u8], line: &[u8], found: &mut HashMap<String, String>) -> bool {
    let open = pattern.iter().position(|&octet| octet == b'{');
    let wildcard = open.and_then(|start| {
        let length = pattern[start..].iter().position(|&octet| octet == b'}')?;
        let inside = str::from_utf8(&pattern[start + 1..start + length]).ok()?;
        let name = inside.strip_suffix('*')?;
        Some((start, start + length + 1, name.strip_suffix('=')))
    });
    let Some((start, end, name)) = wildcard else {
        return pattern == line;
    };
    let Some(rest) = line.strip_prefix(&pattern[..start]) else {
        return false;
    };
    (0..=rest.len()).any(|length| {
        let fits = fits(&pattern[end..], &rest[length..], found);
        if let (true, Some(name)) = (fits, name) {
            let value = String::from_utf8_lossy(&rest[..length]).into_owned();
            found.insert(name.to_owned(), value);
        }
        fits
    })
}

#[test]
fn repetitions_are_written_out() {
    assert_eq!(repeated("a{x*3}b{\\x20*2}{y*0}{z}"), "axxxb\\x20\\x20{z}");
}

#[test]
fn patterns_fit_what_they_should() {
    for (pattern, line, expected) in [
        ("+OK", "+OK", true),
        ("+OK", "+OK ", false),
        ("+OK {*}", "+OK ", true),
        ("+OK {*}", "+OK 3 messages", true),
        ("{*} 3 {*}s", "+OK 3 messages", true),
        ("{*}x", "+OK 3 messages", false),
        ("{literal}", "{literal}", true),
    ] {
        let mut found = HashMap::new();
        let fits = fits(pattern.as_bytes(), line.as_bytes(), &mut found);
        assert_eq!(fits, expected, "{pattern:?} {line:?}");
    }
    let mut found = HashMap::new();
    assert!(fits(b"+OK {n=*} {id=*}", b"+OK 1 abc.7", &mut found));
    assert_eq!((found["n"].as_str(), found["id"].as_str()), ("1", "abc.7"));
}
