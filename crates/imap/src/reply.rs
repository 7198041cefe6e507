//! How a command ends: with an answer, or with the connection.

use std::borrow::Cow;

use hikyaku_imap_proto::{Code, Condition, ParseError, Refusal, ResponseBuf, Tag};
use hikyaku_mailstore::MailError;
use hikyaku_net::{ReadError, WriteError};
use hikyaku_types::{Uid, UidValidity};

/// The tagged answer to a command.
#[derive(Debug)]
pub(crate) struct Reply {
    condition: Condition,
    code: Option<ReplyCode>,
    text: Cow<'static, str>,
    pub(crate) then: Then,
}

/// What follows an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// The next command.
    Continue,
    /// The end of the connection; a reason is told with BYE unless it was before.
    Close(Option<&'static str>),
    /// Compression of both directions.
    Compress,
    /// The TLS handshake.
    StartTls,
}

/// A response code that owns what it names.
#[derive(Debug)]
pub(crate) enum ReplyCode {
    Plain(Code<'static>),
    AppendUid(UidValidity, Vec<Uid>),
    Capability(Vec<Cow<'static, str>>),
    CopyUid(UidValidity, Vec<(Uid, Uid)>),
    Modified(Vec<u32>),
}

impl From<Code<'static>> for ReplyCode {
    fn from(code: Code<'static>) -> Self {
        Self::Plain(code)
    }
}

impl Reply {
    /// OK.
    pub(crate) fn ok(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Condition::Ok, None, text)
    }

    /// OK with a code.
    pub(crate) fn ok_with(code: impl Into<ReplyCode>, text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Condition::Ok, Some(code.into()), text)
    }

    /// NO.
    pub(crate) fn no(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Condition::No, None, text)
    }

    /// NO with a code.
    pub(crate) fn no_with(code: impl Into<ReplyCode>, text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Condition::No, Some(code.into()), text)
    }

    /// BAD.
    pub(crate) fn bad(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Condition::Bad, None, text)
    }

    fn new(
        condition: Condition,
        code: Option<ReplyCode>,
        text: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            condition,
            code,
            text: text.into(),
            then: Then::Continue,
        }
    }

    /// The same, with something else to follow.
    pub(crate) fn then(mut self, then: Then) -> Self {
        self.then = then;
        self
    }

    pub(crate) fn condition(&self) -> Condition {
        self.condition
    }

    /// Writes it; without a tag (the client's was none) as an untagged BAD.
    pub(crate) fn write(&self, tag: Option<&Tag>, out: &mut ResponseBuf) {
        let code = self.code.as_ref().map(|code| match code {
            ReplyCode::Plain(code) => *code,
            ReplyCode::AppendUid(uid_validity, uids) => Code::AppendUid(*uid_validity, uids),
            ReplyCode::Capability(capabilities) => Code::Capability(capabilities),
            ReplyCode::CopyUid(uid_validity, pairs) => Code::CopyUid(*uid_validity, pairs),
            ReplyCode::Modified(numbers) => Code::Modified(numbers),
        });
        match tag {
            Some(tag) => out.tagged(tag, self.condition, code, &self.text),
            None => out.untagged(self.condition, code, &self.text),
        }
    }
}

impl From<&ParseError> for Reply {
    fn from(error: &ParseError) -> Self {
        Self::bad(error.to_string())
    }
}

impl From<&Refusal> for Reply {
    fn from(refusal: &Refusal) -> Self {
        // A message that is too large is the one refusal that is no mistake of the grammar.
        match refusal.kind.code() {
            Some(code) => Self::no_with(code, refusal.kind.to_string()),
            None => Self::bad(refusal.kind.to_string()),
        }
    }
}

/// Why a command did not come to its own answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Another answer takes its place.
    Reply(Reply),
    /// The connection ends.
    End(End),
}

impl From<Reply> for Failure {
    fn from(reply: Reply) -> Self {
        Self::Reply(reply)
    }
}

impl From<End> for Failure {
    fn from(end: End) -> Self {
        Self::End(end)
    }
}

impl From<MailError> for Failure {
    fn from(error: MailError) -> Self {
        match error {
            MailError::NoSuchAccount => Self::End(End::Revoked),
            error => Self::Reply(Reply::from(error)),
        }
    }
}

