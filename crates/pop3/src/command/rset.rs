//! RSET (RFC 1939 §5): nothing is deleted after all.

use crate::{reply::Reply, session::End, transaction::Transaction};

impl Transaction<'_, '_> {
    pub(crate) async fn rset(&mut self) -> Result<(), End> {
        self.maildrop.undelete_all();
        let (messages, octets) = self.maildrop.totals();
        let reply = Reply::ok(format!("{messages} messages ({octets} octets)"));
        self.session.say(reply).await
    }
}
