//! EXPUNGE (RFC 3501 §6.4.3) and UID EXPUNGE (RFC 4315 §2.1).

use hikyaku_imap_proto::{Numbering, SequenceSet};
use hikyaku_mailstore::Which;

use super::Context;
use crate::{
    reply::{Failure, Reply},
    selected::Selected,
    state::User,
};

/// What is gone is told afterwards, together with what others expunged.
pub(crate) async fn run(
    context: &mut Context<'_>,
    user: &User,
    selected: &mut Selected,
    set: Option<&SequenceSet>,
) -> Result<Reply, Failure> {
    selected.writable()?;
    let mail = &context.imap.mail;
    match set {
        None => {
            mail.expunge(user.scope, selected.mailbox, Which::AllDeleted)
                .await?
        }
        Some(set) => {
            let uids = selected
                .view
                .resolve(set, Numbering::Uid)
                .unwrap_or_default();
            let uids = selected.view.members(&uids);
            mail.expunge(user.scope, selected.mailbox, Which::Deleted(&uids))
                .await?
        }
    };
    Ok(Reply::ok("Expunged"))
}
