//! QUIT (RFC 1939 §4 and §6): the end, and the only place where something is deleted.

use hikyaku_mailstore::{FlagChange, MailError, SystemFlags, Which};

use super::failure;
use crate::{
    SeenPolicy,
    maildrop::Maildrop,
    reply::{Code, Reply},
    session::{End, Session},
    transaction::Transaction,
};

impl Session<'_> {
    /// QUIT before a sign-in.
    pub(crate) async fn quit_early(&mut self) -> Result<(), End> {
        self.say(Reply::ok("good-bye")).await
    }

    /// The UPDATE state.
    async fn update(&self, maildrop: &Maildrop) -> Result<u64, MailError> {
        let (mail, scope, mailbox) = (&self.pop3.mail, maildrop.scope, maildrop.mailbox);
        if self.pop3.options.seen == SeenPolicy::AtQuit {
            let retrieved = maildrop.retrieved_uids();
            if !retrieved.is_empty() {
                let seen = FlagChange::Add(SystemFlags::SEEN.into());
                mail.store(scope, mailbox, &retrieved, seen).await?;
            }
        }
        let doomed = maildrop.deleted_uids();
        if doomed.is_empty() {
            return Ok(0);
        }
        let gone = mail
            .expunge(scope, mailbox, Which::Exactly(&doomed))
            .await?;
        Ok(gone.len() as u64)
    }
}

impl Transaction<'_, '_> {
    pub(crate) async fn quit(self) -> Result<(), End> {
        let updated = self.session.update(&self.maildrop).await;
        // The mailbox is free before the client knows, so that it can come back at once.
        let (session, _) = self.release().await;
        let reply = match updated {
            Ok(deleted) => {
                session.pop3.metrics.deleted(deleted);
                tracing::info!(messages_deleted = deleted, "POP3 session complete");
                Reply::ok("good-bye")
            }
            Err(error) => match failure(&error, "QUIT") {
                Reply::Err(code @ (Code::SysTemp | Code::SysPerm), _) => {
                    Reply::err(code, "some deleted messages are not removed")
                }
                other => other,
            },
        };
        session.say(reply).await
    }
}
