//! Forms for the document: what several requests have in common, and the rows of rooms below, which
//! know nothing of documents. The fuzz test compares answers with them.

use utoipa::ToSchema;

/// A number of bytes, or a text with a unit: `10MB`.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only its form is used")]
#[serde(untagged)]
pub(crate) enum Size {
    /// Bytes.
    Bytes(u64),
    /// With a unit.
    Text(String),
}

/// The state of a recipient in the queue.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only its form is used")]
#[serde(rename_all = "snake_case")]
pub(crate) enum QueueState {
    /// It waits for its next attempt.
    Waiting,
    /// An attempt is being made.
    Sending,
    /// An administrator holds it.
    Held,
}

/// One recipient in the queue. Instants are milliseconds since 1970.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only its form is used")]
pub(crate) struct QueuedRecipient {
    id: String,
    message: String,
    tenant: String,
    transaction: String,
    sender: String,
    recipient: String,
    destination: String,
    state: QueueState,
    attempts: u32,
    due_at: i64,
    tried_at: Option<i64>,
    accepted_at: i64,
    expires_at: i64,
    size: u64,
    trouble: Option<QueueTrouble>,
}

/// Why the last attempt failed.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only its form is used")]
pub(crate) struct QueueTrouble {
    kind: String,
    status: String,
    host: Option<String>,
    reply: Option<String>,
}

/// One message in the queue.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only its form is used")]
pub(crate) struct QueuedMessage {
    id: String,
    account: Option<String>,
    message_id: String,
    recipients: Vec<QueuedRecipient>,
}

/// What happened to one recipient's copy. `at` is in milliseconds since 1970.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only its form is used")]
pub(crate) struct TraceRow {
    id: String,
    account: Option<String>,
    transaction: String,
    at: i64,
    via: String,
    client_ip: String,
    sender: String,
    recipient: String,
    message_id: String,
    size: u64,
    outcome: String,
    detail: String,
}
