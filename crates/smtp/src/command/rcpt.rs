//! RCPT.

use std::net::IpAddr;

use hikyaku_net::{Zone, canonical_ip};
use hikyaku_smtp_proto::{ForwardPath, Reply, command::Rcpt, reply::table};
use hikyaku_types::EmailAddress;
use tracing::info;

use super::reply_of;
use crate::session::{Ending, Session};

/// Adds a recipient, if there is room for one more and it can receive.
pub(super) async fn run(session: &mut Session, rcpt: Rcpt) -> Result<(), Ending> {
    match check(session, &rcpt).await {
        Ok(address) => {
            if let Some(transaction) = &mut session.transaction {
                transaction.add(address, rcpt);
            }
            session.flow.recipient_accepted();
            session.say(&table::recipient_ok()).await
        }
        Err(reply) => refuse(session, &reply).await,
    }
}

async fn check(session: &Session, rcpt: &Rcpt) -> Result<EmailAddress, Reply> {
    let transport = &session.shared.rooms.transport;
    let transaction = session.transaction.as_ref();
    let taken = transaction.map_or(0, |transaction| transaction.recipients.len());
    if taken >= transport.policy().max_recipients {
        return Err(table::too_many_recipients());
    }
    let address = resolve(session, &rcpt.recipient)?;
    let size = transaction
        .and_then(|transaction| transaction.mail.size)
        .unwrap_or(0);
    match transport
        .check_recipient(&address, size, session.via())
        .await
    {
        Ok(()) => Ok(address),
        Err(rejection) => {
            info!(recipient = %address, code = rejection.code, "recipient refused");
            Err(reply_of(&rejection))
        }
    }
}

/// The address behind a path. Only the postmaster has one without a domain, and only the
/// postmaster is reached by our own address literal (RFC 5321 §4.5.1).
fn resolve(session: &Session, path: &ForwardPath) -> Result<EmailAddress, Reply> {
    let postmaster = &session.shared.options.postmaster;
    match path {
        ForwardPath::Mailbox(address) => Ok(address.clone()),
        ForwardPath::Postmaster(_) => Ok(postmaster.clone()),
        ForwardPath::Literal { local, host }
            if is_our_own(session, host.0) && local.eq_ignore_ascii_case("postmaster") =>
        {
            Ok(postmaster.clone())
        }
        ForwardPath::Literal { .. } => Err(table::relay_denied()),
    }
}

fn is_our_own(session: &Session, ip: IpAddr) -> bool {
    session
        .connection
        .local()
        .is_some_and(|local| canonical_ip(local.ip()) == canonical_ip(ip))
}

/// Answers and counts: strangers who try out addresses are cut off.
async fn refuse(session: &mut Session, reply: &Reply) -> Result<(), Ending> {
    session.shared.metrics.refused_recipients.count();
    session.flow.recipient_refused();
    session.say(reply).await?;
    let is_stranger = session.account.is_none() && session.connection.zone() == Zone::Internet;
    if is_stranger && !reply.is_temporary() {
        session.tally.refused_recipients += 1;
        if session.tally.refused_recipients >= session.shared.options.limits.max_refused_recipients
        {
            return Err(session.cut_off());
        }
    }
    Ok(())
}
