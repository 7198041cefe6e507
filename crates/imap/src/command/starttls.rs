//! STARTTLS (RFC 3501 §6.2.1).

use super::Context;
use crate::{
    reply::{Reply, Then},
    state::State,
};

pub(crate) fn run(context: &mut Context<'_>, state: &mut State) -> Result<Reply, Reply> {
    state.stranger()?;
    if !context.wire.connection.offers_tls() {
        return Err(Reply::bad("TLS is not on offer here"));
    }
    if context.wire.has_read_ahead() {
        // What came in plain text must not be taken for a command under TLS (CVE-2011-0411).
        let reason = "Nothing may follow STARTTLS before the handshake";
        return Err(Reply::bad(reason).then(Then::Close(Some(reason))));
    }
    Ok(Reply::ok("Begin TLS now").then(Then::StartTls))
}
