//! Browser sessions (U-001, US-07, F-07).
//!
//! A session is opened when the password was right ([`open`]) and goes through the states of
//! [`SessionState`] with a new token at each ([`advance`]): a token that was known before a
//! privilege was gained is worth nothing after it.
//!
//! Invariants:
//! - Only the hash of a token is stored.
//! - A session is found ([`find`]) only while it holds: within its times, with the password it was
//!   opened with, of an account that may sign in on the web, of a tenant in service. So a changed
//!   password, a suspended account and a suspended tenant end all sessions at once.
//! - An account has at most [`SESSIONS_MAX`] sessions; the one that was not seen for the longest
//!   time makes room.

mod client;
mod find;
mod list;
mod open;
mod sweep;
mod token;

use std::time::Duration;

use hikyaku_directory::{AccountScope, Language};
use hikyaku_types::{EmailAddress, FactorId, Timestamp, WebSessionId};

use crate::policy::SecurityPolicy;

pub use client::{AGENT_CHARS_MAX, Client, device};
pub use find::{find, touch};
pub use list::{SessionView, list, revoke, revoke_all};
pub use open::{NewSession, Rotation, Shown, advance, authenticated, open};
pub use sweep::sweep;
pub use token::Token;

/// How long a session that is not complete may last (60 min): time to set a second factor up, with
/// a link by mail of 30 min. One that owes a code lasts [`SessionLimits::code`] only.
pub const UNFINISHED_MAX: Duration = Duration::from_hours(1);

/// Sessions of one account at most (100): far more than anybody has browsers.
pub const SESSIONS_MAX: u32 = 100;

/// How far the time a session was last seen may lag behind (5 min): so many requests cost one
/// write.
pub const SEEN_LAG_MAX: Duration = Duration::from_mins(5);

/// How long sessions last; a tenant decides (AD-24).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// A session is over when it was not seen for so long. Default 12 h, sliding (F-07).
    pub idle: Duration,
    /// A session is over in any case after so long; one that stays is not bound by `idle`. Default
    /// 30 days.
    pub absolute: Duration,
    /// How long a code is waited for after the password. Default 10 min (K-13).
    pub code: Duration,
}

impl SessionLimits {
    /// What a tenant's policy says.
    pub fn of(policy: &SecurityPolicy) -> Self {
        let minutes = |minutes: u32| Duration::from_secs(u64::from(minutes) * 60);
        Self {
            idle: minutes(policy.sessions.idle_minutes),
            absolute: minutes(policy.sessions.absolute_hours.saturating_mul(60)),
            code: minutes(policy.second_factor.code_minutes),
        }
    }
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self {
            idle: Duration::from_hours(12),
            absolute: Duration::from_hours(30 * 24),
            code: Duration::from_mins(10),
        }
    }
}

/// How long a browser is to stay signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Staying {
    /// As long as its window is open, and within [`SessionLimits::idle`].
    #[default]
    WhileOpen,
    /// Over restarts of the browser, within [`SessionLimits::absolute`].
    Remembered,
}

/// What a session may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SessionState {
    /// The password was right; a code is owed.
    Factor,
    /// A second factor must be set up first: the tenant requires one and the grace is over, or the
    /// account has a role on the platform.
    Enrol,
    /// Another password must be chosen first (C-16).
    Change,
    /// Everything the account may do.
    Complete,
}

impl SessionState {
    /// The word in tables and in the API.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Factor => "factor",
            Self::Enrol => "enrol",
            Self::Change => "change",
            Self::Complete => "complete",
        }
    }

    /// The state of a word; nothing for one that this program does not know.
    fn from_word(word: &str) -> Option<Self> {
        [Self::Factor, Self::Enrol, Self::Change, Self::Complete]
            .into_iter()
            .find(|state| state.word() == word)
    }
}

/// A session that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Session {
    /// Its id, to revoke it by.
    pub id: WebSessionId,
    /// Whose it is.
    pub scope: AccountScope,
    /// The account's own address.
    pub address: EmailAddress,
    /// The language of its owner.
    pub language: Language,
    /// What it may be used for.
    pub state: SessionState,
    /// When the password was last shown.
    pub authenticated_at: Timestamp,
    /// When a second factor was last shown, on this browser while it was remembered counts.
    pub factor_at: Option<Timestamp>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it was last seen, within [`SEEN_LAG_MAX`].
    pub last_seen_at: Timestamp,
    /// When it is over in any case.
    pub ends_at: Timestamp,
    /// How long the browser is to stay signed in.
    pub staying: Staying,
    /// The version of the password it was opened with.
    pub(crate) credential: i64,
    /// Wrong codes so far.
    pub(crate) tries: u32,
    /// What was mailed.
    pub(crate) mailed: MailedCode,
}

/// The code that a session waits for by mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct MailedCode {
    pub(crate) hash: Option<[u8; 32]>,
    pub(crate) factor: Option<FactorId>,
    pub(crate) sent: u32,
    pub(crate) sent_at: Option<Timestamp>,
}

impl Session {
    /// Whether password or second factor were shown so lately that they need not be shown again
    /// for a change of the credentials.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        let shown = self.factor_at.max(Some(self.authenticated_at));
        shown.is_some_and(|at| at <= now && now.since(at) < FRESH_FOR)
    }

    /// Whether [`touch`] has something to write.
    pub fn is_unseen(&self, now: Timestamp) -> bool {
        now.since(self.last_seen_at) >= SEEN_LAG_MAX
    }
}

/// For how long a password or a code that was shown is enough for a change of the credentials (10
/// min).
pub const FRESH_FOR: Duration = Duration::from_mins(10);
