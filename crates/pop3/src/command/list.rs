//! LIST (RFC 1939 §5): sizes.

use std::fmt::Write as _;

use crate::{
    reply::Reply, request::MessageNumber, session::End, stuffing::END, transaction::Transaction,
};

/// Octets of a list collected before they go to the connection.
const BATCH: usize = 8 * 1024;

impl Transaction<'_, '_> {
    pub(crate) async fn list(&mut self, number: Option<MessageNumber>) -> Result<(), End> {
        if let Some(number) = number {
            let reply = match self.maildrop.entry(number) {
                Ok(entry) => Reply::ok(format!("{} {}", number.0, entry.size)),
                Err(error) => error.into(),
            };
            return self.session.say(reply).await;
        }
        let (messages, octets) = self.maildrop.totals();
        let reply = Reply::ok(format!("{messages} messages ({octets} octets)"));
        self.session.say(reply).await?;
        let entries = self.maildrop.entries();
        let lines = entries.map(|(number, entry)| (number, entry.size.to_string()));
        send_list(&mut self.session.connection, lines).await
    }
}

/// Sends `NUMBER VALUE` lines and the end of the response.
pub(super) async fn send_list(
    connection: &mut hikyaku_net::Connection,
    lines: impl Iterator<Item = (usize, String)>,
) -> Result<(), End> {
    let mut batch = String::with_capacity(BATCH);
    for (number, value) in lines {
        // Writing to a String does not fail.
        let _ = write!(batch, "{number} {value}\r\n");
        if batch.len() >= BATCH - 64 {
            connection.write(batch.as_bytes()).await?;
            batch.clear();
        }
    }
    connection.write(batch.as_bytes()).await?;
    Ok(connection.write(END).await?)
}
