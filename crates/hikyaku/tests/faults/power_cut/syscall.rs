//! Lines of `strace -f -yy -xx`: system calls, whole or in two halves.

use anyhow::{Context as _, Result, bail};

/// One line, by what it says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// A call from its start to its end; nothing else happened meanwhile.
    Whole {
        thread: u32,
        name: &'a str,
        arguments: &'a [u8],
        result: Option<i64>,
    },
    /// A call that begins.
    Begun {
        thread: u32,
        name: &'a str,
        arguments: &'a [u8],
    },
    /// The end of a call that began earlier.
    Resumed {
        thread: u32,
        arguments: &'a [u8],
        result: Option<i64>,
    },
    /// The end of a thread, a signal.
    Other,
}

impl<'a> Line<'a> {
    /// Reads a line without its line end.
    pub(super) fn parse(line: &'a [u8]) -> Result<Self> {
        Self::try_parse(line).with_context(|| {
            let start = line.get(..60).unwrap_or(line);
            let end = line
                .get(line.len().saturating_sub(60)..)
                .unwrap_or_default();
            let text = String::from_utf8_lossy;
            format!("strace wrote {:?} … {:?}", text(start), text(end))
        })
    }

    fn try_parse(line: &'a [u8]) -> Result<Self> {
        let (thread, rest) = split_at(line, b' ').context("no thread id")?;
        let thread = std::str::from_utf8(thread)?
            .parse()
            .context("no thread id")?;
        let rest = rest.trim_ascii_start();
        if rest.starts_with(b"+++") || rest.starts_with(b"---") {
            return Ok(Self::Other);
        }
        if let Some(resumed) = rest.strip_prefix(b"<... ") {
            let (_, tail) = split_at(resumed, b'>').context("half a resumption")?;
            let (arguments, result) = ended(tail)?;
            return Ok(Self::Resumed {
                thread,
                arguments,
                result,
            });
        }
        let (name, tail) = split_at(rest, b'(').context("no call")?;
        let name = std::str::from_utf8(name)?;
        // The second where the process was killed within the call.
        let unfinished = [&b" <unfinished ...>"[..], b" <detached ...>"];
        if let Some(arguments) = unfinished.iter().find_map(|end| tail.strip_suffix(*end)) {
            return Ok(Self::Begun {
                thread,
                name,
                arguments,
            });
        }
        let (arguments, result) = ended(tail)?;
        Ok(Self::Whole {
            thread,
            name,
            arguments,
            result,
        })
    }
}

/// Splits `arguments) = result …`. The text of an argument is in hexadecimal, so the last `) = `,
/// or with padding `)   = `, is the end of the call.
fn ended(tail: &[u8]) -> Result<(&[u8], Option<i64>)> {
    let equals = tail
        .windows(2)
        .rposition(|pair| pair == b"= ")
        .context("no result")?;
    let (call, result) = tail.split_at(equals);
    let arguments = call
        .trim_ascii_end()
        .strip_suffix(b")")
        .context("no end of the call")?;
    let word = result.get(2..).unwrap_or_default();
    let digits = word
        .iter()
        .take_while(|octet| octet.is_ascii_digit() || **octet == b'-');
    let digits = std::str::from_utf8(word.get(..digits.count()).unwrap_or_default())?;
    // `?` where the process ended within the call, and addresses in hexadecimal.
    Ok((arguments, digits.parse().ok()))
}

fn split_at(bytes: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let at = bytes.iter().position(|octet| *octet == separator)?;
    Some((bytes.get(..at)?, bytes.get(at + 1..)?))
}

/// What a file descriptor is, as `-yy` tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Descriptor {
    /// A file or folder that has this name.
    Path(String),
    /// A file whose name was removed.
    Removed(String),
    /// A TCP connection from this port of ours to that port of a client on loopback.
    Tcp { client_port: u16 },
    /// A Unix socket.
    Unix,
    /// Anything else.
    Other,
}

/// Reads the arguments of a call one after the other.
#[derive(Debug)]
pub(super) struct Arguments<'a>(&'a [u8]);

impl<'a> Arguments<'a> {
    pub(super) const fn new(arguments: &'a [u8]) -> Self {
        Self(arguments)
    }

    /// The next argument as it stands, up to a comma outside of brackets and quotes.
    pub(super) fn word(&mut self) -> Result<&'a [u8]> {
        let (mut depth, mut quoted) = (0_i32, false);
        for (at, octet) in self.0.iter().enumerate() {
            match octet {
                b'"' => quoted = !quoted,
                b'[' | b'{' if !quoted => depth += 1,
                b']' | b'}' if !quoted => depth -= 1,
                b',' if !quoted && depth == 0 => {
                    let (word, rest) = self.0.split_at(at);
                    self.0 = rest.get(1..).unwrap_or_default().trim_ascii_start();
                    return Ok(word);
                }
                _ => {}
            }
        }
        if self.0.is_empty() {
            bail!("an argument is missing");
        }
        Ok(std::mem::take(&mut self.0))
    }

    pub(super) fn number(&mut self) -> Result<u64> {
        let word = std::str::from_utf8(self.word()?)?;
        word.parse()
            .with_context(|| format!("{word:?} is no number"))
    }

    /// Octets in quotes; an error when strace left some out.
    pub(super) fn octets(&mut self) -> Result<Vec<u8>> {
        let word = self.word()?;
        let text = word
            .strip_prefix(b"\"")
            .and_then(|word| word.strip_suffix(b"\""));
        unescape(text.context("no text in quotes, or only a part of it")?)
    }

    pub(super) fn text(&mut self) -> Result<String> {
        Ok(String::from_utf8(self.octets()?)?)
    }

    pub(super) fn descriptor(&mut self) -> Result<Descriptor> {
        descriptor(self.word()?)
    }

    /// All texts in quotes that are left, joined: the pieces of `writev` and `sendmsg`.
    pub(super) fn all_octets(&mut self) -> Result<Vec<u8>> {
        let mut octets = Vec::new();
        for (number, piece) in self.0.split(|octet| *octet == b'"').enumerate() {
            if number % 2 == 1 {
                octets.extend(unescape(piece)?);
            }
        }
        Ok(octets)
    }
}

