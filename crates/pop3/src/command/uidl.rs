//! UIDL (RFC 1939 §7): names of messages that outlive the session.

use super::list::send_list;
use crate::{reply::Reply, request::MessageNumber, session::End, transaction::Transaction};

impl Transaction<'_, '_> {
    pub(crate) async fn uidl(&mut self, number: Option<MessageNumber>) -> Result<(), End> {
        if let Some(number) = number {
            let reply = match self.maildrop.entry(number) {
                Ok(entry) => Reply::ok(format!("{} {}", number.0, entry.unique_id())),
                Err(error) => error.into(),
            };
            return self.session.say(reply).await;
        }
        self.session.say(Reply::ok("unique ids follow")).await?;
        let entries = self.maildrop.entries();
        let lines = entries.map(|(number, entry)| (number, entry.unique_id()));
        send_list(&mut self.session.connection, lines).await
    }
}
