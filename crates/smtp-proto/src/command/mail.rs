//! MAIL (RFC 5321 §4.1.1.2) and its parameters: SIZE (RFC 1870 §6), BODY (RFC 6152 §3),
//! SMTPUTF8 (RFC 6531 §3.4), RET and ENVID (RFC 3461 §4.3, §4.4), AUTH (RFC 4954 §5).

use hikyaku_types::EmailAddress;

use super::strip_word;
use crate::{
    CommandError, EnvelopeId, ForwardPath, PathError, Returned, dsn,
    params::{self, Param},
    path::{self, Charset, Target},
    xtext,
};

const USAGE: &str = "MAIL FROM:<address> [parameters]";

/// The start of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Who gets the reports; `None` for the null reverse path.
    pub sender: Option<EmailAddress>,
    /// What the message is written in.
    pub body: Body,
    /// Whether addresses and header fields may be UTF-8.
    pub smtputf8: Smtputf8,
    /// How large the client says the message is, in octets.
    pub size: Option<u64>,
    /// What a failure report returns.
    pub returned: Option<Returned>,
    /// The sender's name for the message.
    pub envelope_id: Option<EnvelopeId>,
}

/// `BODY=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Body {
    /// Octets below 128 only, or so the client says.
    #[default]
    SevenBit,
    /// Any octets in lines that end with CRLF.
    EightBitMime,
}

/// Whether the client asked for SMTPUTF8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Smtputf8 {
    /// Addresses are ASCII.
    #[default]
    No,
    /// Addresses may be UTF-8.
    Yes,
}

/// What the parameters said, each at most once.
#[derive(Default)]
struct Given {
    size: Option<u64>,
    body: Option<Body>,
    smtputf8: Option<Smtputf8>,
    returned: Option<Returned>,
    envelope_id: Option<EnvelopeId>,
    submitter: Option<()>,
}

/// `mail = "MAIL FROM:" Reverse-path [SP Mail-parameters] CRLF`.
pub(super) fn parse(rest: &str) -> Result<Mail, CommandError> {
    let rest = strip_word(rest, "FROM:").ok_or(CommandError::Usage(USAGE))?;
    let path = path::parse(rest).map_err(CommandError::Sender)?;
    let sender = match path.target {
        Target::Null => None,
        Target::Path(ForwardPath::Mailbox(address)) => Some(address),
        Target::Path(ForwardPath::Postmaster(_)) => {
            return Err(CommandError::Sender(PathError::NoDomain));
        }
        Target::Path(ForwardPath::Literal { .. }) => {
            return Err(CommandError::Sender(PathError::LiteralSender));
        }
    };
    let mut given = Given::default();
    for param in params::parse(path.rest) {
        take(param?, &mut given)?;
    }
    let smtputf8 = given.smtputf8.unwrap_or_default();
    if path.charset == Charset::Utf8 && smtputf8 == Smtputf8::No {
        return Err(CommandError::Utf8Sender);
    }
    Ok(Mail {
        sender,
        body: given.body.unwrap_or_default(),
        smtputf8,
        size: given.size,
        returned: given.returned,
        envelope_id: given.envelope_id,
    })
}

fn take(param: Param<'_>, given: &mut Given) -> Result<(), CommandError> {
    if param.is("SIZE") {
        param.store(&mut given.size, size(param)?)
    } else if param.is("BODY") {
        param.store(&mut given.body, body(param)?)
    } else if param.is("SMTPUTF8") {
        if param.value.is_some() {
            return Err(param.bad());
        }
        param.store(&mut given.smtputf8, Smtputf8::Yes)
    } else if param.is("RET") {
        let returned = dsn::parse_ret(param).ok_or_else(|| param.bad())?;
        param.store(&mut given.returned, returned)
    } else if param.is("ENVID") {
        let envelope_id = dsn::parse_envid(param).ok_or_else(|| param.bad())?;
        param.store(&mut given.envelope_id, envelope_id)
    } else if param.is("AUTH") {
        // Nobody who hands mail in here is trusted to vouch for others, and then RFC 4954 §5 says
        // to behave as if `AUTH=<>` had been given: the value is checked and forgotten.
        xtext::decode(param.value()?).ok_or_else(|| param.bad())?;
        param.store(&mut given.submitter, ())
    } else {
        Err(param.unknown())
    }
}

/// `size-value = 1*20DIGIT`. What does not fit into 64 bits is just as much too big.
fn size(param: Param<'_>) -> Result<u64, CommandError> {
    let value = param.value()?;
    if value.len() > 20 || !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(param.bad());
    }
    Ok(value.parse().unwrap_or(u64::MAX))
}

/// `body-value = "7BIT" / "8BITMIME" / "BINARYMIME"`; the last one is not announced.
fn body(param: Param<'_>) -> Result<Body, CommandError> {
    match param.value()?.to_ascii_uppercase().as_str() {
        "7BIT" => Ok(Body::SevenBit),
        "8BITMIME" => Ok(Body::EightBitMime),
        _ => Err(param.bad()),
    }
}
