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
    /// Into the INBOXes of several accounts: an alias of them all.
    Mailboxes(Vec<AccountScope>),
    /// Accepted, recorded and thrown away: mail for an account that nobody reads.
    Discard(AccountScope),
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
            (Via::Submission | Via::House(_), Some(_)) => Self::Queued,
            (Via::Submission | Via::House(_), None) => Self::Unavailable,
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
        (
            Resolution::Account {
                scope,
                receiving: Receiving::Discarded,
                ..
            },
            _,
        ) => Route::Discard(*scope),
        (Resolution::Account { receiving, .. }, _) => Route::Refuse(not_taken(*receiving)),
        (Resolution::Several(targets), _) => several(targets),
        (Resolution::UnknownAddress, _) => Route::Refuse(Rejection::unknown_recipient(address)),
        (Resolution::NotLocal, ToOthers::Queued) => Route::Remote,
        (Resolution::NotLocal, ToOthers::Unavailable) => {
            Route::Refuse(Rejection::sends_nothing_out(address))
        }
        (Resolution::NotLocal, ToOthers::Denied) => Route::Refuse(Rejection::relay_denied(address)),
    }
}

/// Where the mail of an alias of several goes: to those who take mail. When none does, it is thrown
/// away if somebody throws it away, else refused.
fn several(targets: &[(AccountScope, Receiving)]) -> Route {
    let that = |wanted: Receiving| {
        let fitting = targets.iter().filter(move |(_, found)| *found == wanted);
        fitting.map(|(scope, _)| *scope)
    };
    let open: Vec<AccountScope> = that(Receiving::Open).collect();
    match (open.as_slice(), that(Receiving::Discarded).next()) {
        ([], Some(discarding)) => Route::Discard(discarding),
        ([], None) => {
            let first = targets.first().map(|(_, receiving)| *receiving);
            Route::Refuse(not_taken(first.unwrap_or(Receiving::AccountSuspended)))
        }
        ([only], _) => Route::Mailbox(*only),
        _ => Route::Mailboxes(open),
    }
}

/// Why an account takes no mail. A service that has not begun yet will: what comes early waits at
/// its sender instead of being lost (O-010).
fn not_taken(receiving: Receiving) -> Rejection {
    match receiving {
        Receiving::TenantPreparing => Rejection::not_yet_in_service(),
        _ => Rejection::reception_stopped(),
    }
}
