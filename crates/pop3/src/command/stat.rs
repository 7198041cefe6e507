//! STAT (RFC 1939 §5): the drop listing.

use crate::{reply::Reply, session::End, transaction::Transaction};

impl Transaction<'_, '_> {
    pub(crate) async fn stat(&mut self) -> Result<(), End> {
        let (messages, octets) = self.maildrop.totals();
        let reply = Reply::ok(format!("{messages} {octets}"));
        self.session.say(reply).await
    }
}
