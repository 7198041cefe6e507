//! Whether an account has room, asked before the message is there.

use hikyaku_db::Tx;
use hikyaku_directory::AccountScope;

use crate::{
    accounts,
    error::MailError,
    quota::{Overshoot, Room},
};

/// Whether a message of this size (0 when not known) finds room now. The transaction that delivers
/// decides again.
pub fn check_room(tx: &Tx<'_>, scope: AccountScope, size: u64) -> Result<Room, MailError> {
    Ok(accounts::usage(tx, scope)?.room(size.max(1), 1, Overshoot::Refuse))
}
