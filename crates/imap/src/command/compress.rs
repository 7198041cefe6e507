//! COMPRESS (RFC 4978 §3): both directions are compressed after the answer.

use hikyaku_imap_proto::Code;

use super::Context;
use crate::{
    reply::{Reply, Then},
    state::State,
};

pub(crate) fn run(context: &mut Context<'_>, state: &State) -> Result<Reply, Reply> {
    state.user()?;
    if context.wire.connection.is_compressed() {
        let text = "The connection is compressed already";
        return Err(Reply::no_with(Code::CompressionActive, text));
    }
    if context.wire.has_read_ahead() {
        // Nobody could say whether that is compressed.
        return Err(Reply::bad("Nothing may follow COMPRESS before its answer"));
    }
    Ok(Reply::ok("Compressed from here on").then(Then::Compress))
}
