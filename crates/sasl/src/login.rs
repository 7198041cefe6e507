//! LOGIN: the server asks for the name, then for the password (draft-murchison-sasl-login §2).

use hikyaku_types::Secret;

use crate::{
    SaslError,
    plain::{check_login, check_password},
};

/// The first challenge. Clients compare these texts, so they are exactly what everyone sends.
pub(crate) const ASK_NAME: &[u8] = b"Username:";

/// The second challenge.
pub(crate) const ASK_PASSWORD: &[u8] = b"Password:";

/// Reads the answer to the first challenge.
pub(crate) fn read_name(octets: &[u8]) -> Result<String, SaslError> {
    check_login(utf8(octets)?).map(str::to_owned)
}

/// Reads the answer to the second challenge.
pub(crate) fn read_password(octets: &[u8]) -> Result<Secret, SaslError> {
    check_password(utf8(octets)?)
}

/// The octets as text. A NUL at the end is dropped (quirk: the draft allowed it, and devices send
/// it); one in the middle is no part of any name or password.
fn utf8(octets: &[u8]) -> Result<&str, SaslError> {
    let octets = octets.strip_suffix(b"\0").unwrap_or(octets);
    if octets.contains(&0) {
        return Err(SaslError::Malformed);
    }
    std::str::from_utf8(octets).map_err(|_| SaslError::NotUtf8)
}
