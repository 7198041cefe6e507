//! Where a recipient's copy goes.

use hikyaku_directory::{
    AccountScope,
    addresses::{Receiving, Resolution},
};
use hikyaku_types::EmailAddress;

use crate::{Policy, Rejection, Via};

/// The decision about one recipient.
#[derive(Debug, Clone)]
pub(crate) enum Route {
    /// Into an account's INBOX.
    Mailbox(AccountScope),
    /// Into the queue for other hosts.
    Remote,
    /// Nowhere, for this reason.
    Refuse(Rejection),
}

/// What becomes of mail to domains that are not ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ToOthers {
    /// It is queued.
    Queued,
    /// The sender may send it, and this host sends nothing out.
    Unavailable,
    /// The client may not send it (no open relay).
    Denied,
}

impl ToOthers {
    /// For a client at a door. Behind submission everybody has signed in.
    pub(crate) const fn from(via: Via, policy: &Policy) -> Self {
        match (via, policy.outgoing) {
            (Via::Submission, Some(_)) => Self::Queued,
            (Via::Submission, None) => Self::Unavailable,
            (Via::Smtp | Via::Lmtp, _) => Self::Denied,
        }
    }
}

/// What a resolution means.
pub(crate) fn route(address: &EmailAddress, resolution: &Resolution, others: ToOthers) -> Route {
    match (resolution, others) {
        (
            Resolution::Account {
                scope,
                receiving: Receiving::Open,
                ..
            },
            _,
        ) => Route::Mailbox(*scope),
        (Resolution::Account { .. }, _) => Route::Refuse(Rejection::reception_stopped()),
        (Resolution::UnknownAddress, _) => Route::Refuse(Rejection::unknown_recipient(address)),
        (Resolution::NotLocal, ToOthers::Queued) => Route::Remote,
        (Resolution::NotLocal, ToOthers::Unavailable) => {
            Route::Refuse(Rejection::sends_nothing_out(address))
        }
        (Resolution::NotLocal, ToOthers::Denied) => Route::Refuse(Rejection::relay_denied(address)),
    }
}
