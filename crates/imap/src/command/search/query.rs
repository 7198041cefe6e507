//! From SEARCH keys to a question to the store.

use hikyaku_imap_proto::{Code, Date, Flag, Numbering, Search, SearchKey};
use hikyaku_mailstore::{AddressField, DateTest, Day, Keyword, Query, SystemFlags, UidList};
use hikyaku_message::charset::{self, Charset, Fidelity};
use hikyaku_types::Uid;

use crate::{flags, reply::Reply, view::View};

/// The charsets that a SEARCH may come in, as BADCHARSET names them. Every other one that the
/// mail parser knows is read too.
const CHARSETS: [&str; 5] = ["US-ASCII", "UTF-8", "ISO-2022-JP", "SHIFT_JIS", "EUC-JP"];

/// Names of US-ASCII.
const ASCII: [&str; 3] = ["US-ASCII", "ASCII", "ANSI_X3.4-1968"];

/// The question, or why it cannot be asked.
pub(super) fn build(search: &Search, view: &View) -> Result<Query, Reply> {
    let charset = match search.charset.as_deref() {
        None => None,
        Some(label) if ASCII.iter().any(|name| name.eq_ignore_ascii_case(label)) => None,
        Some(label) => Some(Charset::from_label(label).ok_or_else(bad_charset)?),
    };
    Builder { charset, view }.key(&search.key)
}

/// The messages of a list that match a question which is only about UIDs; nothing for any other.
pub(super) fn by_uids(query: &Query, all: &UidList) -> Option<UidList> {
    match query {
        // Most of the time, and it needs no look at the list.
        Query::All => Some(all.clone()),
        query if is_by_uid(query) => {
            Some(all.iter().filter(|uid| matches_uid(query, *uid)).collect())
        }
        _ => None,
    }
}

/// The grammar bounds how deep this goes.
fn is_by_uid(query: &Query) -> bool {
    match query {
        Query::All | Query::Uids(_) => true,
        Query::And(queries) | Query::Or(queries) => queries.iter().all(is_by_uid),
        Query::Not(query) => is_by_uid(query),
        _ => false,
    }
}

fn matches_uid(query: &Query, uid: Uid) -> bool {
    match query {
        Query::All => true,
        Query::Uids(uids) => uids.contains(uid),
        Query::And(queries) => queries.iter().all(|query| matches_uid(query, uid)),
        Query::Or(queries) => queries.iter().any(|query| matches_uid(query, uid)),
        Query::Not(query) => !matches_uid(query, uid),
        _ => false,
    }
}

fn bad_charset() -> Reply {
    Reply::no_with(Code::BadCharset(&CHARSETS), "This charset is not known")
}

struct Builder<'a> {
    charset: Option<Charset>,
    view: &'a View,
}

impl Builder<'_> {
    fn key(&self, key: &SearchKey) -> Result<Query, Reply> {
        Ok(match key {
            SearchKey::All => Query::All,
            SearchKey::And(keys) => Query::And(
                keys.iter()
                    .map(|key| self.key(key))
                    .collect::<Result<_, _>>()?,
            ),
            SearchKey::Or(one, other) => Query::Or(vec![self.key(one)?, self.key(other)?]),
            SearchKey::Not(key) => not(self.key(key)?),
            SearchKey::Flag(flag) => self.flag(flag),
            SearchKey::Unflag(flag) => not(self.flag(flag)),
            SearchKey::Keyword(keyword) => by_keyword(keyword),
            SearchKey::Unkeyword(keyword) => not(by_keyword(keyword)),
            SearchKey::New => Query::And(vec![
                self.flag(&Flag::Recent),
                not(Query::Flags(SystemFlags::SEEN)),
            ]),
            SearchKey::Old => not(self.flag(&Flag::Recent)),
            SearchKey::Sequence(set) => Query::Uids(self.view.matching(set, Numbering::Sequence)),
            SearchKey::Uid(set) => Query::Uids(self.view.matching(set, Numbering::Uid)),
            SearchKey::Larger(bytes) => Query::LargerThan(u64::from(*bytes)),
            SearchKey::Smaller(bytes) => Query::SmallerThan(u64::from(*bytes)),
            SearchKey::Before(date) => Query::InternalDate(DateTest::Before(day(*date)?)),
            SearchKey::On(date) => Query::InternalDate(DateTest::On(day(*date)?)),
            SearchKey::Since(date) => Query::InternalDate(DateTest::Since(day(*date)?)),
            SearchKey::SentBefore(date) => Query::SentDate(DateTest::Before(day(*date)?)),
            SearchKey::SentOn(date) => Query::SentDate(DateTest::On(day(*date)?)),
            SearchKey::SentSince(date) => Query::SentDate(DateTest::Since(day(*date)?)),
            // What is no identifier of ours is nobody's.
            SearchKey::EmailId(id) => id.message().map_or(Query::Or(Vec::new()), Query::Message),
            SearchKey::ThreadId(id) => id.thread().map_or(Query::Or(Vec::new()), Query::Thread),
            SearchKey::ModSeq(modseq) => Query::ChangedSince(*modseq),
            text => self.by_text(text)?,
        })
    }

    fn by_text(&self, key: &SearchKey) -> Result<Query, Reply> {
        Ok(match key {
            SearchKey::Bcc(text) => Query::Address(AddressField::Bcc, self.text(text)?),
            SearchKey::Cc(text) => Query::Address(AddressField::Cc, self.text(text)?),
            SearchKey::From(text) => Query::Address(AddressField::From, self.text(text)?),
            SearchKey::To(text) => Query::Address(AddressField::To, self.text(text)?),
            SearchKey::Subject(text) => Query::Subject(self.text(text)?),
            SearchKey::Body(text) => Query::Body(self.text(text)?),
            SearchKey::Text(text) => Query::Text(self.text(text)?),
            SearchKey::Header(name, text) => Query::Header {
                name: self.text(name)?,
                contains: self.text(text)?,
            },
            // The grammar may learn a key before this room does.
            _ => return Err(Reply::bad("unknown SEARCH key")),
        })
    }

    fn flag(&self, flag: &Flag) -> Query {
        match flags::system(flag) {
            Some(flag) => Query::Flags(flag),
            // `\Recent` is this session's own.
            None => Query::Uids(self.view.recent()),
        }
    }

    /// A text in the command's charset. Without one it is US-ASCII (RFC 3501 §6.4.4); clients
    /// send UTF-8 without saying so, and that is let pass.
    fn text(&self, bytes: &[u8]) -> Result<String, Reply> {
        let Some(charset) = self.charset else {
            return String::from_utf8(bytes.to_vec()).map_err(|_| bad_charset());
        };
        let decoded = charset::decode_as(charset, bytes);
        match decoded.fidelity {
            Fidelity::Exact => Ok(decoded.text.into_owned()),
            Fidelity::Lossy => Err(Reply::bad(
                "A text is not in the charset that the command names",
            )),
        }
    }
}

fn not(query: Query) -> Query {
    Query::Not(Box::new(query))
}

/// What cannot be a keyword is on no message.
fn by_keyword(keyword: &str) -> Query {
    Keyword::new(keyword).map_or(Query::Or(Vec::new()), Query::Keyword)
}

fn day(date: Date) -> Result<Day, Reply> {
    let year = i16::try_from(date.year).ok();
    let (month, day) = (i8::try_from(date.month).ok(), i8::try_from(date.day).ok());
    let day = year
        .zip(month)
        .zip(day)
        .and_then(|((year, month), day)| Day::new(year, month, day));
    day.ok_or_else(|| Reply::bad("There is no such day"))
}
