//! CLOSE (RFC 3501 §6.4.2): expunges without a word, and leaves the mailbox.

use hikyaku_mailstore::Which;

use super::Context;
use crate::{
    reply::{Failure, Reply},
    selected::Access,
    state::State,
};

pub(crate) async fn run(context: &mut Context<'_>, state: &mut State) -> Result<Reply, Failure> {
    let (user, selected) = state.selected()?;
    if selected.access == Access::ReadWrite {
        let mail = &context.imap.mail;
        mail.expunge(user.scope, selected.mailbox, Which::AllDeleted)
            .await?;
    }
    state.unselect();
    Ok(Reply::ok("Closed"))
}
