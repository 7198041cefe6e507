//! RCPT.

use std::net::IpAddr;

use hikyaku_db::Tx;
use hikyaku_directory::{DirectoryError, PlatformScope, domains};
use hikyaku_net::{Zone, canonical_ip};
use hikyaku_smtp_proto::{ForwardPath, Reply, command::Rcpt, reply::table};
use hikyaku_types::{Domain, EmailAddress};
use tracing::{info, warn};

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
    let of_sender = session.in_force.map(|in_force| in_force.max_recipients);
    if taken >= of_sender.unwrap_or(transport.policy().max_recipients) {
        return Err(table::too_many_recipients());
    }
    let address = resolve(session, &rcpt.recipient).await?;
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
async fn resolve(session: &Session, path: &ForwardPath) -> Result<EmailAddress, Reply> {
    let hostname = &session.shared.options.hostname;
    let found = match path {
        ForwardPath::Mailbox(address)
            if is_postmaster(address.local()) && address.domain() == hostname =>
        {
            postmaster(session).await?
        }
        ForwardPath::Mailbox(address) => return Ok(address.clone()),
        ForwardPath::Postmaster(_) => postmaster(session).await?,
        ForwardPath::Literal { local, host }
            if is_postmaster(local) && is_our_own(session, host.0) =>
        {
            postmaster(session).await?
        }
        ForwardPath::Literal { .. } => None,
    };
    found.ok_or_else(table::relay_denied)
}

fn is_postmaster(local: &str) -> bool {
    local.eq_ignore_ascii_case("postmaster")
}

fn is_our_own(session: &Session, ip: IpAddr) -> bool {
    session
        .connection
        .local()
        .is_some_and(|local| canonical_ip(local.ip()) == canonical_ip(ip))
}

/// The postmaster of this host: of its name, if that is a domain of ours; else the configured one;
/// else of the closest domain above its name that is ours.
async fn postmaster(session: &Session) -> Result<Option<EmailAddress>, Reply> {
    let options = &session.shared.options;
    let (hostname, configured) = (options.hostname.clone(), options.postmaster.clone());
    let found = session
        .shared
        .rooms
        .db
        .read(move |tx| {
            if let Some(address) = postmaster_of(tx, &hostname)? {
                return Ok(Some(address));
            }
            if configured.is_some() {
                return Ok(configured.clone());
            }
            let above = std::iter::successors(hostname.parent(), Domain::parent);
            for domain in above {
                if let Some(address) = postmaster_of(tx, &domain)? {
                    return Ok(Some(address));
                }
            }
            Ok(None)
        })
        .await;
    found.map_err(|error: DirectoryError| {
        warn!(
            error = &error as &dyn std::error::Error,
            "the postmaster was not found"
        );
        table::internal_error()
    })
}

/// The postmaster of a domain, if it is hosted here.
fn postmaster_of(tx: &Tx<'_>, domain: &Domain) -> Result<Option<EmailAddress>, DirectoryError> {
    match domains::find_in_service(tx, PlatformScope::operator(), domain) {
        Ok(found) => Ok(EmailAddress::new("postmaster", found.name).ok()),
        Err(DirectoryError::NoSuchDomain(_)) => Ok(None),
        Err(error) => Err(error),
    }
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