/// `12<…>`, perhaps with `(deleted)` behind it.
fn descriptor(word: &[u8]) -> Result<Descriptor> {
    let Some((_, inner)) = split_at(word, b'<') else {
        return Ok(Descriptor::Other);
    };
    let (inner, is_removed) = match inner.strip_suffix(b">(deleted)") {
        Some(inner) => (inner, true),
        None => (
            inner
                .strip_suffix(b">")
                .context("a descriptor without end")?,
            false,
        ),
    };
    if inner.starts_with(b"TCP") {
        let text = std::str::from_utf8(inner)?;
        let port = text
            .trim_end_matches(']')
            .rsplit_once(':')
            .and_then(|(_, port)| port.parse().ok());
        return Ok(
            port.map_or(Descriptor::Other, |client_port| Descriptor::Tcp {
                client_port,
            }),
        );
    }
    if inner.starts_with(b"UNIX") {
        return Ok(Descriptor::Unix);
    }
    let path = unescape(inner)
        .ok()
        .and_then(|path| String::from_utf8(path).ok());
    Ok(match path {
        Some(path) if !path.starts_with('/') => Descriptor::Other,
        Some(path) if is_removed => Descriptor::Removed(path),
        Some(path) => Descriptor::Path(path),
        None => Descriptor::Other,
    })
}

/// `\x41\x42` to octets.
fn unescape(text: &[u8]) -> Result<Vec<u8>> {
    let mut octets = Vec::with_capacity(text.len() / 4);
    for escape in text.chunks(4) {
        let [b'\\', b'x', high, low] = escape else {
            bail!("an escape that is none")
        };
        octets.push(nibble(*high)? << 4 | nibble(*low)?);
    }
    Ok(octets)
}

fn nibble(digit: u8) -> Result<u8> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        _ => bail!("a digit that is none"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_calls_are_read() {
        let line = br#"77   pwrite64(3<\x2f\x61>, "\x68\x22", 2, 4096) = 2"#;
        let Line::Whole {
            thread: 77,
            name: "pwrite64",
            arguments,
            result: Some(2),
        } = Line::parse(line).unwrap()
        else {
            panic!("{:?}", Line::parse(line));
        };
        let mut arguments = Arguments::new(arguments);
        assert_eq!(
            arguments.descriptor().unwrap(),
            Descriptor::Path("/a".to_owned())
        );
        assert_eq!(arguments.octets().unwrap(), b"h\"");
        assert_eq!(
            (arguments.number().unwrap(), arguments.number().unwrap()),
            (2, 4096)
        );
        assert!(arguments.word().is_err());
    }

    #[test]
    fn halves_are_read() {
        let begun = br"12345 fsync(4<\x2f\x61>(deleted) <unfinished ...>";
        let Line::Begun {
            name: "fsync",
            arguments,
            ..
        } = Line::parse(begun).unwrap()
        else {
            panic!("{:?}", Line::parse(begun));
        };
        let descriptor = Arguments::new(arguments).descriptor().unwrap();
        assert_eq!(descriptor, Descriptor::Removed("/a".to_owned()));
        let cut = Line::parse(b"12345 fsync(4 <detached ...>").unwrap();
        assert!(
            matches!(
                cut,
                Line::Begun {
                    arguments: b"4",
                    ..
                }
            ),
            "{cut:?}"
        );
        let resumed = Line::parse(b"12345 <... fsync resumed>)              = 0").unwrap();
        assert_eq!(
            resumed,
            Line::Resumed {
                thread: 12345,
                arguments: b"",
                result: Some(0)
            }
        );
        let lost = Line::parse(b"12345 <... fsync resumed>) = ?").unwrap();
        assert_eq!(
            lost,
            Line::Resumed {
                thread: 12345,
                arguments: b"",
                result: None
            }
        );
        let failed = Line::parse(b"1 fsync(4) = -1 EIO (Input/output error)").unwrap();
        assert!(matches!(
            failed,
            Line::Whole {
                result: Some(-1),
                ..
            }
        ));
        assert_eq!(
            Line::parse(b"1 +++ exited with 0 +++").unwrap(),
            Line::Other
        );
    }

    #[test]
    fn sockets_are_told_apart() {
        let of = |word: &[u8]| descriptor(word).unwrap();
        let tcp = of(b"9<TCP:[127.0.0.1:10025->127.0.0.1:54838]>");
        assert_eq!(tcp, Descriptor::Tcp { client_port: 54838 });
        assert_eq!(of(b"9<UNIX-STREAM:[117186->117187]>"), Descriptor::Unix);
        assert_eq!(of(br"4<\x61\x6e\x6f\x6e>"), Descriptor::Other);
        assert_eq!(of(b"4"), Descriptor::Other);
    }

    #[test]
    fn pieces_are_joined_and_abbreviations_refused() {
        let pieces = br#"[{iov_base="\x41", iov_len=1}, {iov_base="\x42\x43", iov_len=2}], 2"#;
        assert_eq!(Arguments::new(pieces).all_octets().unwrap(), b"ABC");
        assert!(Arguments::new(br#""\x41"..., 9"#).octets().is_err());
    }
}
