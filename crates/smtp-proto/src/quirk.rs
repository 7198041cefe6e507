//! What is accepted beyond the grammar, each with the client that needs it.
//!
//! Nothing here touches where a line or a message ends: tolerance there is how smuggling works.

use hikyaku_types::{AddressError, Domain, EmailAddress};

/// `MAIL FROM: <a@b>`: blanks after the colon, which RFC 5321 §3.3 forbids. Outlook Express,
/// scripts and office printers send them.
pub fn space_after_colon(text: &str) -> &str {
    text.trim_start_matches(' ')
}

/// `DATA ` and the like: blanks at the end of a line, which RFC 5321 §4.1.1 asks to tolerate.
pub fn trailing_space(text: &str) -> &str {
    text.trim_end_matches([' ', '\t'])
}

/// `MAIL FROM:a@b`: a path without brackets, as far as the next blank outside quotes. Office
/// printers and monitoring scripts send it. Returns the path and what follows it.
pub fn bare_path(text: &str) -> (&str, &str) {
    let mut quoted = false;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ' ' if !quoted => return text.split_at_checked(at).unwrap_or((text, "")),
            _ => {}
        }
    }
    (text, "")
}

/// `a..b.@carrier.example` without quotes: Japanese mobile carriers gave out such addresses until
/// 2009, and their own servers write them bare.
pub fn misplaced_dots(local: &str, domain: Domain) -> Result<EmailAddress, AddressError> {
    match EmailAddress::new(local, domain.clone()) {
        Err(AddressError::MisplacedDot) => EmailAddress::from_quoted(local, domain),
        result => result,
    }
}
