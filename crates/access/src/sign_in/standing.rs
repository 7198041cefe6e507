//! Whether the owner of a browser's session may be signed in on the web now.

use hikyaku_db::{DbError, Tx};
use hikyaku_directory::{AccountScope, Language, LoginName};
use hikyaku_types::{EmailAddress, Id as _};

use super::{
    Protocol,
    candidate::{self, AppPasswords},
    rules::may_use,
};

/// The owner of a session.
pub(crate) struct Standing {
    pub(crate) address: EmailAddress,
    pub(crate) language: Language,
    /// The version of the password.
    pub(crate) credential: i64,
}

/// The account that a login name stands for, in all its forms (C-07). For what anybody may ask for
/// by name: whether there is one is not to be told.
pub fn scope_of(tx: &Tx<'_>, login: &LoginName) -> Result<Option<AccountScope>, DbError> {
    let found = candidate::find(tx, login, AppPasswords::LeftOut)?;
    Ok(found.map(|candidate| candidate.account.scope))
}

/// The owner of a session; nothing when the account or its tenant may not use the web at present,
/// or has no password.
pub(crate) fn standing(tx: &Tx<'_>, scope: AccountScope) -> Result<Option<Standing>, DbError> {
    let Some(found) = candidate::of(tx, scope, AppPasswords::LeftOut)? else {
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
