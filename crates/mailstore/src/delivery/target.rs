//! Which mailbox a delivery goes to.

use hikyaku_db::Tx;
use hikyaku_types::MailboxId;

use crate::{
    accounts::Locked, error::MailError, mailboxes, name::MailboxPath, special_use::SpecialUse,
};

/// The mailbox of a delivery. One that is missing falls back to INBOX (design §4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// INBOX.
    Inbox,
    /// This mailbox.
    Mailbox(MailboxId),
    /// The mailbox of this name.
    Path(MailboxPath),
    /// The mailbox of this special use.
    Special(SpecialUse),
}

impl Target {
    /// The mailbox, as it is while the account is locked.
    pub(super) fn resolve(&self, tx: &Tx<'_>, account: &Locked) -> Result<MailboxId, MailError> {
        let scope = account.scope;
        let found = match self {
            Self::Inbox => None,
            Self::Mailbox(id) => mailboxes::exists(tx, scope, *id)?.then_some(*id),
            Self::Path(path) => mailboxes::by_path(tx, scope, path)?,
            Self::Special(role) => mailboxes::by_role(tx, scope, *role)?,
        };
        Ok(found.unwrap_or(account.inbox))
    }
}
