//! Status answers: tagged and untagged conditions, response codes, continuation requests.

use std::borrow::Cow;

use hikyaku_types::{MailboxId, ModSeq, Uid, UidValidity};

use super::{ResponseBuf, string};
use crate::{
    RefusalKind, Tag, object_id,
    sequence::{write_compact, write_number},
};

/// How a command ended, or what the server is telling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// It succeeded.
    Ok,
    /// It failed.
    No,
    /// The client made a mistake.
    Bad,
    /// The server closes the connection.
    Bye,
}

impl Condition {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::No => "NO",
            Self::Bad => "BAD",
            Self::Bye => "BYE",
        }
    }
}

/// A response code: why, for programs (RFC 3501 §7.1, RFC 4315 §3, RFC 5530 §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Code<'a> {
    /// The text must be shown to the user.
    Alert,
    /// A mailbox of that name exists.
    AlreadyExists,
    /// APPEND gave these UIDs (ascending).
    AppendUid(UidValidity, &'a [Uid]),
    /// Wrong user name or password.
    AuthenticationFailed,
    /// The user may not sign in like this.
    AuthorizationFailed,
    /// The charset of a SEARCH is not known; these are.
    BadCharset(&'a [&'a str]),
    /// What the server can do.
    Capability(&'a [Cow<'static, str>]),
    /// This can never work.
    Cannot,
    /// The client behaves wrongly.
    ClientBug,
    /// The connection is compressed already (RFC 4978 §3).
    CompressionActive,
    /// COPY gave the messages of the first UIDs the second ones, both in order.
    CopyUid(UidValidity, &'a [(Uid, Uid)]),
    /// The stored data is damaged.
    Corruption,
    /// A message that the command named is gone.
    ExpungeIssued,
    /// The mailbox has mailboxes below it (RFC 9051 §7.1).
    HasChildren,
    /// The highest modification sequence in the mailbox (RFC 7162 §3.1.2.1).
    HighestModSeq(ModSeq),
    /// Another session is in the way; try later.
    InUse,
    /// A limit of the server is reached.
    Limit,
    /// These messages changed after the modification sequence that a STORE named, and were left
    /// as they are (RFC 7162 §3.1.3). Ascending, numbered as the command did.
    Modified(&'a [u32]),
    /// The mailbox has this object identifier (RFC 8474 §4.1).
    MailboxId(MailboxId),
    /// There is no such mailbox.
    NonExistent,
    /// It is not permitted.
    NoPerm,
    /// The quota does not allow it.
    OverQuota,
    /// Flags that a client may set for good: these names, and new keywords.
    PermanentFlags(&'a [&'a str]),
    /// The command needs TLS first.
    PrivacyRequired,
    /// The mailbox is open for reading only.
    ReadOnly,
    /// The mailbox is open for reading and writing.
    ReadWrite,
    /// The server has a fault.
    ServerBug,
    /// The message is too big (RFC 7889 §4).
    TooBig,
    /// The mailbox does not exist but could be created.
    TryCreate,
    /// Something behind the server does not answer; try later.
    Unavailable,
    /// The UID that the next message gets.
    UidNext(Uid),
    /// The mailbox's UIDVALIDITY.
    UidValidity(UidValidity),
    /// The sequence number of the first message without `\Seen`.
    Unseen(u32),
    /// A special use cannot be given (RFC 6154 §3).
    UseAttr,
}

