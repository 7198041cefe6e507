//! What an entry says.

use std::net::IpAddr;

use hikyaku_types::{AccountId, LogEntryId, RequestId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Chain;

/// What kind of somebody acted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ActorKind {
    /// The operator at the machine's own command line.
    Console,
    /// A person who signed in.
    Account,
    /// A program with an API key.
    ApiKey,
    /// The house itself: a timer, a job of its own.
    System,
}

/// Who acted, and how to name them after they are gone.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Actor {
    /// What kind of somebody.
    pub kind: ActorKind,
    /// The id of the account or key, as text; empty for the others.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// The address of the account, the label of the key, or the user of the console.
    pub name: String,
}

impl Actor {
    /// The same without U+0000, which no engine stores in a column.
    pub(crate) fn printable(&self) -> Self {
        Self {
            kind: self.kind,
            id: printable(&self.id),
            name: printable(&self.name),
        }
    }
}

/// What was acted on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Target {
    /// The kind of thing, a word of the API: `account`, `domain`, `plan` …
    pub kind: String,
    /// Its id, as text.
    pub id: String,
    /// Its name for people, as it was at the time.
    pub name: String,
}

impl Target {
    /// A thing with its id and name.
    pub fn new(kind: &str, id: impl std::fmt::Display, name: impl std::fmt::Display) -> Self {
        Self {
            kind: kind.to_owned(),
            id: id.to_string(),
            name: name.to_string(),
        }
    }

    pub(crate) fn printable(&self) -> Self {
        Self {
            kind: printable(&self.kind),
            id: printable(&self.id),
            name: printable(&self.name),
        }
    }
}

fn printable(text: &str) -> String {
    text.replace('\0', "\u{FFFD}")
}

/// An entry to append.
#[derive(Debug, Clone)]
pub struct NewEntry {
    /// In whose log it stands.
    pub chain: Chain,
    /// Who acted.
    pub actor: Actor,
    /// As whom, when an administrator acted as somebody else.
    pub on_behalf_of: Option<Actor>,
    /// What was done: a word of the form `thing.verb` (`account.create`).
    pub action: &'static str,
    /// What it was done to.
    pub target: Target,
    /// What of it was before, without secrets; null for what was not there.
    pub before: serde_json::Value,
    /// What of it is now, without secrets; null for what is gone.
    pub after: serde_json::Value,
    /// Why, where a reason was asked for.
    pub reason: Option<String>,
    /// The account whose owner sees the entry too: whose mail was read, as whom was acted.
    pub shown_to: Option<AccountId>,
    /// From where.
    pub address: Option<IpAddr>,
    /// The request it belongs to; also in the log of the process and in the answer.
    pub request: Option<RequestId>,
}

/// An entry as it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// Its number in its chain, from 1, without holes.
    pub seq: i64,
    /// Its id.
    pub id: LogEntryId,
    /// When: never before the entry before it.
    pub at: Timestamp,
    /// Who acted.
    pub actor: Actor,
    /// As whom.
    pub on_behalf_of: Option<Actor>,
    /// What was done.
    pub action: String,
    /// What it was done to.
    pub target: Target,
    /// What of it was before.
    pub before: serde_json::Value,
    /// What of it was then.
    pub after: serde_json::Value,
    /// Why.
    pub reason: Option<String>,
    /// From where.
    pub address: Option<IpAddr>,
    /// The request.
    pub request: Option<RequestId>,
    /// Its hash. Whoever notes number and hash elsewhere can have the chain checked against it.
    pub hash: String,
}
