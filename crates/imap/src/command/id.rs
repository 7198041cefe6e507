//! ID (RFC 2971): who is who. What a client says of itself goes to the log, and, when it says
//! so before it signs in, to the history of sign-ins.

use hikyaku_imap_proto::Id;

use super::Context;
use crate::{reply::Reply, state::State};

/// Characters of a client's self-description that are logged.
const LOGGED_CHARS: usize = 200;

pub(crate) fn run(context: &mut Context<'_>, state: &mut State, id: &Id) -> Reply {
    let mut client = String::new();
    for (field, value) in &id.pairs {
        let value = value.as_deref().unwrap_or_default();
        let text = format!("{field}={value} ");
        client.extend(text.chars().filter(|character| !character.is_control()));
    }
    let client: String = client.trim_end().chars().take(LOGGED_CHARS).collect();
    tracing::debug!(client, "client names itself");
    if let State::Stranger(stranger) = state {
        stranger.client = client;
    }
    // No version: it would only help those who look for old ones.
    context.wire.out.id([("name", "Hikyaku")]);
    Reply::ok("Named")
}
