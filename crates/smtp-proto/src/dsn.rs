//! What a sender wants to hear about the fate of a message (RFC 3461).

use crate::{params::Param, xtext};

/// `RET=`: how much of the message a failure report returns (RFC 3461 §4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Returned {
    /// The whole message.
    Full,
    /// Its header only.
    Headers,
}

/// `ENVID=`: the sender's own name for this message, decoded (RFC 3461 §4.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvelopeId(String);

impl EnvelopeId {
    /// Characters of an encoded ENVID at most (RFC 3461 §4.4).
    pub const MAX_LENGTH: usize = 100;

    /// The id as the sender meant it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// `NOTIFY=`: the events that a recipient's sender wants to hear of (RFC 3461 §4.1).
/// All three off is `NEVER`; without the parameter, failures and perhaps delays are reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notify {
    /// Delivered.
    pub success: bool,
    /// Given up.
    pub failure: bool,
    /// Still trying.
    pub delay: bool,
}

impl Notify {
    /// `NOTIFY=NEVER`.
    pub const NEVER: Self = Self {
        success: false,
        failure: false,
        delay: false,
    };
}

/// `ORCPT=`: the recipient as the sender first wrote it (RFC 3461 §4.2, RFC 6533 §3), decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginalRecipient {
    /// `rfc822`, `utf-8`, … in lower case.
    pub address_type: String,
    /// The address.
    pub address: String,
}

impl OriginalRecipient {
    /// Characters of an encoded ORCPT at most (RFC 3461 §4.2).
    pub const MAX_LENGTH: usize = 500;
}

/// `ret-value = "FULL" / "HDRS"`.
pub(crate) fn parse_ret(param: Param<'_>) -> Option<Returned> {
    let value = param.value?;
    if value.eq_ignore_ascii_case("FULL") {
        Some(Returned::Full)
    } else if value.eq_ignore_ascii_case("HDRS") {
        Some(Returned::Headers)
    } else {
        None
    }
}

/// `envid-parameter = "ENVID=" xtext`.
pub(crate) fn parse_envid(param: Param<'_>) -> Option<EnvelopeId> {
    let value = param
        .value
        .filter(|value| value.len() <= EnvelopeId::MAX_LENGTH)?;
    xtext::decode(value).map(EnvelopeId)
}

/// `notify-esmtp-value = "NEVER" / ( notify-list-element *( "," notify-list-element ) )`,
/// `notify-list-element = "SUCCESS" / "FAILURE" / "DELAY"`.
pub(crate) fn parse_notify(param: Param<'_>) -> Option<Notify> {
    let value = param.value?;
    let mut notify = Notify::NEVER;
    if value.eq_ignore_ascii_case("NEVER") {
        return Some(notify);
    }
    for element in value.split(',') {
        match element.to_ascii_uppercase().as_str() {
            "SUCCESS" => notify.success = true,
            "FAILURE" => notify.failure = true,
            "DELAY" => notify.delay = true,
            _ => return None,
        }
    }
    Some(notify)
}

/// `orcpt-parameter = "ORCPT=" addr-type ";" xtext`; for the type `utf-8` RFC 6533 §3.
pub(crate) fn parse_orcpt(param: Param<'_>) -> Option<OriginalRecipient> {
    let value = param
        .value
        .filter(|value| value.len() <= OriginalRecipient::MAX_LENGTH)?;
    let (address_type, address) = value.split_once(';')?;
    let is_atom = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/?^_`{|}~.".contains(c);
    if address_type.is_empty() || !address_type.chars().all(is_atom) {
        return None;
    }
    let address_type = address_type.to_ascii_lowercase();
    let address = xtext::decode(address)?;
    let address = match address_type.as_str() {
        "utf-8" => xtext::decode_utf8_address(&address)?,
        _ => address,
    };
    (!address.is_empty()).then_some(OriginalRecipient {
        address_type,
        address,
    })
}
