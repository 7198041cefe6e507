//! CAPABILITY (RFC 3501 §6.1.1).

use super::Context;
use crate::{capability, reply::Reply, state::State};

pub(crate) fn run(context: &mut Context<'_>, state: &State) -> Reply {
    let connection = &context.wire.connection;
    let capabilities = match state {
        State::Stranger(_) => capability::before_sign_in(context.imap, connection),
        State::SignedIn(_) | State::Selected(..) => {
            capability::after_sign_in(context.imap, connection)
        }
    };
    let out = &mut context.wire.out;
    out.capability(capabilities.iter().map(AsRef::as_ref));
    Reply::ok("Capabilities listed")
}
