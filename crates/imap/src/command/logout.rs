//! LOGOUT (RFC 3501 §6.1.3).

use hikyaku_imap_proto::Condition;

use super::Context;
use crate::reply::{Reply, Then};

pub(crate) fn run(context: &mut Context<'_>) -> Reply {
    context
        .wire
        .out
        .untagged(Condition::Bye, None, "Signing out");
    Reply::ok("Signed out").then(Then::Close(None))
}
