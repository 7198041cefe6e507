//! Commands: what a client can ask for. One file per command or family.

mod append;
mod authenticate;
mod compress;
mod copy;
mod create;
mod enable;
mod fetch;
mod id;
mod list;
mod login;
mod quota;
mod rename;
mod search;
mod select;
mod status;
mod store;
mod tag;
mod uid;
mod write;

use crate::{
    Limits, MailboxName, ParseError, ParseErrorKind, RawCommand, SequenceSet,
    parse::{Cursor, Parsed},
};
pub(crate) use append::is_append;
pub use append::{Append, AppendHead, AppendMessage};
pub use authenticate::Authenticate;
pub use compress::Compression;
pub use copy::Copy;
pub use create::Create;
pub use enable::Enable;
pub use fetch::{Fetch, FetchItem, Peek};
pub use id::Id;
pub use list::{List, ListReturn, ListSelect};
pub use login::{Login, Sensitive};
pub use quota::{QuotaRoot, SetQuota};
pub use rename::Rename;
pub use search::{Search, SearchKey, SearchReturn};
pub use select::{CondStore, Select};
pub use status::{Status, StatusItem};
pub use store::{Silent, Store, StoreMode};
pub use tag::Tag;

/// Whether a command speaks of messages by sequence number or by UID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Numbering {
    /// By sequence number.
    Sequence,
    /// By UID: the command came with the `UID` prefix.
    Uid,
}

/// One command, read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// APPEND (RFC 3501 §6.3.11).
    Append(Append),
    /// AUTHENTICATE (RFC 3501 §6.2.2).
    Authenticate(Authenticate),
    /// CAPABILITY (RFC 3501 §6.1.1).
    Capability,
    /// CHECK (RFC 3501 §6.4.1).
    Check,
    /// CLOSE (RFC 3501 §6.4.2).
    Close,
    /// COMPRESS (RFC 4978 §3).
    Compress(Compression),
    /// COPY and UID COPY (RFC 3501 §6.4.7).
    Copy(Copy),
    /// CREATE (RFC 3501 §6.3.3), with a special use (RFC 6154 §3).
    Create(Create),
    /// DELETE (RFC 3501 §6.3.4).
    Delete(MailboxName),
    /// ENABLE (RFC 5161 §3.1).
    Enable(Enable),
    /// EXAMINE (RFC 3501 §6.3.2).
    Examine(Select),
    /// EXPUNGE (RFC 3501 §6.4.3), or UID EXPUNGE (RFC 4315 §2.1) of those UIDs.
    Expunge(Option<SequenceSet>),
    /// FETCH and UID FETCH (RFC 3501 §6.4.5).
    Fetch(Fetch),
    /// GETQUOTA (RFC 9208 §4.1.1).
    GetQuota(QuotaRoot),
    /// GETQUOTAROOT (RFC 9208 §4.1.2).
    GetQuotaRoot(MailboxName),
    /// ID (RFC 2971).
    Id(Id),
    /// IDLE (RFC 2177). DONE comes as a line of its own.
    Idle,
    /// LIST (RFC 3501 §6.3.8, RFC 5258, RFC 6154).
    List(List),
    /// LOGIN (RFC 3501 §6.2.3).
    Login(Login),
    /// LOGOUT (RFC 3501 §6.1.3).
    Logout,
    /// LSUB (RFC 3501 §6.3.9).
    Lsub(List),
    /// MOVE and UID MOVE (RFC 6851).
    Move(Copy),
    /// NAMESPACE (RFC 2342).
    Namespace,
    /// NOOP (RFC 3501 §6.1.2).
    Noop,
    /// RENAME (RFC 3501 §6.3.5).
    Rename(Rename),
    /// SEARCH and UID SEARCH (RFC 3501 §6.4.4).
    Search(Search),
    /// SELECT (RFC 3501 §6.3.1).
    Select(Select),
    /// SETQUOTA (RFC 9208 §4.1.3).
    SetQuota(SetQuota),
    /// STARTTLS (RFC 3501 §6.2.1).
    StartTls,
    /// STATUS (RFC 3501 §6.3.10).
    Status(Status),
    /// STORE and UID STORE (RFC 3501 §6.4.6).
    Store(Store),
    /// SUBSCRIBE (RFC 3501 §6.3.6).
    Subscribe(MailboxName),
    /// UNSELECT (RFC 3691).
    Unselect,
    /// UNSUBSCRIBE (RFC 3501 §6.3.7).
    Unsubscribe(MailboxName),
}

impl Command {
    /// Its name, as metrics and logs show it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Append(_) => "APPEND",
            Self::Authenticate(_) => "AUTHENTICATE",
            Self::Capability => "CAPABILITY",
            Self::Check => "CHECK",
            Self::Close => "CLOSE",
            Self::Compress(_) => "COMPRESS",
            Self::Copy(_) => "COPY",
            Self::Create(_) => "CREATE",
            Self::Delete(_) => "DELETE",
            Self::Enable(_) => "ENABLE",
            Self::Examine(_) => "EXAMINE",
            Self::Expunge(_) => "EXPUNGE",
            Self::Fetch(_) => "FETCH",
            Self::GetQuota(_) => "GETQUOTA",
            Self::GetQuotaRoot(_) => "GETQUOTAROOT",
            Self::Id(_) => "ID",
            Self::Idle => "IDLE",
            Self::List(_) => "LIST",
            Self::Login(_) => "LOGIN",
            Self::Logout => "LOGOUT",
            Self::Lsub(_) => "LSUB",
            Self::Move(_) => "MOVE",
            Self::Namespace => "NAMESPACE",
            Self::Noop => "NOOP",
            Self::Rename(_) => "RENAME",
            Self::Search(_) => "SEARCH",
            Self::Select(_) => "SELECT",
            Self::SetQuota(_) => "SETQUOTA",
            Self::StartTls => "STARTTLS",
            Self::Status(_) => "STATUS",
            Self::Store(_) => "STORE",
            Self::Subscribe(_) => "SUBSCRIBE",
            Self::Unselect => "UNSELECT",
            Self::Unsubscribe(_) => "UNSUBSCRIBE",
        }
    }
}

