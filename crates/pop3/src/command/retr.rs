//! RETR (RFC 1939 §5): a whole message.

use bytes::Bytes;
use hikyaku_mailstore::MailError;
use hikyaku_types::MessageId;

use super::failure;
use crate::{
    reply::Reply, request::MessageNumber, session::End, stuffing::Stuffed, transaction::Transaction,
};

impl Transaction<'_, '_> {
    pub(crate) async fn retr(&mut self, number: MessageNumber) -> Result<(), End> {
        let entry = match self.maildrop.entry(number) {
            Ok(entry) => *entry,
            Err(error) => return self.session.say(error.into()).await,
        };
        let content = match self.content(number, entry.message).await {
            Ok(content) => content,
            Err(error) => return self.session.say(failure(&error, "RETR")).await,
        };
        let reply = Reply::ok(format!("{} octets", entry.size));
        self.session.say(reply).await?;
        for piece in Stuffed::new(&content) {
            self.session.connection.write(piece).await?;
        }
        self.maildrop.mark_retrieved(number);
        self.session.pop3.metrics.retrieved(entry.size);
        Ok(())
    }

    /// The octets of a message, most often read ahead with the one before it.
    async fn content(
        &mut self,
        number: MessageNumber,
        message: MessageId,
    ) -> Result<Bytes, MailError> {
        let mail = &self.session.pop3.mail;
        let raw = self.ahead.read(mail, &self.maildrop, number, message);
        mail.open(raw.await?).await
    }
}
