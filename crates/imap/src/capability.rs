//! What the server says it can do. Everything named here is complete and has a transcript.

use std::borrow::Cow;

use hikyaku_net::Connection;
use hikyaku_sasl::Mechanism;

use crate::service::Imap;

/// What is true in every state. The same list before and after sign-in: some clients (Python's
/// imaplib) never ask again.
const ALWAYS: [&str; 23] = [
    "IMAP4rev1",
    "CHILDREN",
    "CONDSTORE",
    "CREATE-SPECIAL-USE",
    "ENABLE",
    "ESEARCH",
    "ID",
    "IDLE",
    "LIST-EXTENDED",
    "LIST-STATUS",
    "LITERAL-",
    "MOVE",
    "MULTIAPPEND",
    "NAMESPACE",
    "OBJECTID",
    "QUOTA",
    "QUOTA=RES-MESSAGE",
    "QUOTA=RES-STORAGE",
    "SPECIAL-USE",
    "STATUS=SIZE",
    "UIDPLUS",
    "UNSELECT",
    "UTF8=ACCEPT",
];

/// The mechanisms of AUTHENTICATE and how they are announced.
pub(crate) const MECHANISMS: [(Mechanism, &str); 2] = [
    (Mechanism::Plain, "AUTH=PLAIN"),
    (Mechanism::Login, "AUTH=LOGIN"),
];

/// The capabilities of a connection that has not signed in.
pub(crate) fn before_sign_in(imap: &Imap, connection: &Connection) -> Vec<Cow<'static, str>> {
    let mut capabilities = after_sign_in(imap, connection);
    let mut add = |capability: &'static str| capabilities.push(capability.into());
    if connection.offers_tls() {
        add("STARTTLS");
    }
    if connection.allows_plain_passwords() {
        add("SASL-IR");
        for (_, name) in MECHANISMS {
            add(name);
        }
    } else {
        add("LOGINDISABLED");
    }
    capabilities
}

/// The capabilities of a session that has signed in.
pub(crate) fn after_sign_in(imap: &Imap, connection: &Connection) -> Vec<Cow<'static, str>> {
    let mut capabilities: Vec<Cow<'static, str>> = ALWAYS.map(Cow::Borrowed).to_vec();
    // RFC 7889 §3.1: the same for every mailbox.
    let limit = imap.options.limits.message;
    capabilities.push(format!("APPENDLIMIT={limit}").into());
    // RFC 4978 §3: not a second time.
    if !connection.is_compressed() {
        capabilities.push("COMPRESS=DEFLATE".into());
    }
    capabilities
}
