//! Where a recipient's copy goes.

use hikyaku_directory::{
    AccountScope,
    addresses::{Receiving, Resolution},
    plans::OverQuotaReply,
};
use hikyaku_types::EmailAddress;

use crate::{MailboxFull, Policy, Rejection, Via};

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

/// What a locked pool means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Locks {
    /// No new mail.
    Respected,
    /// Nothing: the house tells that it is locked, or reports what became of a message.
    PassedBy,
}

impl Locks {
    /// For a client at a door.
    pub(crate) const fn from(via: Via) -> Self {
        match via {
            Via::House(_) => Self::PassedBy,
            Via::Smtp | Via::Submission | Via::Lmtp => Self::Respected,
        }
    }

    /// Whether mail for an account goes into its mailbox.
    const fn open(self, receiving: Receiving) -> bool {
        match receiving {
            Receiving::Open => true,
            Receiving::PoolLocked(_) => matches!(self, Self::PassedBy),
            _ => false,
        }
    }
}

/// What a resolution means.
pub(crate) fn route(
    address: &EmailAddress,
    resolution: &Resolution,
    (others, locks): (ToOthers, Locks),
) -> Route {
    match (resolution, others) {
        (
            Resolution::Account {
                scope, receiving, ..
            },
            _,
        ) if locks.open(*receiving) => Route::Mailbox(*scope),
        (
            Resolution::Account {
                scope,
                receiving: Receiving::Discarded,
                ..
            },
            _,
        ) => Route::Discard(*scope),
        (Resolution::Account { receiving, .. }, _) => Route::Refuse(not_taken(*receiving)),
        (Resolution::Several(targets), _) => several(targets, locks),
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
fn several(targets: &[(AccountScope, Receiving)], locks: Locks) -> Route {
    let open: Vec<AccountScope> = targets
        .iter()
        .filter(|(_, receiving)| locks.open(*receiving))
        .map(|(scope, _)| *scope)
        .collect();
    let discarding = targets
        .iter()
        .find(|(_, receiving)| *receiving == Receiving::Discarded);
    match (open.as_slice(), discarding) {
        ([], Some((discarding, _))) => Route::Discard(*discarding),
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
        Receiving::PoolLocked(OverQuotaReply::Temporary) => {
            Rejection::pool_locked(MailboxFull::Defer)
        }
        Receiving::PoolLocked(OverQuotaReply::Permanent) => {
            Rejection::pool_locked(MailboxFull::Refuse)
        }
        _ => Rejection::reception_stopped(),
    }
}
