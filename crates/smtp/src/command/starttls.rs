//! STARTTLS (RFC 3207 §4).

use hikyaku_smtp_proto::reply::table;
use tracing::info;

use crate::session::{Ending, Session};

/// Begins TLS and forgets everything that was said before. What came behind the command in plain
/// text ends the session: it is from somebody who wants it taken for a command under TLS.
pub(super) async fn run(session: &mut Session) -> Result<(), Ending> {
    if !session.connection.buffered().is_empty() {
        info!("plain text behind STARTTLS");
        return Err(Ending::Refused(table::injected()));
    }
    session.say(&table::start_tls()).await?;
    let time = session.shared.options.limits.handshake_time;
    if let Err(error) = session.connection.start_tls(time).await {
        info!(error = &error as &dyn std::error::Error, "TLS failed");
        return Err(Ending::Tls);
    }
    session.client = None;
    session.account = None;
    session.in_force = None;
    session.transaction = None;
    session.flow.tls_started();
    Ok(())
}
