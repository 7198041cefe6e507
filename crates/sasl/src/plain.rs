//! PLAIN: `[authzid] NUL authcid NUL passwd` (RFC 4616 §2).

use hikyaku_types::Secret;

use crate::{Credentials, MAX_LOGIN_BYTES, MAX_PASSWORD_BYTES, SaslError};

/// Reads the one message of the mechanism.
///
/// RFC 4616 §2 leaves the preparation of the strings (SASLprep) to the side that compares; here
/// that is the sign-in service, so the texts are handed on as sent.
pub(crate) fn read(octets: &[u8]) -> Result<Credentials, SaslError> {
    let text = std::str::from_utf8(octets).map_err(|_| SaslError::NotUtf8)?;
    let mut fields = text.split('\0');
    let (Some(authzid), Some(authcid), Some(password), None) =
        (fields.next(), fields.next(), fields.next(), fields.next())
    else {
        return Err(SaslError::Malformed);
    };
    let login = check_login(authcid)?;
    // The same name in other letters is still the same account: names ignore case (design §5).
    if !authzid.is_empty() && authzid.to_lowercase() != login.to_lowercase() {
        return Err(SaslError::OtherIdentity);
    }
    Ok(Credentials {
        login: login.to_owned(),
        password: check_password(password)?,
    })
}

/// The login name, if its length is one that a login name can have.
pub(crate) fn check_login(name: &str) -> Result<&str, SaslError> {
    if (1..=MAX_LOGIN_BYTES).contains(&name.len()) && !name.contains(char::is_control) {
        Ok(name)
    } else {
        Err(SaslError::BadLogin)
    }
}

/// The password, if its length is one that a password can have.
pub(crate) fn check_password(password: &str) -> Result<Secret, SaslError> {
    if (1..=MAX_PASSWORD_BYTES).contains(&password.len()) {
        Ok(Secret::from(password))
    } else {
        Err(SaslError::BadPassword)
    }
}
