//! NOOP (RFC 1939 §5).

use crate::{reply::Reply, session::End, transaction::Transaction};

impl Transaction<'_, '_> {
    pub(crate) async fn noop(&mut self) -> Result<(), End> {
        self.session.say(Reply::ok("nothing done")).await
    }
}
