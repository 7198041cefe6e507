//! Why a message or a recipient is refused, in the words that go over the wire (design §4).

use std::{borrow::Cow, fmt};

use hikyaku_db::DbError;
use hikyaku_types::{ByteSize, EmailAddress};

use crate::policy::MailboxFull;

/// A refusal: SMTP code, enhanced status code (RFC 3463) and a text for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// 4xx when it may work later, 5xx when it will not.
    pub code: u16,
    /// The enhanced status code, such as `5.1.1`.
    pub enhanced: &'static str,
    /// One line without control characters.
    pub text: Cow<'static, str>,
}

impl Rejection {
    const fn fixed(code: u16, enhanced: &'static str, text: &'static str) -> Self {
        Self {
            code,
            enhanced,
            text: Cow::Borrowed(text),
        }
    }

    /// Whether trying again later can help.
    pub const fn is_temporary(&self) -> bool {
        self.code < 500
    }

    /// The domain is ours and the address is nobody's (E-003).
    pub fn unknown_recipient(address: &EmailAddress) -> Self {
        let text = format!("<{address}>: there is no such mailbox here");
        Self {
            code: 550,
            enhanced: "5.1.1",
            text: Cow::Owned(text),
        }
    }

    /// The domain is not ours.
    pub fn relay_denied(address: &EmailAddress) -> Self {
        let text = format!(
            "<{address}>: this server does not relay mail for {}",
            address.domain()
        );
        Self {
            code: 550,
            enhanced: "5.7.1",
            text: Cow::Owned(text),
        }
    }

    /// A signed-in user writes to another domain, and this host sends nothing out.
    pub fn sends_nothing_out(address: &EmailAddress) -> Self {
        let text = format!(
            "<{address}>: sending to other domains is not available on this server; only \
             addresses of domains hosted here can be reached"
        );
        Self {
            code: 550,
            enhanced: "5.3.2",
            text: Cow::Owned(text),
        }
    }

    /// The mailbox has no room (E-001, N-15).
    pub const fn mailbox_full(policy: MailboxFull) -> Self {
        match policy {
            MailboxFull::Refuse => Self::fixed(552, "5.2.2", "the mailbox is full"),
            MailboxFull::Defer => Self::fixed(452, "4.2.2", "the mailbox is full; try again later"),
        }
    }

    /// The account takes no mail at present.
    pub const fn reception_stopped() -> Self {
        Self::fixed(550, "5.2.1", "this mailbox does not accept mail")
    }

    /// The account takes no mail yet.
    pub const fn not_yet_in_service() -> Self {
        Self::fixed(
            450,
            "4.2.1",
            "this mailbox is not yet in service; try again later",
        )
    }

    /// A pool of the mailbox is locked (E-002, N-16).
    pub const fn pool_locked(policy: MailboxFull) -> Self {
        match policy {
            MailboxFull::Refuse => Self::fixed(
                552,
                "5.2.2",
                "this organisation's mail storage is full; it takes no new mail at present",
            ),
            MailboxFull::Defer => Self::fixed(
                452,
                "4.2.2",
                "this organisation's mail storage is full; try again later",
            ),
        }
    }

    /// A signed-in user sends while a pool is locked, and the contract then stops sending too
    /// (C-01).
    pub const fn sending_stopped() -> Self {
        Self::fixed(
            552,
            "5.2.2",
            "your organisation's mail storage is full; sending is stopped until mail is deleted",
        )
    }

    /// Over the size limit (E-009).
    pub fn too_big(limit: ByteSize) -> Self {
        let text = format!(
            "the message is larger than {limit}, the limit here; send it in parts or share the \
             file by a link"
        );
        Self {
            code: 552,
            enhanced: "5.3.4",
            text: Cow::Owned(text),
        }
    }

    /// Over the number of recipients (K-06).
    pub fn too_many_recipients(limit: usize) -> Self {
        let text = format!("more than {limit} recipients; send the rest in another message");
        Self {
            code: 452,
            enhanced: "4.5.3",
            text: Cow::Owned(text),
        }
    }

    /// The message has passed too many servers (RFC 5321 §6.3).
    pub const fn mail_loop() -> Self {
        Self::fixed(
            554,
            "5.4.6",
            "too many Received lines: the message is in a loop",
        )
    }

    /// The disk is nearly full (design §4).
    pub const fn storage_low() -> Self {
        Self::fixed(
            452,
            "4.3.1",
            "not enough storage at present; try again later",
        )
    }

    /// Something of ours failed that may work again soon.
    pub const fn temporary() -> Self {
        Self::fixed(
            451,
            "4.3.0",
            "a temporary error on our side; try again later",
        )
    }

    /// A message without recipients: the caller's session let through what it should not.
    pub const fn no_recipients() -> Self {
        Self::fixed(554, "5.5.1", "no valid recipients")
    }
}

impl From<&DbError> for Rejection {
    fn from(error: &DbError) -> Self {
        if error.is_storage_full() {
            Self::storage_low()
        } else {
            Self::temporary()
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.code, self.enhanced, self.text)
    }
}

impl std::error::Error for Rejection {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_replies_are_those_of_the_design() {
        let full = |policy| Rejection::mailbox_full(policy).to_string();
        assert!(full(MailboxFull::Refuse).starts_with("552 5.2.2 "));
        assert!(full(MailboxFull::Defer).starts_with("452 4.2.2 "));
        let locked = |policy| Rejection::pool_locked(policy).to_string();
        assert!(locked(MailboxFull::Refuse).starts_with("552 5.2.2 "));
        assert!(locked(MailboxFull::Defer).starts_with("452 4.2.2 "));
        let sending = Rejection::sending_stopped().to_string();
        assert!(sending.starts_with("552 5.2.2 "));
        assert!(
            Rejection::too_big(ByteSize::mib(25))
                .to_string()
                .starts_with("552 5.3.4 ")
        );
        assert!(
            Rejection::too_many_recipients(1000)
                .to_string()
                .starts_with("452 4.5.3 ")
        );
        assert!(
            Rejection::storage_low()
                .to_string()
                .starts_with("452 4.3.1 ")
        );
    }

    #[test]
    fn a_full_disk_is_told_as_such() {
        assert_eq!(
            Rejection::from(&DbError::DiskFull),
            Rejection::storage_low()
        );
        assert_eq!(Rejection::from(&DbError::Closed), Rejection::temporary());
    }
}