/// Why a connection ends.
#[derive(Debug, thiserror::Error)]
pub(crate) enum End {
    /// The client closed it, or it broke.
    #[error("the client went away")]
    Gone(#[source] ReadError),
    /// The client did not take its answers.
    #[error("the client does not read")]
    Unread(#[source] WriteError),
    /// The client was silent for too long.
    #[error("the client was silent for too long")]
    Silent,
    /// The server stops.
    #[error("the server is stopping")]
    Draining,
    /// The selected mailbox was deleted, or its UIDs are no longer valid.
    #[error("the selected mailbox is gone")]
    MailboxGone,
    /// The account may no longer be used.
    #[error("the account may no longer be used")]
    Revoked,
    /// The client makes too many mistakes.
    #[error("too many mistakes")]
    Mistakes,
    /// The client sent more of a refused command than is read away.
    #[error("a refused command was too long to go on")]
    Overflow,
    /// Octets came in plain text behind STARTTLS.
    #[error("plain text was sent behind STARTTLS")]
    Injected,
    /// The TLS handshake failed.
    #[error("the TLS handshake failed")]
    Handshake,
    /// The session came to its ordinary end.
    #[error("signed out")]
    Finished,
}

impl End {
    /// What the client is told before the connection closes.
    pub(crate) fn farewell(&self) -> Option<(Option<Code<'static>>, &'static str)> {
        match self {
            Self::Gone(_) | Self::Unread(_) | Self::Handshake | Self::Finished => None,
            Self::Silent => Some((None, "You were silent for too long")),
            Self::Draining => Some((
                Some(Code::Unavailable),
                "The server is stopping, connect again later",
            )),
            Self::MailboxGone => Some((None, "The selected mailbox is gone, connect again")),
            Self::Revoked => Some((
                Some(Code::AuthorizationFailed),
                "Your account may no longer be used here",
            )),
            Self::Mistakes => Some((Some(Code::ClientBug), "Too many mistakes")),
            Self::Overflow => Some((Some(Code::ClientBug), "That was too much")),
            Self::Injected => Some((None, "Nothing may follow STARTTLS before the handshake")),
        }
    }
}

impl From<WriteError> for End {
    fn from(error: WriteError) -> Self {
        Self::Unread(error)
    }
}

impl From<ReadError> for End {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::TimedOut => Self::Silent,
            ReadError::Draining => Self::Draining,
            ReadError::Output(error) => Self::Unread(error),
            error => Self::Gone(error),
        }
    }
}

impl From<MailError> for Reply {
    /// The answer to an error of the store, and its line in the log when it is our own fault.
    fn from(error: MailError) -> Self {
        if error.is_storage_full() {
            tracing::error!(error = chain(&error), "no space left");
            return Self::no_with(
                Code::Unavailable,
                "The server has no space left, try again later",
            );
        }
        if error.is_temporary() {
            tracing::warn!(error = chain(&error), "storage does not answer");
            return Self::no_with(Code::Unavailable, "Temporary failure, try again later");
        }
        let code = match &error {
            MailError::NoSuchMailbox => Code::NonExistent,
            MailError::MailboxExists => Code::AlreadyExists,
            MailError::HasChildren => Code::HasChildren,
            MailError::Inbox | MailError::BelowItself | MailError::Name(_) => Code::Cannot,
            MailError::SpecialUseTaken => Code::UseAttr,
            MailError::TooManyMailboxes { .. }
            | MailError::TooManySubscriptions { .. }
            | MailError::TooManyKeywords(_)
            | MailError::TooManyMessages { .. }
            | MailError::QueryTooDeep { .. }
            | MailError::UidsExhausted => Code::Limit,
            MailError::TooLarge { .. } => Code::TooBig,
            MailError::OverQuota(_) => return Self::no_with(Code::OverQuota, "Over quota"),
            MailError::NoSuchMessage => Code::ExpungeIssued,
            MailError::Content(_) | MailError::Damaged { .. } => {
                tracing::error!(error = chain(&error), "damaged mail");
                return Self::no_with(Code::Corruption, "The stored message is damaged");
            }
            _ => {
                tracing::error!(error = chain(&error), "command failed");
                return Self::no_with(Code::ServerBug, "Internal error");
            }
        };
        match &error {
            MailError::Name(reason) => Self::no_with(code, reason.to_string()),
            error => Self::no_with(code, error.to_string()),
        }
    }
}

/// An error with its sources, for the log.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
