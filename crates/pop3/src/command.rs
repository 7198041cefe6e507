//! One command per file.

mod auth;
mod capa;
mod dele;
mod list;
mod noop;
mod pass;
mod quit;
mod retr;
mod rset;
mod sign_in;
mod stat;
mod stls;
mod top;
mod uidl;
mod user;
mod utf8;

use hikyaku_mailstore::MailError;

use crate::{
    maildrop::NoMessage,
    reply::{Code, Reply},
};

/// A command at the wrong time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    #[error("sign in first")]
    NotSignedIn,
    #[error("you are signed in already")]
    SignedIn,
    #[error("this connection is not encrypted: passwords are not accepted")]
    NotEncrypted,
}

impl From<Refused> for Reply {
    fn from(refused: Refused) -> Self {
        let code = match refused {
            Refused::NotEncrypted => Code::Auth,
            Refused::NotSignedIn | Refused::SignedIn => Code::None,
        };
        Self::err(code, refused.to_string())
    }
}

impl From<NoMessage> for Reply {
    fn from(error: NoMessage) -> Self {
        Self::err(Code::None, error.to_string())
    }
}

/// The answer to a client when the store fails. What happened in detail goes to the log.
fn failure(error: &MailError, what: &'static str) -> Reply {
    let cause = error as &dyn std::error::Error;
    match error {
        // An IMAP session was faster.
        MailError::NoSuchMessage => {
            tracing::debug!(what, "the message is gone");
            Reply::err(Code::None, "this message is gone")
        }
        error if error.is_temporary() => {
            tracing::warn!(error = cause, what, "POP3: the store fails for now");
            Reply::err(Code::SysTemp, "the mailbox cannot be read at this moment")
        }
        _ => {
            tracing::error!(error = cause, what, "POP3: the store fails");
            Reply::err(
                Code::SysPerm,
                "the mailbox is damaged, tell the administrator",
            )
        }
    }
}
