//! GETQUOTA (RFC 9208 §4.1.1).

use hikyaku_imap_proto::{Code, QuotaRoot};

use super::Context;
use crate::{
    quota,
    reply::{Failure, Reply},
    state::User,
};

pub(crate) async fn run(
    context: &mut Context<'_>,
    user: &User,
    root: &QuotaRoot,
) -> Result<Reply, Failure> {
    let usage = context.imap.mail.usage(user.scope).await?;
    let lines = quota::lines(&usage);
    if root.0 != quota::ROOT || lines.is_empty() {
        let text = "There is no such quota root";
        return Ok(Reply::no_with(Code::NonExistent, text));
    }
    context.wire.out.quota(quota::ROOT, &lines);
    Ok(Reply::ok("Quota told"))
}
