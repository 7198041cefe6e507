//! Command lines (RFC 5321 §4.1.1 and the extensions), one file per command with arguments.

mod auth;
mod bdat;
mod hello;
mod mail;
mod rcpt;

use crate::{PathError, quirk};

pub use auth::Auth;
pub use bdat::{Bdat, Last};
pub use hello::ClientName;
pub use mail::{Body, Mail, Smtputf8};
pub use rcpt::Rcpt;

/// One command of a client.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Command {
    /// `HELO name`.
    Helo(ClientName),
    /// `EHLO name`.
    Ehlo(ClientName),
    /// `LHLO name` (RFC 2033 §4.1).
    Lhlo(ClientName),
    /// `MAIL FROM:<path> …`.
    Mail(Mail),
    /// `RCPT TO:<path> …`.
    Rcpt(Rcpt),
    /// `DATA`.
    Data,
    /// `BDAT size [LAST]` (RFC 3030 §2).
    Bdat(Bdat),
    /// `RSET`.
    Rset,
    /// `NOOP [anything]`.
    Noop,
    /// `QUIT`.
    Quit,
    /// `HELP [anything]`.
    Help,
    /// `VRFY text`.
    Vrfy,
    /// `EXPN text`.
    Expn,
    /// `STARTTLS` (RFC 3207 §4).
    StartTls,
    /// `AUTH mechanism [initial-response]` (RFC 4954 §4).
    Auth(Auth),
}

/// Why a line is not a command that we take. [`crate::reply::table::syntax`] has the replies.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// Control characters, a bare CR or LF among them, or not UTF-8.
    #[error("the line has octets that no command has")]
    NotText,
    /// Not a command of SMTP.
    #[error("unknown command")]
    Unknown,
    /// A command of SMTP that this server does not have.
    #[error("the command is not implemented")]
    NotImplemented,
    /// An argument is missing, malformed, or one too many; the text is the form that is right.
    #[error("the right form is: {0}")]
    Usage(&'static str),
    /// A malformed BDAT: how many octets follow it is unknown.
    #[error("the right form is: BDAT size [LAST]")]
    Chunk,
    /// The sender's address is malformed.
    #[error("bad sender address: {0}")]
    Sender(PathError),
    /// The recipient's address is malformed.
    #[error("bad recipient address: {0}")]
    Recipient(PathError),
    /// The sender's address is not ASCII, and SMTPUTF8 was not asked for (RFC 6531 §3.5).
    #[error("a sender address that is not ASCII needs SMTPUTF8")]
    Utf8Sender,
    /// A parameter that was not announced.
    #[error("unknown parameter {0}")]
    UnknownParameter(String),
    /// A parameter with a value it cannot have, or without one.
    #[error("bad value of the parameter {0}")]
    BadParameter(String),
    /// The same parameter twice.
    #[error("the parameter {0} is there twice")]
    RepeatedParameter(String),
    /// Something behind the path that is no parameter.
    #[error("malformed parameter")]
    ParameterSyntax,
}

impl CommandError {
    /// Whether what follows on the connection can no longer be told apart: the session must end.
    pub fn ends_session(&self) -> bool {
        matches!(self, Self::Chunk)
    }
}

impl Command {
    /// Reads one line, without its CRLF.
    pub fn parse(line: &[u8]) -> Result<Self, CommandError> {
        let text = std::str::from_utf8(line).map_err(|_| CommandError::NotText)?;
        if text.chars().any(|c| c.is_control() && c != '\t') {
            return Err(CommandError::NotText);
        }
        let text = quirk::trailing_space(text);
        let (verb, rest) = match text.split_once(' ') {
            Some((verb, rest)) => (verb, rest.trim_start_matches(' ')),
            None => (text, ""),
        };
        match verb.to_ascii_uppercase().as_str() {
            "HELO" => hello::parse(rest).map(Self::Helo),
            "EHLO" => hello::parse(rest).map(Self::Ehlo),
            "LHLO" => hello::parse(rest).map(Self::Lhlo),
            "MAIL" => mail::parse(rest).map(Self::Mail),
            "RCPT" => rcpt::parse(rest).map(Self::Rcpt),
            "DATA" => alone(rest, "DATA").map(|()| Self::Data),
            "BDAT" => bdat::parse(rest).map(Self::Bdat),
            "RSET" => alone(rest, "RSET").map(|()| Self::Rset),
            "NOOP" => Ok(Self::Noop),
            "QUIT" => alone(rest, "QUIT").map(|()| Self::Quit),
            "HELP" => Ok(Self::Help),
            "VRFY" => with_argument(rest, "VRFY address").map(|()| Self::Vrfy),
            "EXPN" => with_argument(rest, "EXPN list").map(|()| Self::Expn),
            "STARTTLS" => alone(rest, "STARTTLS").map(|()| Self::StartTls),
            "AUTH" => auth::parse(rest).map(Self::Auth),
            // RFC 821, RFC 1985 and RFC 2645 define them; nobody should use them here.
            "SEND" | "SOML" | "SAML" | "TURN" | "ETRN" | "ATRN" => {
                Err(CommandError::NotImplemented)
            }
            _ => Err(CommandError::Unknown),
        }
    }

    /// The command's word, for logs and counters.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Helo(_) => "HELO",
            Self::Ehlo(_) => "EHLO",
            Self::Lhlo(_) => "LHLO",
            Self::Mail(_) => "MAIL",
            Self::Rcpt(_) => "RCPT",
            Self::Data => "DATA",
            Self::Bdat(_) => "BDAT",
            Self::Rset => "RSET",
            Self::Noop => "NOOP",
            Self::Quit => "QUIT",
            Self::Help => "HELP",
            Self::Vrfy => "VRFY",
            Self::Expn => "EXPN",
            Self::StartTls => "STARTTLS",
            Self::Auth(_) => "AUTH",
        }
    }

    /// Whether a client must wait for the reply before it sends more (RFC 2920 §3.1, RFC 3207 §4,
    /// RFC 4954 §4): the replies collected so far are due at once.
    pub fn ends_group(&self) -> bool {
        match self {
            Self::Mail(_) | Self::Rcpt(_) | Self::Rset => false,
            Self::Bdat(bdat) => bdat.last == Last::Yes,
            _ => true,
        }
    }
}

/// A command that has no argument.
fn alone(rest: &str, usage: &'static str) -> Result<(), CommandError> {
    if rest.is_empty() {
        Ok(())
    } else {
        Err(CommandError::Usage(usage))
    }
}

/// A command whose argument does not matter, but must be there.
fn with_argument(rest: &str, usage: &'static str) -> Result<(), CommandError> {
    if rest.is_empty() {
        Err(CommandError::Usage(usage))
    } else {
        Ok(())
    }
}

/// Drops `word` in any case of letters from the start of `text`.
fn strip_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(word.len())?;
    start.eq_ignore_ascii_case(word).then_some(rest)
}
