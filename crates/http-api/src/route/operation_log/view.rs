//! An entry of the log in answers.

use hikyaku_oplog::{Actor, ActorKind, Entry, Target};
use serde::Serialize;
use utoipa::ToSchema;

use crate::timestamps;

/// Who acted.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::route) struct LogActor {
    /// `account`, `api_key`, `console` (at the machine itself) or `system`.
    kind: &'static str,
    /// The id of the account or key.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    id: String,
    name: String,
}

impl From<Actor> for LogActor {
    fn from(actor: Actor) -> Self {
        Self {
            kind: match actor.kind {
                ActorKind::Console => "console",
                ActorKind::Account => "account",
                ActorKind::ApiKey => "api_key",
                _ => "system",
            },
            id: actor.id,
            name: actor.name,
        }
    }
}

/// What was acted on.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::route) struct LogTarget {
    kind: String,
    id: String,
    name: String,
}

impl From<Target> for LogTarget {
    fn from(target: Target) -> Self {
        Self {
            kind: target.kind,
            id: target.id,
            name: target.name,
        }
    }
}

/// One entry.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LogEntry)]
pub(in crate::route) struct EntryView {
    /// Its number in its log, without holes.
    seq: i64,
    id: String,
    at: String,
    actor: LogActor,
    /// As whom the actor acted.
    #[serde(skip_serializing_if = "Option::is_none")]
    on_behalf_of: Option<LogActor>,
    action: String,
    target: LogTarget,
    /// What of it was before.
    #[serde(skip_serializing_if = "serde_json::Value::is_null")]
    #[schema(required = false)]
    before: serde_json::Value,
    /// What of it was then.
    #[serde(skip_serializing_if = "serde_json::Value::is_null")]
    #[schema(required = false)]
    after: serde_json::Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    hash: String,
}

impl From<Entry> for EntryView {
    fn from(entry: Entry) -> Self {
        Self {
            seq: entry.seq,
            id: entry.id.to_string(),
            at: timestamps::show(entry.at),
            actor: entry.actor.into(),
            on_behalf_of: entry.on_behalf_of.map(LogActor::from),
            action: entry.action,
            target: entry.target.into(),
            before: entry.before,
            after: entry.after,
            reason: entry.reason,
            address: entry.address.map(|address| address.to_string()),
            request_id: entry.request.map(|request| request.to_string()),
            hash: entry.hash,
        }
    }
}

/// The columns of an exported table.
pub(super) const COLUMNS: [&str; 16] = [
    "seq",
    "at",
    "actor_kind",
    "actor_id",
    "actor_name",
    "on_behalf_of",
    "action",
    "target_kind",
    "target_id",
    "target_name",
    "before",
    "after",
    "reason",
    "address",
    "request_id",
    "hash",
];

impl EntryView {
    /// The row of [`COLUMNS`].
    pub(super) fn row(&self) -> [String; 16] {
        let json = |value: &serde_json::Value| match value {
            serde_json::Value::Null => String::new(),
            value => value.to_string(),
        };
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let on_behalf_of = self.on_behalf_of.as_ref().map(|one| one.name.clone());
        [
            self.seq.to_string(),
            self.at.clone(),
            self.actor.kind.to_owned(),
            self.actor.id.clone(),
            self.actor.name.clone(),
            on_behalf_of.unwrap_or_default(),
            self.action.clone(),
            self.target.kind.clone(),
            self.target.id.clone(),
            self.target.name.clone(),
            json(&self.before),
            json(&self.after),
            text(&self.reason),
            text(&self.address),
            text(&self.request_id),
            self.hash.clone(),
        ]
    }
}
