//! What the server says it can do. Everything named here is complete and has a transcript.

use hikyaku_net::Connection;
use hikyaku_sasl::Mechanism;

/// What is true in every state. The same list before and after sign-in: some clients (Python's
/// imaplib) never ask again.
const ALWAYS: [&str; 8] = [
    "IMAP4rev1",
    "CREATE-SPECIAL-USE",
    "ID",
    "IDLE",
    "NAMESPACE",
    "SPECIAL-USE",
    "UIDPLUS",
    "UNSELECT",
];

/// The mechanisms of AUTHENTICATE and how they are announced.
pub(crate) const MECHANISMS: [(Mechanism, &str); 2] = [
    (Mechanism::Plain, "AUTH=PLAIN"),
    (Mechanism::Login, "AUTH=LOGIN"),
];

/// The capabilities of a connection that has not signed in.
pub(crate) fn before_sign_in(connection: &Connection) -> Vec<&'static str> {
    let mut capabilities = ALWAYS.to_vec();
    if connection.offers_tls() {
        capabilities.push("STARTTLS");
    }
    if connection.allows_plain_passwords() {
        capabilities.extend(MECHANISMS.map(|(_, announcement)| announcement));
    } else {
        capabilities.push("LOGINDISABLED");
    }
    capabilities
}

/// The capabilities of a session that has signed in.
pub(crate) fn after_sign_in() -> Vec<&'static str> {
    ALWAYS.to_vec()
}
