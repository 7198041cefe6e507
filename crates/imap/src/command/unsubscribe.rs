//! UNSUBSCRIBE (RFC 3501 §6.3.7).

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
    context.imap.mail.unsubscribe(user.scope, &path).await?;
    Ok(Reply::ok("Unsubscribed"))
}
