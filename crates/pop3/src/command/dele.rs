//! DELE (RFC 1939 §5): a mark, until QUIT makes it true.

use crate::{reply::Reply, request::MessageNumber, session::End, transaction::Transaction};

impl Transaction<'_, '_> {
    pub(crate) async fn dele(&mut self, number: MessageNumber) -> Result<(), End> {
        let reply = match self.maildrop.entry(number) {
            Ok(_) => {
                self.maildrop.mark_deleted(number);
                Reply::ok("message deleted")
            }
            Err(error) => error.into(),
        };
        self.session.say(reply).await
    }
}
