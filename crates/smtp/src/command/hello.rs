//! EHLO, HELO and LHLO.

use hikyaku_sasl::Mechanism;
use hikyaku_smtp_proto::{Greeting, Tls, command::ClientName, reply::table};

use crate::session::{Ending, Session};

/// HELO: no extensions.
pub(super) async fn helo(session: &mut Session, client: ClientName) -> Result<(), Ending> {
    greeted(session, client, Greeting::Helo);
    let reply = table::helo(session.shared.options.hostname.as_str());
    session.idle_command(&reply).await
}

/// EHLO and LHLO: what is offered.
pub(super) async fn extended(session: &mut Session, client: ClientName) -> Result<(), Ending> {
    greeted(session, client, Greeting::Extended);
    // For SIZE. Whether sending is stopped is told when somebody sends.
    let _ = super::mail::look_up_contract(session).await;
    let reply = table::ehlo(session.shared.options.hostname.as_str(), keywords(session));
    session.idle_command(&reply).await
}

/// A greeting ends the transaction (RFC 5321 §4.1.4).
fn greeted(session: &mut Session, client: ClientName, greeting: Greeting) {
    session.client = Some(client);
    session.reset();
    session.flow.greeted(greeting);
}

/// The extensions, those that depend on the connection last.
fn keywords(session: &Session) -> Vec<String> {
    let size = session.content_limits().size;
    let mut keywords = vec![
        "PIPELINING".to_owned(),
        format!("SIZE {size}"),
        "8BITMIME".to_owned(),
        "SMTPUTF8".to_owned(),
        "CHUNKING".to_owned(),
        "DSN".to_owned(),
        "ENHANCEDSTATUSCODES".to_owned(),
    ];
    if session.flow.tls() == Tls::Offered {
        keywords.push("STARTTLS".to_owned());
    }
    if session.flow.announces_auth() {
        let names: Vec<_> = Mechanism::ALL
            .iter()
            .map(|mechanism| mechanism.name())
            .collect();
        keywords.push(format!("AUTH {}", names.join(" ")));
    }
    keywords
}
