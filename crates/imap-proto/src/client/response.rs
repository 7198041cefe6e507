//! What a response says, as far as moving mail needs it.

use bytes::Bytes;
use hikyaku_types::OffsetTimestamp;

use super::{
    RawResponse,
    scanner::{Scanner, Text, Unreadable},
};
use crate::date;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completion {
    /// It was done.
    Ok,
    /// It was refused or failed.
    No,
    /// It was not understood.
    Bad,
}

/// What an untagged status response says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// Information; as the greeting: sign in.
    Ok,
    /// A warning.
    No,
    /// An error.
    Bad,
    /// The server closes the connection.
    Bye,
    /// As the greeting: signed in already.
    PreAuth,
}

/// What stands in brackets in a status response, such as `UIDVALIDITY 7`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseCode {
    /// Its name in capitals.
    pub name: String,
    /// What follows the name.
    pub arguments: String,
}

impl ResponseCode {
    /// The number that follows the name, if one does.
    pub fn number(&self) -> Option<u64> {
        self.arguments.trim().parse().ok()
    }
}

/// A mailbox in the answer to LIST.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListEntry {
    /// Its attributes as written, such as `\Noselect`.
    pub attributes: Vec<String>,
    /// What separates the levels of its name.
    pub delimiter: Option<u8>,
    /// Its name as it stands on the wire: as which it is to be named to this server.
    pub name: Bytes,
}

impl ListEntry {
    /// Whether it has this attribute, in any case of letters.
    pub fn has(&self, attribute: &str) -> bool {
        self.attributes
            .iter()
            .any(|found| found.eq_ignore_ascii_case(attribute))
    }
}

/// The prefixes of names by whose mailboxes they are (RFC 2342).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Namespaces {
    /// The user's own.
    pub personal: Vec<Bytes>,
    /// Other users', and those shared by all.
    pub foreign: Vec<Bytes>,
}

/// A message's content in the answer to FETCH.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// All of it.
    Whole(Bytes),
    /// The server has none.
    Missing,
    /// It is over the limit: so many bytes.
    TooLarge(u64),
}

/// What FETCH says of a message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fetched {
    /// UID.
    pub uid: Option<u32>,
    /// FLAGS as written.
    pub flags: Option<Vec<String>>,
    /// INTERNALDATE, if it can be read.
    pub internal_date: Option<OffsetTimestamp>,
    /// RFC822.SIZE.
    pub size: Option<u64>,
    /// BODY[].
    pub body: Option<Body>,
    /// BODY[HEADER.FIELDS …].
    pub header: Option<Bytes>,
}

/// One response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Response {
    /// `+`: the server waits for more of the command.
    Continuation(Vec<u8>),
    /// The end of a command.
    Completed {
        /// Its tag.
        tag: String,
        /// How it ended.
        completion: Completion,
        /// What stands in brackets.
        code: Option<ResponseCode>,
        /// What is meant for people.
        text: String,
    },
    /// An untagged status.
    Condition {
        /// Which.
        condition: Condition,
        /// What stands in brackets.
        code: Option<ResponseCode>,
        /// What is meant for people.
        text: String,
    },
    /// CAPABILITY, in capitals.
    Capability(Vec<String>),
    /// NAMESPACE.
    Namespace(Namespaces),
    /// LIST.
    List(ListEntry),
    /// FETCH.
    Fetch(Fetched),
    /// EXISTS: the number of messages.
    Exists(u32),
    /// Anything else.
    Other,
}

impl Response {
    /// Reads a response.
    pub fn parse(raw: &RawResponse) -> Result<Self, Unreadable> {
        let mut scanner = Scanner::new(raw);
        if scanner.take(b'+') {
            scanner.take(b' ');
            return Ok(Self::Continuation(scanner.text().to_vec()));
        }
        let tag = scanner.word();
        scanner.spaces();
        if tag == b"*" {
            return untagged(scanner);
        }
        let tag = std::str::from_utf8(tag).unwrap_or_default();
        if tag.is_empty() {
            let expected = "a response";
            return Err(Unreadable { expected });
        }
        let completion = match scanner.word().to_ascii_uppercase().as_slice() {
            b"OK" => Completion::Ok,
            b"NO" => Completion::No,
            b"BAD" => Completion::Bad,
            _ => {
                let expected = "OK, NO or BAD";
                return Err(Unreadable { expected });
            }
        };
        let (code, text) = status(&mut scanner);
        Ok(Self::Completed {
            tag: tag.to_owned(),
            completion,
            code,
            text,
        })
    }
}

fn untagged(mut scanner: Scanner<'_>) -> Result<Response, Unreadable> {
    if scanner.peek().is_some_and(|byte| byte.is_ascii_digit()) {
        let number = scanner.number().and_then(|n| u32::try_from(n).ok());
        scanner.spaces();
        let kind = scanner.word().to_ascii_uppercase();
        scanner.spaces();
        return match (kind.as_slice(), number) {
            (b"EXISTS", Some(number)) => Ok(Response::Exists(number)),
            (b"FETCH", _) => fetch(&mut scanner).map(Response::Fetch),
            _ => Ok(Response::Other),
        };
    }
    let kind = scanner.word().to_ascii_uppercase();
    let condition = match kind.as_slice() {
        b"OK" => Condition::Ok,
        b"NO" => Condition::No,
        b"BAD" => Condition::Bad,
        b"BYE" => Condition::Bye,
        b"PREAUTH" => Condition::PreAuth,
        b"CAPABILITY" => return Ok(Response::Capability(capabilities(scanner.text()))),
        b"NAMESPACE" => return namespaces(&mut scanner).map(Response::Namespace),
        b"LIST" | b"XLIST" => return list(&mut scanner).map(Response::List),
        _ => return Ok(Response::Other),
    };
    let (code, text) = status(&mut scanner);
    Ok(Response::Condition {
        condition,
        code,
        text,
    })
}

