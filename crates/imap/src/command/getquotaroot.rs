//! GETQUOTAROOT (RFC 9208 §4.1.2). The mailbox need not exist: the answer says where mail in it
//! would count.

use hikyaku_imap_proto::MailboxName;

use super::Context;
use crate::{
    names, quota,
    reply::{Failure, Reply},
    state::User,
};

pub(crate) async fn run(
    context: &mut Context<'_>,
    user: &User,
    name: &MailboxName,
) -> Result<Reply, Failure> {
    let path = names::path(name)?;
    let usage = context.imap.mail.usage(user.scope).await?;
    let lines = quota::lines(&usage);
    let root = (!lines.is_empty()).then_some(quota::ROOT);
    let out = &mut context.wire.out;
    out.quota_roots(path.as_str(), root);
    if let Some(root) = root {
        out.quota(root, &lines);
    }
    Ok(Reply::ok("Quota told"))
}
