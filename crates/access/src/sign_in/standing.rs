//! Whether the owner of a browser's session may be signed in on the web now.

use hikyaku_db::{DbError, Tx};
use hikyaku_directory::{AccountScope, Language};
use hikyaku_types::{EmailAddress, Id as _};

use super::{Protocol, attempt::may_use, candidate};

/// The owner of a session.
pub(crate) struct Standing {
    pub(crate) address: EmailAddress,
    pub(crate) language: Language,
    /// The version of the password.
    pub(crate) credential: i64,
}

/// The owner of a session; nothing when the account or its tenant may not use the web at present,
/// or has no password.
pub(crate) fn standing(tx: &Tx<'_>, scope: AccountScope) -> Result<Option<Standing>, DbError> {
    let Some(found) = candidate::of(tx, scope)? else {
        return Ok(None);
    };
    if !may_use(&found, Protocol::Web) {
        return Ok(None);
    }
    let Some(password) = found.password else {
        return Ok(None);
    };
    Ok(Some(Standing {
        address: found.account.address,
        language: found.account.language,
        credential: password.version.to_i64(),
    }))
}
