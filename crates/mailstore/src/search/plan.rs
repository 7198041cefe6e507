//! A query made ready for comparing: texts folded, days turned into instants.

use hikyaku_types::{MessageId, ModSeq, ThreadId, Timestamp};
use jiff::tz::TimeZone;

use crate::{
    error::MailError,
    flags::{Keyword, SystemFlags},
    query::{AddressField, DateTest, Query},
    uid_set::UidSet,
};

use super::{
    dates::{Span, WrittenDay},
    fold,
};

/// Deepest nesting of a query (64). People and clients stay below ten; the limit bounds recursion.
pub const QUERY_DEPTH_MAX: usize = 64;

/// A query made ready.
#[derive(Debug, Clone)]
pub(super) enum Plan {
    All,
    And(Vec<Plan>),
    Or(Vec<Plan>),
    Not(Box<Plan>),
    Flags(SystemFlags),
    Keyword(Keyword),
    Uids(UidSet),
    LargerThan(u64),
    SmallerThan(u64),
    Internal(Span),
    Saved(Span),
    Sent(WrittenDay),
    ChangedSince(ModSeq),
    Message(MessageId),
    Thread(ThreadId),
    Header { name: String, contains: String },
    Address(AddressField, String),
    Subject(String),
    Body(String),
    Text(String),
}

/// What the meaning of a query depends on.
pub(super) struct Context {
    pub(super) zone: TimeZone,
    pub(super) now: Timestamp,
}

impl Context {
    /// The account's time zone; UTC for a name that does not exist.
    pub(super) fn new(zone: &str, now: Timestamp) -> Self {
        let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        Self { zone, now }
    }

    pub(super) fn plan(&self, query: &Query, depth: usize) -> Result<Plan, MailError> {
        if depth > QUERY_DEPTH_MAX {
            return Err(MailError::QueryTooDeep {
                limit: QUERY_DEPTH_MAX,
            });
        }
        let all = |queries: &[Query]| -> Result<Vec<Plan>, MailError> {
            queries
                .iter()
                .map(|query| self.plan(query, depth + 1))
                .collect()
        };
        Ok(match query {
            Query::All => Plan::All,
            Query::And(queries) => Plan::And(all(queries)?),
            Query::Or(queries) => Plan::Or(all(queries)?),
            Query::Not(query) => Plan::Not(Box::new(self.plan(query, depth + 1)?)),
            Query::Flags(flags) => Plan::Flags(*flags),
            Query::Keyword(keyword) => Plan::Keyword(keyword.clone()),
            Query::Uids(uids) => Plan::Uids(uids.clone()),
            Query::LargerThan(size) => Plan::LargerThan(*size),
            Query::SmallerThan(size) => Plan::SmallerThan(*size),
            Query::InternalDate(test) => Plan::Internal(self.span(*test)?),
            Query::SaveDate(test) => Plan::Saved(self.span(*test)?),
            Query::SentDate(test) => Plan::Sent(WrittenDay::new(*test)),
            Query::Younger(age) => Plan::Internal(Span::since(self.now.minus(*age))),
            Query::Older(age) => Plan::Internal(Span::until(self.now.minus(*age))),
            Query::ChangedSince(modseq) => Plan::ChangedSince(*modseq),
            Query::Message(id) => Plan::Message(*id),
            Query::Thread(id) => Plan::Thread(*id),
            Query::Header { name, contains } => Plan::Header {
                name: name.trim().to_ascii_lowercase(),
                contains: fold(contains),
            },
            Query::Address(field, text) => Plan::Address(*field, fold(text)),
            Query::Subject(text) => Plan::Subject(fold(text)),
            Query::Body(text) => Plan::Body(fold(text)),
            Query::Text(text) => Plan::Text(fold(text)),
        })
    }

    fn span(&self, test: DateTest) -> Result<Span, MailError> {
        Span::of_days(test, &self.zone).ok_or(MailError::Damaged { what: "a day" })
    }
}
