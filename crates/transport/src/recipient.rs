//! Where a recipient's copy goes.

use hikyaku_directory::{
    AccountScope,
    addresses::{Receiving, Resolution},
};
use hikyaku_types::EmailAddress;

use crate::{Rejection, Via};

/// The decision about one recipient.
#[derive(Debug, Clone)]
pub(crate) enum Route {
    /// Into an account's INBOX.
    Mailbox(AccountScope),
    /// Nowhere, for this reason.
    Refuse(Rejection),
}

/// What a resolution means for mail from `via`.
pub(crate) fn route(address: &EmailAddress, resolution: &Resolution, via: Via) -> Route {
    match resolution {
        Resolution::Account {
            scope,
            receiving: Receiving::Open,
            ..
        } => Route::Mailbox(*scope),
        Resolution::Account { .. } => Route::Refuse(Rejection::reception_stopped()),
        Resolution::UnknownAddress => Route::Refuse(Rejection::unknown_recipient(address)),
        Resolution::NotLocal if via == Via::Submission => {
            Route::Refuse(Rejection::remote_not_supported(address))
        }
        Resolution::NotLocal => Route::Refuse(Rejection::relay_denied(address)),
    }
}
