//! RENAME (RFC 3501 §6.3.5).

use hikyaku_imap_proto::Rename;

use super::Context;
use crate::{
    names::{self, Missing},
    reply::{Failure, Reply},
    state::User,
};

pub(crate) async fn run(
    context: &mut Context<'_>,
    user: &User,
    rename: &Rename,
) -> Result<Reply, Failure> {
    let from = rename.from.without_trailing_delimiter();
    let from = names::mailbox(context.imap, user, &from, Missing::NonExistent).await?;
    let to = names::path(&rename.to.without_trailing_delimiter())?;
    context
        .imap
        .mail
        .rename_mailbox(user.scope, &from.path, &to)
        .await?;
    Ok(Reply::ok("Renamed"))
}
