//! Replies (RFC 5321 §4.2) with enhanced status codes (RFC 2034, RFC 3463).

pub mod table;

use std::{borrow::Cow, fmt, str::FromStr};

use crate::MAX_REPLY_LINE;

/// One reply of the server. The text is ASCII on the wire, whatever it was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    code: u16,
    enhanced: Option<EnhancedCode>,
    lines: Vec<Cow<'static, str>>,
}

/// `class.subject.detail` (RFC 3463 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EnhancedCode {
    /// 2 success, 4 try again, 5 permanent failure.
    pub class: u8,
    /// What about: 1 address, 2 mailbox, 3 system, 4 routing, 5 protocol, 6 content, 7 policy.
    pub subject: u16,
    /// What exactly.
    pub detail: u16,
}

impl EnhancedCode {
    /// The code of these three numbers.
    pub const fn new(class: u8, subject: u16, detail: u16) -> Self {
        Self {
            class,
            subject,
            detail,
        }
    }
}

/// A text that is not an enhanced code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an enhanced status code")]
pub struct EnhancedCodeError;

impl FromStr for EnhancedCode {
    type Err = EnhancedCodeError;

    /// `status-code = class "." subject "." detail`, `class = "2"/"4"/"5"`,
    /// `subject = 1*3digit`, `detail = 1*3digit` (RFC 3463 §2).
    fn from_str(text: &str) -> Result<Self, EnhancedCodeError> {
        let number = |part: Option<&str>| -> Result<u16, EnhancedCodeError> {
            part.filter(|part| part.len() <= 3 && part.bytes().all(|byte| byte.is_ascii_digit()))
                .and_then(|part| part.parse().ok())
                .ok_or(EnhancedCodeError)
        };
        let mut parts = text.split('.');
        let class = number(parts.next())?;
        let (subject, detail) = (number(parts.next())?, number(parts.next())?);
        match (class, parts.next()) {
            (2 | 4 | 5, None) => Ok(Self::new(class as u8, subject, detail)),
            _ => Err(EnhancedCodeError),
        }
    }
}

impl fmt::Display for EnhancedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

impl Reply {
    /// A reply of one line. `code` and the class of `enhanced` must agree (RFC 2034 §4).
    pub fn new(code: u16, enhanced: EnhancedCode, text: impl Into<Cow<'static, str>>) -> Self {
        debug_assert_eq!(code / 100, u16::from(enhanced.class), "RFC 2034 §4");
        Self {
            code,
            enhanced: Some(enhanced),
            lines: vec![text.into()],
        }
    }

    /// A reply without an enhanced code: the greeting, those to EHLO, and all 3xx (RFC 2034 §4).
    pub fn bare(code: u16, text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            enhanced: None,
            lines: vec![text.into()],
        }
    }

    /// The same with one more line.
    #[must_use]
    pub fn and(mut self, line: impl Into<Cow<'static, str>>) -> Self {
        self.lines.push(line.into());
        self
    }

    /// The three-digit code.
    pub fn code(&self) -> u16 {
        self.code
    }

    /// The enhanced code, if the reply has one.
    pub fn enhanced(&self) -> Option<EnhancedCode> {
        self.enhanced
    }

    /// The text, one item per line as it was made.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(AsRef::as_ref)
    }

    /// Whether it says that the command did what it should (2xx).
    pub fn is_success(&self) -> bool {
        self.code / 100 == 2
    }

    /// Whether it says to try again later (4xx).
    pub fn is_temporary(&self) -> bool {
        self.code / 100 == 4
    }

    /// Whether the connection ends with it (RFC 5321 §3.8: 421 and 221).
    pub fn closes(&self) -> bool {
        matches!(self.code, 221 | 421)
    }

    /// Appends the octets for the wire. No line is over [`MAX_REPLY_LINE`] octets: longer text goes
    /// on in a line of the same code. Controls become blanks and what is not ASCII `?`, so text
    /// that came from outside can neither end the line nor show as something else.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut start = self.code.to_string().into_bytes();
        start.push(b'-');
        let separator = start.len() - 1;
        if let Some(enhanced) = self.enhanced {
            start.extend_from_slice(format!("{enhanced} ").as_bytes());
        }
        let width = MAX_REPLY_LINE - start.len() - 2;
        let mut last = out.len();
        for line in &self.lines {
            let text: String = line.chars().map(printable).collect();
            let mut rest = text.as_str();
            loop {
                let (head, tail) = wrap(rest, width);
                last = out.len();
                out.extend_from_slice(&start);
                out.extend_from_slice(head.as_bytes());
                out.extend_from_slice(b"\r\n");
                rest = tail;
                if rest.is_empty() {
                    break;
                }
            }
        }
        if let Some(mark) = out.get_mut(last + separator) {
            *mark = b' ';
        }
    }
}

/// Splits ASCII text after `width` octets at most, at a blank if there is one.
fn wrap(text: &str, width: usize) -> (&str, &str) {
    let Some((head, tail)) = text.split_at_checked(width) else {
        return (text, "");
    };
    if tail.is_empty() {
        return (text, "");
    }
    match head.rsplit_once(' ') {
        Some((before, after)) if !before.is_empty() => {
            let (_, rest) = text
                .split_at_checked(before.len() + 1)
                .unwrap_or((head, after));
            (before, rest)
        }
        _ => (head, tail),
    }
}

fn printable(c: char) -> char {
    match c {
        ' '..='~' => c,
        _ if c.is_control() => ' ',
        _ => '?',
    }
}
