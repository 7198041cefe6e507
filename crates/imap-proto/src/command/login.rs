//! LOGIN.

use crate::parse::{Cursor, Parsed};

/// Bytes that are never shown in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Sensitive(Vec<u8>);

impl Sensitive {
    /// Keeps `bytes` out of logs.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, taken out.
    pub fn into_inner(self) -> Vec<u8> {
        self.0
    }
}

impl std::fmt::Debug for Sensitive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sensitive(..)")
    }
}

/// LOGIN (RFC 3501 §6.2.3).
///
/// ```abnf
/// login = "LOGIN" SP userid SP password   ; both astring
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The login name as sent.
    pub user: Vec<u8>,
    /// The password as sent.
    pub password: Sensitive,
}

impl Login {
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        cursor.space()?;
        let user = cursor.string_or("a user name", is_login_char)?.into_owned();
        cursor.space()?;
        let password = cursor.string_or("a password", is_login_char)?;
        Ok(Self {
            user,
            password: Sensitive(password.into_owned()),
        })
    }
}

/// Login names of the form `user%domain` come unquoted from clients that quote only at spaces
/// (Python's imaplib among them), so more than an astring's characters is let pass.
fn is_login_char(byte: u8) -> bool {
    byte > b' ' && byte != 0x7f && !matches!(byte, b'(' | b')' | b'{' | b'"')
}
