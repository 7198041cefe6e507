//! EHLO, HELO and LHLO (RFC 5321 §4.1.1.1, RFC 2033 §4.1).

use std::fmt;

use crate::{CommandError, MAX_CLIENT_NAME};

/// How a client calls itself. Nothing is believed of it, so any text is taken: clients behind NAT
/// and devices send names that are no domain names, and RFC 5321 §4.1.4 forbids refusing them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientName(String);

impl ClientName {
    /// The name as sent: 1 to 255 octets without controls.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientName {
    /// Writes the name so that it cannot be mistaken for anything else in a trace header: every
    /// character that neither a domain nor an address literal has becomes `?`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            let plain = c.is_ascii_alphanumeric() || "-._:[]".contains(c);
            write!(f, "{}", if plain { c } else { '?' })?;
        }
        Ok(())
    }
}

/// `ehlo = "EHLO" SP ( Domain / address-literal ) CRLF`, and whatever else clients call themselves.
pub(super) fn parse(rest: &str) -> Result<ClientName, CommandError> {
    if rest.is_empty() || rest.len() > MAX_CLIENT_NAME {
        return Err(CommandError::Usage("EHLO domain"));
    }
    Ok(ClientName(rest.to_owned()))
}
