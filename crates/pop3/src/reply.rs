//! Status lines.

use std::{borrow::Cow, fmt};

/// The machine-readable reason of a failure (RFC 2449 §8, RFC 3206).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    /// Nothing that a code exists for.
    None,
    /// Something about the user's credentials, or a policy about them.
    Auth,
    /// Another session has the mailbox.
    InUse,
    /// A failure that will pass.
    SysTemp,
    /// A failure that needs somebody to act.
    SysPerm,
}

/// One status line. Its text is short: with code and CRLF it has at most 512 octets
/// (RFC 2449 §4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reply {
    /// `+OK`.
    Ok(Cow<'static, str>),
    /// `-ERR`.
    Err(Code, Cow<'static, str>),
}

impl Reply {
    pub(crate) fn ok(text: impl Into<Cow<'static, str>>) -> Self {
        Self::Ok(text.into())
    }

    pub(crate) fn err(code: Code, text: impl Into<Cow<'static, str>>) -> Self {
        Self::Err(code, text.into())
    }
}

impl fmt::Display for Reply {
    /// The line as it goes over the wire, with its CRLF.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok(text) => write!(f, "+OK {text}\r\n"),
            Self::Err(code, text) => {
                let code = match code {
                    Code::None => "",
                    Code::Auth => "[AUTH] ",
                    Code::InUse => "[IN-USE] ",
                    Code::SysTemp => "[SYS/TEMP] ",
                    Code::SysPerm => "[SYS/PERM] ",
                };
                write!(f, "-ERR {code}{text}\r\n")
            }
        }
    }
}
