//! What to search for, in no protocol's words.

use std::time::Duration;

use hikyaku_types::{MessageId, ModSeq, ThreadId};

use crate::{
    flags::{Keyword, SystemFlags},
    uid_set::UidSet,
};

/// A condition on a message in a mailbox.
///
/// Texts are compared as people read them: decoded, in NFKC, without regard to case and width, runs
/// of white space as one blank; a text matches where it occurs as a part. The empty text occurs in
/// every text; for a header field it asks whether the field is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Query {
    /// Every message.
    All,
    /// All of these; all messages for none.
    And(Vec<Query>),
    /// At least one of these; no message for none.
    Or(Vec<Query>),
    /// Not this.
    Not(Box<Query>),
    /// All of these system flags are set.
    Flags(SystemFlags),
    /// The keyword is set.
    Keyword(Keyword),
    /// One of these UIDs.
    Uids(UidSet),
    /// RFC822.SIZE is greater than this.
    LargerThan(u64),
    /// RFC822.SIZE is less than this.
    SmallerThan(u64),
    /// INTERNALDATE, as a day in the account's time zone.
    InternalDate(DateTest),
    /// SAVEDATE (RFC 8514), as a day in the account's time zone.
    SaveDate(DateTest),
    /// The Date header, as the day written in it. Messages without a readable one never match.
    SentDate(DateTest),
    /// INTERNALDATE is at most this long ago (RFC 5032 YOUNGER).
    Younger(Duration),
    /// INTERNALDATE is at least this long ago (RFC 5032 OLDER).
    Older(Duration),
    /// The modseq is at least this (RFC 7162 §3.1.5).
    ChangedSince(ModSeq),
    /// This very message (RFC 8474 EMAILID).
    Message(MessageId),
    /// A message of this conversation (RFC 8474 THREADID).
    Thread(ThreadId),
    /// The text in a header field of this name.
    Header {
        /// Name of the field, without regard to case.
        name: String,
        /// What it contains.
        contains: String,
    },
    /// The text in an address field, in the name or the address.
    Address(AddressField, String),
    /// The text in the subject.
    Subject(String),
    /// The text in the body's text parts.
    Body(String),
    /// The text in the header or the body's text parts.
    Text(String),
}

/// A header field that holds addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressField {
    /// From.
    From,
    /// To.
    To,
    /// Cc.
    Cc,
    /// Bcc.
    Bcc,
}

/// A comparison with a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateTest {
    /// Before the day begins.
    Before(Day),
    /// Within the day.
    On(Day),
    /// Within the day or later.
    Since(Day),
}

/// A day of the calendar that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(jiff::civil::Date);

impl Day {
    /// The day, if there is one: 30 February is none.
    pub fn new(year: i16, month: i8, day: i8) -> Option<Self> {
        jiff::civil::Date::new(year, month, day).ok().map(Self)
    }

    pub(crate) fn date(self) -> jiff::civil::Date {
        self.0
    }
}