impl Code<'_> {
    fn write(self, out: &mut Vec<u8>) {
        let word = match self {
            Self::Alert => "ALERT",
            Self::AlreadyExists => "ALREADYEXISTS",
            Self::AppendUid(..) => "APPENDUID ",
            Self::AuthenticationFailed => "AUTHENTICATIONFAILED",
            Self::AuthorizationFailed => "AUTHORIZATIONFAILED",
            Self::BadCharset(_) => "BADCHARSET (",
            Self::Cannot => "CANNOT",
            Self::Capability(capabilities) => {
                write_capabilities(capabilities.iter().map(AsRef::as_ref), out);
                return;
            }
            Self::MailboxId(id) => {
                object_id::write_mailbox_id(id, out);
                return;
            }
            Self::ClientBug => "CLIENTBUG",
            Self::CompressionActive => "COMPRESSIONACTIVE",
            Self::CopyUid(..) => "COPYUID ",
            Self::Corruption => "CORRUPTION",
            Self::ExpungeIssued => "EXPUNGEISSUED",
            Self::HasChildren => "HASCHILDREN",
            Self::HighestModSeq(_) => "HIGHESTMODSEQ ",
            Self::InUse => "INUSE",
            Self::Limit => "LIMIT",
            Self::Modified(_) => "MODIFIED ",
            Self::NoPerm => "NOPERM",
            Self::NonExistent => "NONEXISTENT",
            Self::OverQuota => "OVERQUOTA",
            Self::PermanentFlags(_) => "PERMANENTFLAGS (",
            Self::PrivacyRequired => "PRIVACYREQUIRED",
            Self::ReadOnly => "READ-ONLY",
            Self::ReadWrite => "READ-WRITE",
            Self::ServerBug => "SERVERBUG",
            Self::TooBig => "TOOBIG",
            Self::TryCreate => "TRYCREATE",
            Self::UidNext(_) => "UIDNEXT ",
            Self::UidValidity(_) => "UIDVALIDITY ",
            Self::Unavailable => "UNAVAILABLE",
            Self::Unseen(_) => "UNSEEN ",
            Self::UseAttr => "USEATTR",
        };
        out.extend_from_slice(word.as_bytes());
        self.write_arguments(out);
    }

    fn write_arguments(self, out: &mut Vec<u8>) {
        match self {
            Self::AppendUid(uid_validity, uids) => {
                write_number(uid_validity.0, out);
                out.push(b' ');
                write_compact(uids.iter().map(|uid| uid.get()), out);
            }
            Self::BadCharset(names) => {
                write_words(names.iter().copied(), out);
                out.push(b')');
            }
            Self::CopyUid(uid_validity, pairs) => {
                write_number(uid_validity.0, out);
                out.push(b' ');
                write_compact(pairs.iter().map(|(from, _)| from.get()), out);
                out.push(b' ');
                write_compact(pairs.iter().map(|(_, to)| to.get()), out);
            }
            Self::HighestModSeq(modseq) => write_number(modseq.0, out),
            Self::Modified(numbers) => write_compact(numbers.iter().copied(), out),
            Self::PermanentFlags(flags) => {
                write_words(flags.iter().copied(), out);
                out.push(b')');
            }
            Self::UidNext(uid) => write_number(uid.get(), out),
            Self::UidValidity(uid_validity) => write_number(uid_validity.0, out),
            Self::Unseen(sequence) => write_number(sequence, out),
            _ => {}
        }
    }
}

impl ResponseBuf {
    /// The answer that ends a command: `A1 OK [READ-WRITE] done`.
    pub fn tagged(&mut self, tag: &Tag, condition: Condition, code: Option<Code<'_>>, text: &str) {
        self.push(tag.as_str());
        self.condition(condition, code, text);
    }

    /// Something told without being asked: `* OK [UNSEEN 3] first unseen`.
    pub fn untagged(&mut self, condition: Condition, code: Option<Code<'_>>, text: &str) {
        self.push("*");
        self.condition(condition, code, text);
    }

    /// A continuation request: the client may go on (RFC 3501 §7.5).
    pub fn continuation(&mut self, text: &str) {
        self.push("+ ");
        string::write_text(text, &mut self.text);
        self.end_line();
    }

    /// A continuation request with a SASL challenge, in base64 already; it may be empty.
    pub fn challenge(&mut self, base64: &str) {
        self.push("+ ");
        self.push(base64);
        self.end_line();
    }

    fn condition(&mut self, condition: Condition, code: Option<Code<'_>>, text: &str) {
        self.push(" ");
        self.push(condition.as_str());
        self.push(" ");
        if let Some(code) = code {
            self.push("[");
            code.write(&mut self.text);
            self.push("] ");
        }
        string::write_text(text, &mut self.text);
        self.end_line();
    }
}

impl RefusalKind {
    /// The code to answer such a refusal with.
    pub const fn code(&self) -> Option<Code<'static>> {
        match self {
            Self::MessageTooLarge(_) => Some(Code::TooBig),
            Self::TooManyMessages(_) => Some(Code::Limit),
            _ => None,
        }
    }
}

/// Writes `CAPABILITY` and the capabilities.
pub(super) fn write_capabilities<'a>(
    capabilities: impl IntoIterator<Item = &'a str>,
    out: &mut Vec<u8>,
) {
    out.extend_from_slice(b"CAPABILITY ");
    write_words(capabilities, out);
}

/// Writes words with spaces between them.
pub(super) fn write_words<'a>(words: impl IntoIterator<Item = &'a str>, out: &mut Vec<u8>) {
    for (index, word) in words.into_iter().enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(word.as_bytes());
    }
}
