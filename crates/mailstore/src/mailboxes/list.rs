//! Listing the mailboxes of an account.

use hikyaku_directory::AccountScope;

use crate::{Mailstore, error::MailError, mailbox::Mailbox};

use super::Tree;

impl Mailstore {
    /// All mailboxes of the account with their counters, sorted by path with INBOX first.
    pub async fn mailboxes(&self, scope: AccountScope) -> Result<Vec<Mailbox>, MailError> {
        let tree = self.db().read(move |tx| Tree::load(tx, scope)).await?;
        Ok(tree.into_mailboxes())
    }
}