/// What follows OK, NO and the like: a code in brackets, perhaps, and text.
fn status(scanner: &mut Scanner<'_>) -> (Option<ResponseCode>, String) {
    scanner.spaces();
    let mut code = None;
    if scanner.peek() == Some(b'[') && scanner.text().contains(&b']') {
        scanner.take(b'[');
        let inside = String::from_utf8_lossy(scanner.until(|byte| byte == b']'));
        let (name, arguments) = inside.split_once(' ').unwrap_or((&inside, ""));
        code = Some(ResponseCode {
            name: name.to_ascii_uppercase(),
            arguments: arguments.to_owned(),
        });
        scanner.take(b']');
        scanner.spaces();
    }
    let text = String::from_utf8_lossy(scanner.text()).into_owned();
    (code, text)
}

fn capabilities(text: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(text);
    let words = text.split_ascii_whitespace();
    words.map(str::to_ascii_uppercase).collect()
}

/// ```abnf
/// mailbox-list = "(" [mbx-list-flags] ")" SP (DQUOTE QUOTED-CHAR DQUOTE / nil) SP mailbox
/// ```
fn list(scanner: &mut Scanner<'_>) -> Result<ListEntry, Unreadable> {
    scanner.spaces();
    let attributes = scanner.words("attributes of a mailbox")?;
    scanner.spaces();
    let delimiter = scanner.string("a hierarchy delimiter")?;
    scanner.spaces();
    let name = scanner.string("a mailbox name")?;
    // A mailbox may be called NIL; it is then no string of its own.
    let name = match name {
        Text::Nil => Some(Bytes::from_static(b"NIL")),
        other => other.into_bytes(),
    };
    let expected = "a mailbox name";
    Ok(ListEntry {
        attributes,
        delimiter: delimiter
            .into_bytes()
            .and_then(|text| text.first().copied()),
        name: name.ok_or(Unreadable { expected })?,
    })
}

/// ```abnf
/// Namespace-Response = "*" SP "NAMESPACE" SP Namespace SP Namespace SP Namespace
/// ```
fn namespaces(scanner: &mut Scanner<'_>) -> Result<Namespaces, Unreadable> {
    let mut found = Namespaces {
        personal: namespace(scanner)?,
        foreign: namespace(scanner)?,
    };
    found.foreign.extend(namespace(scanner)?);
    Ok(found)
}

/// ```abnf
/// Namespace = nil / "(" 1*("(" string SP (<"> QUOTED_CHAR <"> / nil) *(extension) ")") ")"
/// ```
fn namespace(scanner: &mut Scanner<'_>) -> Result<Vec<Bytes>, Unreadable> {
    let expected = "a namespace";
    scanner.spaces();
    let mut prefixes = Vec::new();
    if !scanner.take(b'(') {
        scanner.string(expected)?;
        return Ok(prefixes);
    }
    loop {
        scanner.spaces();
        if scanner.take(b')') {
            return Ok(prefixes);
        }
        scanner.expect(b'(', expected)?;
        scanner.spaces();
        prefixes.extend(scanner.string(expected)?.into_bytes());
        while !scanner.take(b')') {
            scanner.skip()?;
            scanner.spaces();
        }
    }
}

fn fetch(scanner: &mut Scanner<'_>) -> Result<Fetched, Unreadable> {
    scanner.expect(b'(', "data items of FETCH")?;
    let mut found = Fetched::default();
    loop {
        scanner.spaces();
        if scanner.take(b')') {
            return Ok(found);
        }
        item(scanner, &mut found)?;
    }
}

/// One data item and its value.
fn item(scanner: &mut Scanner<'_>, found: &mut Fetched) -> Result<(), Unreadable> {
    let name = scanner.until(|byte| matches!(byte, b' ' | b'(' | b')' | b'['));
    let name = name.to_ascii_uppercase();
    let section = if scanner.take(b'[') {
        let section = scanner.until(|byte| byte == b']').to_ascii_uppercase();
        scanner.expect(b']', "the end of a section")?;
        Some(section)
    } else {
        None
    };
    scanner.spaces();
    if name.is_empty() {
        let expected = "a data item of FETCH";
        return Err(Unreadable { expected });
    }
    match (name.as_slice(), section.as_deref()) {
        (b"UID", None) => found.uid = scanner.number().and_then(|uid| u32::try_from(uid).ok()),
        (b"RFC822.SIZE", None) => found.size = scanner.number(),
        (b"FLAGS", None) => found.flags = Some(scanner.words("flags")?),
        (b"INTERNALDATE", None) => {
            let text = scanner.string("a date")?.into_bytes();
            found.internal_date = text.and_then(|text| date::date_time(&text).ok());
        }
        (b"BODY", Some(b"")) | (b"RFC822", None) => {
            found.body = Some(match scanner.string("a message")? {
                Text::Bytes(bytes) => Body::Whole(bytes),
                Text::Nil => Body::Missing,
                Text::TooLarge(size) => Body::TooLarge(size),
            });
        }
        (b"BODY", Some(section)) if section.starts_with(b"HEADER.FIELDS") => {
            found.header = scanner.string("header fields")?.into_bytes();
        }
        _ => scanner.skip()?,
    }
    Ok(())
}
