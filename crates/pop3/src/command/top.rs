//! TOP (RFC 1939 §7): the header and some lines.

use super::failure;
use crate::{
    reply::Reply,
    request::MessageNumber,
    session::End,
    stuffing::{Stuffed, top},
    transaction::Transaction,
};

impl Transaction<'_, '_> {
    pub(crate) async fn top(&mut self, number: MessageNumber, lines: usize) -> Result<(), End> {
        let entry = match self.maildrop.entry(number) {
            Ok(entry) => *entry,
            Err(error) => return self.session.say(error.into()).await,
        };
        let scope = self.maildrop.scope;
        let content = match self.session.pop3.mail.content(scope, entry.message).await {
            Ok(content) => content,
            Err(error) => return self.session.say(failure(&error, "TOP")).await,
        };
        self.session
            .say(Reply::ok("top of message follows"))
            .await?;
        for piece in Stuffed::new(top(&content, lines)) {
            self.session.connection.write(piece).await?;
        }
        Ok(())
    }
}
