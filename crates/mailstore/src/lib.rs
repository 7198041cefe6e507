//! Mailboxes, messages, flags, threads, quota, change log, search.
//!
//! [`Mailstore`] is the asynchronous door; [`accounts`] and [`delivery`] hold the functions that
//! run inside somebody else's transaction. No protocol words here: what is known is mailboxes,
//! messages and flags.
//!
//! Invariants (design §3 "Mail"), which [`Mailstore::check`] recomputes:
//! - Every write to an account's mail first locks the account's row. One modseq counter per account
//!   and one UID counter per mailbox are taken under that lock, so a UID is visible only after all
//!   lower ones.
//! - Counters (mailbox totals, usage, references of contents) change in the transaction that
//!   changes what they count.
//! - A message row is immutable. Its placements hold what changes: mailbox, UID, flags. The message
//!   lives as long as it has a placement, then it is restorable, then it is purged.
//! - Copies, appends and deliveries are atomic as a whole; what may touch many messages works in
//!   chunks.
//! - Nothing here holds a list of all messages of an account.
#![deny(clippy::indexing_slicing, clippy::unwrap_used)]

pub mod accounts;
mod append;
mod change;
pub mod check;
mod content;
mod copy;
pub mod delivery;
mod error;
mod expunge;
mod flags;
mod hold;
mod intake;
mod limits;
mod list;
mod locate;
mod mailbox;
mod mailboxes;
mod mailstore;
mod message;
mod name;
mod placement;
mod purge;
mod query;
mod quota;
mod restorable;
mod restore;
mod row;
mod rows;
mod search;
mod snapshot;
mod special_use;
mod store_flags;
mod thread;
pub mod transfer;
mod uid_list;
mod uid_set;
pub mod usage;

pub use append::{AppendMessage, Appended, UPLOADS_MAX};
pub use change::{Changes, Delta, FlagState};
pub use content::Content;
pub use copy::Copied;
pub use delivery::DeliveryId;
pub use error::{MailError, QuotaKind};
pub use expunge::Which;
pub use flags::{
    FlagChange, Flags, KEYWORD_BYTES_MAX, KEYWORDS_MAX, Keyword, KeywordError, SystemFlags,
    TooManyKeywords,
};
pub use hold::Hold;
pub use intake::{Incoming, Intake, take_in};
pub use limits::Limits;
pub use locate::Located;
pub use mailbox::{Mailbox, Recent, Snapshot};
pub use mailstore::{Mailstore, Registry};
pub use message::{CONTENTS_MAX, RawContent, RawContents};
pub use name::{
    DEPTH_MAX, INBOX, LEVEL_BYTES_MAX, MailboxPath, NameError, PATH_BYTES_MAX, SEPARATOR,
};
pub use purge::PurgeReport;
pub use query::{AddressField, DateTest, Day, Query};
pub use quota::{Overshoot, Quota, Room, Usage};
pub use restorable::{RESTORABLE_PAGE_MAX, RestorableBefore, RestorableMessage, restorable};
pub use restore::{RestoreReport, Selection};
pub use row::{Fields, MessageRow};
pub use rows::{PAGE_ROWS_MAX, Window};
pub use search::{Found, QUERY_DEPTH_MAX, SearchPage};
pub use snapshot::LISTED_KEYWORDS_MAX;
pub use special_use::SpecialUse;
pub use store_flags::StoredFlags;
pub use thread::THREAD_REFERENCES_MAX;
pub use uid_list::{UidList, UidListBuilder};
pub use uid_set::UidSet;