/// A tagged command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What the answer begins with.
    pub tag: Tag,
    /// The command.
    pub command: Command,
}

/// Reads what follows a command's name.
type Arguments = fn(&mut Cursor<'_>) -> Parsed<Command>;

/// Every command by name, in the order of the alphabet.
const TABLE: [(&str, Arguments); 35] = [
    ("APPEND", |cursor| {
        Append::parse(cursor).map(Command::Append)
    }),
    ("AUTHENTICATE", |cursor| {
        Authenticate::parse(cursor).map(Command::Authenticate)
    }),
    ("CAPABILITY", |_| Ok(Command::Capability)),
    ("CHECK", |_| Ok(Command::Check)),
    ("CLOSE", |_| Ok(Command::Close)),
    ("COMPRESS", |cursor| {
        Compression::parse(cursor).map(Command::Compress)
    }),
    ("COPY", |cursor| {
        Copy::parse(cursor, Numbering::Sequence).map(Command::Copy)
    }),
    ("CREATE", |cursor| {
        Create::parse(cursor).map(Command::Create)
    }),
    ("DELETE", |cursor| mailbox(cursor).map(Command::Delete)),
    ("ENABLE", |cursor| {
        Enable::parse(cursor).map(Command::Enable)
    }),
    ("EXAMINE", |cursor| {
        Select::parse(cursor).map(Command::Examine)
    }),
    ("EXPUNGE", |_| Ok(Command::Expunge(None))),
    ("FETCH", |cursor| {
        Fetch::parse(cursor, Numbering::Sequence).map(Command::Fetch)
    }),
    ("GETQUOTA", |cursor| {
        QuotaRoot::parse(cursor).map(Command::GetQuota)
    }),
    ("GETQUOTAROOT", |cursor| {
        mailbox(cursor).map(Command::GetQuotaRoot)
    }),
    ("ID", |cursor| Id::parse(cursor).map(Command::Id)),
    ("IDLE", |_| Ok(Command::Idle)),
    ("LIST", |cursor| List::parse(cursor).map(Command::List)),
    ("LOGIN", |cursor| Login::parse(cursor).map(Command::Login)),
    ("LOGOUT", |_| Ok(Command::Logout)),
    ("LSUB", |cursor| List::parse_lsub(cursor).map(Command::Lsub)),
    ("MOVE", |cursor| {
        Copy::parse(cursor, Numbering::Sequence).map(Command::Move)
    }),
    ("NAMESPACE", |_| Ok(Command::Namespace)),
    ("NOOP", |_| Ok(Command::Noop)),
    ("RENAME", |cursor| {
        Rename::parse(cursor).map(Command::Rename)
    }),
    ("SEARCH", |cursor| {
        Search::parse(cursor, Numbering::Sequence).map(Command::Search)
    }),
    ("SELECT", |cursor| {
        Select::parse(cursor).map(Command::Select)
    }),
    ("SETQUOTA", |cursor| {
        SetQuota::parse(cursor).map(Command::SetQuota)
    }),
    ("STARTTLS", |_| Ok(Command::StartTls)),
    ("STATUS", |cursor| {
        Status::parse(cursor).map(Command::Status)
    }),
    ("STORE", |cursor| {
        Store::parse(cursor, Numbering::Sequence).map(Command::Store)
    }),
    ("SUBSCRIBE", |cursor| {
        mailbox(cursor).map(Command::Subscribe)
    }),
    ("UID", uid::parse),
    ("UNSELECT", |_| Ok(Command::Unselect)),
    ("UNSUBSCRIBE", |cursor| {
        mailbox(cursor).map(Command::Unsubscribe)
    }),
];

impl Request {
    /// Reads one command.
    ///
    /// ```abnf
    /// command = tag SP (command-any / command-auth / command-nonauth / command-select) CRLF
    /// ```
    pub fn parse(raw: &RawCommand, limits: &Limits) -> Result<Self, ParseError> {
        let mut cursor = Cursor::new(raw, limits);
        let tag = Tag::parse(&mut cursor)?;
        match Command::parse(&mut cursor) {
            Ok(command) => Ok(Self { tag, command }),
            Err(error) => Err(error.with_tag(&tag)),
        }
    }
}

impl Command {
    fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        cursor.space()?;
        let at = cursor.at();
        let name = cursor.atom("a command")?;
        let found = TABLE
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        let Some((_, arguments)) = found else {
            return Err(ParseError::new(
                ParseErrorKind::UnknownCommand,
                "a command",
                at,
            ));
        };
        let command = arguments(cursor)?;
        cursor.end()?;
        Ok(command)
    }
}

/// ```abnf
/// delete = "DELETE" SP mailbox   ; and every other command of one mailbox
/// ```
fn mailbox(cursor: &mut Cursor<'_>) -> Parsed<MailboxName> {
    cursor.space()?;
    MailboxName::parse(cursor)
}
