//! What is to be collected, from where and for whom.

use hikyaku_directory::AccountScope;
use hikyaku_mailstore::MailboxPath;
use hikyaku_net::Authorities;
use hikyaku_types::Secret;

use crate::{Endpoint, Pattern};

/// How to sign in at the source.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// With a password.
    Password(Secret),
    /// With a bearer token (XOAUTH2).
    Token(Secret),
}

/// What has to be proved before a password is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secrecy {
    /// TLS with a certificate for the host's name, vouched for by these.
    Verified(Authorities),
    /// TLS with any certificate: nobody listens, but somebody may pretend to be the host.
    AnyCertificate,
    /// TLS if the source offers it, with any certificate, and none otherwise: everybody between
    /// may read along.
    Plaintext,
}

/// Which folders, and where they go.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Only folders that match one of these; all if there are none. A pattern also brings in
    /// folders that are left out otherwise.
    pub folders: Vec<Pattern>,
    /// Not these.
    pub exclude: Vec<Pattern>,
    /// Names there and the mailboxes here that they and what is below them go to.
    pub map: Vec<(String, MailboxPath)>,
    /// Everything goes below this mailbox.
    pub into: Option<MailboxPath>,
    /// Only messages that arrived on this day or later, in days since 1970.
    pub since_day: Option<i64>,
}

/// One run.
#[derive(Debug, Clone)]
pub struct Job {
    /// Who gets the mail.
    pub scope: AccountScope,
    /// Where it is.
    pub endpoint: Endpoint,
    /// Whose it is there.
    pub user: String,
    /// How to sign in there.
    pub credentials: Credentials,
    /// What has to be proved before.
    pub secrecy: Secrecy,
    /// Which folders.
    pub selection: Selection,
    /// Flags of messages that were taken by an earlier run follow those of the source, where these
    /// have changed since.
    pub follow_flags: bool,
    /// Only look: nothing is written.
    pub dry_run: bool,
}

impl Job {
    /// What names the source in the account's records: who and where, by whichever of the usual
    /// ports it is reached. Another port is another server, such as the end of a tunnel.
    pub(crate) fn source(&self) -> String {
        let (protocol, usual) = match self.endpoint.protocol {
            crate::Protocol::Imap => ("imap", [143, 993]),
            crate::Protocol::Pop3 => ("pop3", [110, 995]),
        };
        let (host, port, user) = (&self.endpoint.host, self.endpoint.port, &self.user);
        if usual.contains(&port) {
            format!("{protocol} {host} {user}")
        } else {
            format!("{protocol} {host}:{port} {user}")
        }
    }
}
