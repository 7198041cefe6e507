//! The text of an entry: what is hashed.

use std::net::IpAddr;

use hikyaku_types::{AccountId, LogEntryId, RequestId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Actor, Entry, NewEntry, Target};

/// An entry as its text has it. The chain's number is in it, so that no entry can be moved to
/// another chain.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Body {
    pub(crate) chain: i64,
    pub(crate) seq: i64,
    pub(crate) id: LogEntryId,
    pub(crate) at: Timestamp,
    pub(crate) actor: Actor,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) on_behalf_of: Option<Actor>,
    pub(crate) action: String,
    pub(crate) target: Target,
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub(crate) before: serde_json::Value,
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub(crate) after: serde_json::Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) shown_to: Option<AccountId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) address: Option<IpAddr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) request: Option<RequestId>,
}

impl Body {
    pub(crate) fn new(entry: &NewEntry, seq: i64, id: LogEntryId, at: Timestamp) -> Self {
        Self {
            chain: entry.chain.number(),
            seq,
            id,
            at,
            actor: entry.actor.printable(),
            on_behalf_of: entry.on_behalf_of.as_ref().map(Actor::printable),
            action: entry.action.to_owned(),
            target: entry.target.printable(),
            before: entry.before.clone(),
            after: entry.after.clone(),
            reason: entry.reason.clone(),
            shown_to: entry.shown_to,
            address: entry.address,
            request: entry.request,
        }
    }

    pub(crate) fn to_text(&self) -> String {
        serde_json::to_string(self).expect("invariant: texts, numbers and JSON values are JSON")
    }

    pub(crate) fn from_text(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    pub(crate) fn into_entry(self, hash: String) -> Entry {
        Entry {
            seq: self.seq,
            id: self.id,
            at: self.at,
            actor: self.actor,
            on_behalf_of: self.on_behalf_of,
            action: self.action,
            target: self.target,
            before: self.before,
            after: self.after,
            reason: self.reason,
            address: self.address,
            request: self.request,
            hash,
        }
    }
}
