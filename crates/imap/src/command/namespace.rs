//! NAMESPACE (RFC 2342): one personal namespace without a prefix.

use super::Context;
use crate::{reply::Reply, state::User};

pub(crate) fn run(context: &mut Context<'_>, _user: &User) -> Reply {
    context.wire.out.namespace();
    Reply::ok("Namespaces listed")
}
