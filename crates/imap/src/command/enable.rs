//! ENABLE (RFC 5161 §3.1). Also understood with a mailbox selected, as RFC 9051 §6.3.1 has it.

use hikyaku_imap_proto::Enable;

use super::Context;
use crate::{enabled::Extension, reply::Reply, state::State};

pub(crate) fn run(
    context: &mut Context<'_>,
    state: &State,
    enable: &Enable,
) -> Result<Reply, Reply> {
    state.user()?;
    let mut new = Vec::new();
    for name in &enable.names {
        if let Some(extension) = Extension::named(name)
            && !context.wire.enabled.contains(extension)
        {
            context.wire.enable(extension);
            new.push(name.as_str());
        }
    }
    context.wire.out.enabled(new);
    Ok(Reply::ok("Enabled"))
}
