//! CAPABILITY (RFC 3501 §6.1.1).

use super::Context;
use crate::{capability, reply::Reply, state::State};

pub(crate) fn run(context: &mut Context<'_>, state: &State) -> Reply {
    let capabilities = match state {
        State::Stranger(_) => capability::before_sign_in(&context.wire.connection),
        State::SignedIn(_) | State::Selected(..) => capability::after_sign_in(),
    };
    context.wire.out.capability(capabilities);
    Reply::ok("Capabilities listed")
}
