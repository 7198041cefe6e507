//! Mailbox names of the protocol in the words of the store.

use hikyaku_imap_proto::{Code, MailboxName};
use hikyaku_mailstore::{Mailbox, MailboxPath};

use crate::{
    reply::{Failure, Reply},
    service::Imap,
    state::User,
};

/// What is answered when a mailbox is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// It does not exist.
    NonExistent,
    /// The client may create it and try again (RFC 3501 §7.1).
    TryCreate,
}

/// The path of a name; one that cannot exist is refused.
pub(crate) fn path(name: &MailboxName) -> Result<MailboxPath, Reply> {
    MailboxPath::parse(name.as_str())
        .map_err(|error| Reply::no_with(Code::Cannot, error.to_string()))
}

/// The mailbox of a name.
pub(crate) async fn mailbox(
    imap: &Imap,
    user: &User,
    name: &MailboxName,
    missing: Missing,
) -> Result<Mailbox, Failure> {
    // A name that cannot exist does not exist.
    if let Ok(path) = path(name)
        && let Some(mailbox) = imap.mail.mailbox(user.scope, &path).await?
    {
        return Ok(mailbox);
    }
    let code = match missing {
        Missing::NonExistent => Code::NonExistent,
        Missing::TryCreate => Code::TryCreate,
    };
    Err(Reply::no_with(code, "There is no such mailbox").into())
}
