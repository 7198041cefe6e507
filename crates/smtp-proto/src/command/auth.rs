//! AUTH (RFC 4954 §4).

use hikyaku_types::Secret;

use crate::CommandError;

const USAGE: &str = "AUTH mechanism [initial-response]";

/// The start of an authentication exchange.
#[derive(Debug, Clone)]
pub struct Auth {
    /// The mechanism's name in upper case, known or not.
    pub mechanism: String,
    /// The initial response, still in base64; `=` for an empty one. It may hold a password.
    pub initial: Option<Secret>,
}

/// `auth-command = "AUTH" SP sasl-mech [SP initial-response] CRLF`,
/// `sasl-mech = 1*20mech-char` (RFC 4422 §3.1).
pub(super) fn parse(rest: &str) -> Result<Auth, CommandError> {
    let mut words = rest.split(' ').filter(|word| !word.is_empty());
    let mechanism = words.next().unwrap_or_default();
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !(1..=20).contains(&mechanism.len()) || !mechanism.chars().all(is_name) {
        return Err(CommandError::Usage(USAGE));
    }
    let initial = words.next().map(Secret::from);
    if words.next().is_some() {
        return Err(CommandError::Usage(USAGE));
    }
    Ok(Auth {
        mechanism: mechanism.to_ascii_uppercase(),
        initial,
    })
}
