//! SUBSCRIBE (RFC 3501 §6.3.6). A name may be subscribed to before its mailbox exists, and stays
//! so when the mailbox is deleted.

use hikyaku_imap_proto::MailboxName;

use super::Context;
use crate::{
    names,
    reply::{Failure, Reply},
    state::User,
};

pub(crate) async fn run(
    context: &mut Context<'_>,
    user: &User,
    name: &MailboxName,
) -> Result<Reply, Failure> {
    let path = names::path(&name.without_trailing_delimiter())?;
    context.imap.mail.subscribe(user.scope, &path).await?;
    Ok(Reply::ok("Subscribed"))
}
