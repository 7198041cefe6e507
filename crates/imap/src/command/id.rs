//! ID (RFC 2971): who is who. What a client says of itself goes to the log.

use hikyaku_imap_proto::Id;

use super::Context;
use crate::reply::Reply;

/// Characters of a client's self-description that are logged.
const LOGGED_CHARS: usize = 200;

pub(crate) fn run(context: &mut Context<'_>, id: &Id) -> Reply {
    let mut client = String::new();
    for (field, value) in &id.pairs {
        let value = value.as_deref().unwrap_or_default();
        let text = format!("{field}={value} ");
        client.extend(text.chars().filter(|character| !character.is_control()));
    }
    let client: String = client.trim_end().chars().take(LOGGED_CHARS).collect();
    tracing::debug!(client, "client names itself");
    // No version: it would only help those who look for old ones.
    context.wire.out.id([("name", "Hikyaku")]);
    Reply::ok("Named")
}
