//! Command lines (RFC 1939 §3).
//!
//! Keywords come in any case of letters. Arguments are separated by spaces; more spaces than one,
//! and spaces at the end, are forgiven (quirk: written by hand), except in a password.

use hikyaku_types::Secret;

/// What a client asks for. There is no `Debug`: it would show the password.
pub(crate) enum Request<'a> {
    /// RFC 5034. Without a mechanism it asks for the list of them (quirk: Outlook Express).
    Auth {
        mechanism: Option<&'a str>,
        initial: Option<&'a [u8]>,
    },
    Capa,
    Dele(MessageNumber),
    List(Option<MessageNumber>),
    Noop,
    Pass(Secret),
    Quit,
    Retr(MessageNumber),
    Rset,
    Stat,
    Stls,
    Top {
        number: MessageNumber,
        lines: usize,
    },
    Uidl(Option<MessageNumber>),
    User(&'a str),
    Utf8,
}

/// A message's number within a session, from 1. What is too large for any mailbox is kept as the
/// largest number, which no message has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct MessageNumber(pub(crate) u32);

/// Why a line is no request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RequestError {
    #[error("unknown command")]
    Unknown,
    #[error("this command takes no argument")]
    NoArgument,
    #[error("this command needs a message number")]
    NeedsNumber,
    #[error("this command takes one message number at most")]
    OneNumber,
    #[error("this command needs a message number and a number of lines")]
    NeedsLines,
    #[error("this command needs a name")]
    NeedsName,
    #[error("this command needs a password")]
    NeedsPassword,
    #[error("this command needs a mechanism and takes one initial response at most")]
    NeedsMechanism,
    #[error("not UTF-8")]
    NotUtf8,
}

impl<'a> Request<'a> {
    /// Reads a line without its line end.
    pub(crate) fn parse(line: &'a [u8]) -> Result<Self, RequestError> {
        let (keyword, rest) = match line.iter().position(|&octet| octet == b' ') {
            Some(space) => {
                let (keyword, rest) = line.split_at_checked(space).unwrap_or((line, b""));
                (keyword, rest.strip_prefix(b" ").unwrap_or(rest))
            }
            None => (line, &b""[..]),
        };
        let arguments = Arguments(rest);
        match keyword.to_ascii_uppercase().as_slice() {
            b"AUTH" => arguments.auth(),
            b"CAPA" => arguments.none(Self::Capa),
            b"DELE" => arguments.number().map(Self::Dele),
            b"LIST" => arguments.optional_number().map(Self::List),
            b"NOOP" => arguments.none(Self::Noop),
            b"PASS" => arguments.password(),
            b"QUIT" => arguments.none(Self::Quit),
            b"RETR" => arguments.number().map(Self::Retr),
            b"RSET" => arguments.none(Self::Rset),
            b"STAT" => arguments.none(Self::Stat),
            b"STLS" => arguments.none(Self::Stls),
            b"TOP" => arguments.top(),
            b"UIDL" => arguments.optional_number().map(Self::Uidl),
            b"USER" => arguments.user(),
            b"UTF8" => arguments.none(Self::Utf8),
            _ => Err(RequestError::Unknown),
        }
    }
}

/// What follows the keyword and one space.
#[derive(Clone, Copy)]
struct Arguments<'a>(&'a [u8]);

impl<'a> Arguments<'a> {
    fn words(self) -> impl Iterator<Item = &'a [u8]> {
        self.0
            .split(|&octet| octet == b' ')
            .filter(|word| !word.is_empty())
    }

    fn none(self, request: Request<'a>) -> Result<Request<'a>, RequestError> {
        match self.words().next() {
            None => Ok(request),
            Some(_) => Err(RequestError::NoArgument),
        }
    }

    fn number(self) -> Result<MessageNumber, RequestError> {
        self.optional_number()?.ok_or(RequestError::NeedsNumber)
    }

    fn optional_number(self) -> Result<Option<MessageNumber>, RequestError> {
        let mut words = self.words();
        let first = words.next();
        if words.next().is_some() {
            return Err(RequestError::OneNumber);
        }
        let Some(first) = first else {
            return Ok(None);
        };
        let number = number(first).ok_or(RequestError::NeedsNumber)?;
        Ok(Some(MessageNumber(number)))
    }

    fn top(self) -> Result<Request<'a>, RequestError> {
        let words: Vec<&[u8]> = self.words().take(3).collect();
        let &[first, second] = words.as_slice() else {
            return Err(RequestError::NeedsLines);
        };
        let (Some(first), Some(lines)) = (number(first), number(second)) else {
            return Err(RequestError::NeedsLines);
        };
        Ok(Request::Top {
            number: MessageNumber(first),
            lines: usize::try_from(lines).unwrap_or(usize::MAX),
        })
    }

    fn user(self) -> Result<Request<'a>, RequestError> {
        let name = self.0.trim_ascii();
        if name.is_empty() {
            return Err(RequestError::NeedsName);
        }
        let name = str::from_utf8(name).map_err(|_| RequestError::NotUtf8)?;
        Ok(Request::User(name))
    }

    /// A password is the whole rest of the line: it may have spaces anywhere (RFC 1939 §7).
    fn password(self) -> Result<Request<'a>, RequestError> {
        if self.0.is_empty() {
            return Err(RequestError::NeedsPassword);
        }
        let password = Secret::from_utf8(self.0.to_vec()).map_err(|_| RequestError::NotUtf8)?;
        Ok(Request::Pass(password))
    }

    fn auth(self) -> Result<Request<'a>, RequestError> {
        let mut words = self.words();
        let (mechanism, initial) = (words.next(), words.next());
        if words.next().is_some() {
            return Err(RequestError::NeedsMechanism);
        }
        let mechanism = mechanism
            .map(str::from_utf8)
            .transpose()
            .map_err(|_| RequestError::NeedsMechanism)?;
        Ok(Request::Auth { mechanism, initial })
    }
}

/// A decimal number; the largest there is when it has too many digits.
fn number(word: &[u8]) -> Option<u32> {
    word.iter().try_fold(0_u32, |number, digit| {
        digit.is_ascii_digit().then(|| {
            number
                .saturating_mul(10)
                .saturating_add(u32::from(digit - b'0'))
        })
    })
}

#[cfg(test)]
mod tests;
