//! DATA.

use hikyaku_smtp_proto::reply::table;

use super::deliver;
use crate::session::{Ending, Session};

/// Asks for the message, reads it and hands it on.
pub(super) async fn run(session: &mut Session) -> Result<(), Ending> {
    session.say(&table::start_data()).await?;
    let received = session.receive_data().await?;
    deliver::conclude(session, received).await
}
