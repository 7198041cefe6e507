//! IMAP grammar: commands in, responses out (RFC 3501 and the extensions the server announces).
//!
//! The way of a command: bytes from the client go into a [`CommandReader`], which cuts the stream
//! into commands (a command may hold literals, and a literal may need a continuation request
//! before the client sends it); [`Request::parse`] turns the bytes of one command into a typed
//! [`Request`]. Answers are written through a [`ResponseBuf`].
//!
//! [`client`] is the other side: what is said to other servers, and what they answer.
//!
//! Invariants:
//! - Nothing here does I/O, reads a clock or allocates in proportion to a number that the client
//!   only announced: memory grows with the bytes that really arrived.
//! - No input panics. Time is linear in the length of the input; every list, every nesting depth
//!   and every length has a named limit in [`Limits`].
//! - Reading is lenient where a client in the field needs it (each place says which), writing is
//!   strict.
#![deny(missing_docs, clippy::indexing_slicing, clippy::unwrap_used)]

pub mod client;
mod command;
mod date;
mod flag;
#[doc(hidden)]
pub mod fuzz;
mod limits;
mod mailbox;
mod object_id;
mod parse;
mod reader;
mod response;
mod section;
mod sequence;
mod utf7;

pub use command::{
    Append, AppendHead, AppendMessage, Authenticate, Command, Compression, CondStore, Copy, Create,
    Enable, Fetch, FetchItem, Id, List, ListReturn, ListSelect, Login, Numbering, Peek, QuotaRoot,
    Rename, Request, Search, SearchKey, SearchReturn, Select, Sensitive, SetQuota, Silent, Status,
    StatusItem, Store, StoreMode, Tag,
};
pub use date::{Date, DateTimeError, write_date, write_date_time};
pub use flag::Flag;
pub use limits::{Limits, NameEncoding};
pub use mailbox::{MailboxName, SpecialUse, list_matches};
pub use object_id::ObjectId;
pub use parse::{ParseError, ParseErrorKind, is_done, parse_date_time};
pub use reader::{CommandReader, Event, Literal, LiteralSync, RawCommand, Refusal, RefusalKind};
pub use response::{
    Code, Condition, Extensions, FetchResponse, ListLine, MailboxAttribute, QuotaLine,
    QuotaResource, ResponseBuf, SectionName, StatusCounts,
};
pub use section::{Partial, Section, SectionText};
pub use sequence::{Ranges, SequenceNumber, SequenceRange, SequenceSet};
