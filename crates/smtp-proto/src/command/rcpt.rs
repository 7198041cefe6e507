//! RCPT (RFC 5321 §4.1.1.3) and its parameters NOTIFY and ORCPT (RFC 3461 §4.1, §4.2).

use super::{Smtputf8, strip_word};
use crate::{
    CommandError, ForwardPath, Notify, OriginalRecipient, PathError, dsn, params,
    path::{self, Charset, Target},
};

const USAGE: &str = "RCPT TO:<address> [parameters]";

/// One more recipient of the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rcpt {
    /// Where the message goes.
    pub recipient: ForwardPath,
    /// Whether the address as written needs a transaction with SMTPUTF8.
    pub smtputf8: Smtputf8,
    /// What the sender wants to hear.
    pub notify: Option<Notify>,
    /// The address as the sender first wrote it.
    pub original: Option<OriginalRecipient>,
}

/// `rcpt = "RCPT TO:" ( "<Postmaster@" Domain ">" / "<Postmaster>" / Forward-path )
/// [SP Rcpt-parameters] CRLF`.
pub(super) fn parse(rest: &str) -> Result<Rcpt, CommandError> {
    let rest = strip_word(rest, "TO:").ok_or(CommandError::Usage(USAGE))?;
    let path = path::parse(rest).map_err(CommandError::Recipient)?;
    let Target::Path(recipient) = path.target else {
        return Err(CommandError::Recipient(PathError::Null));
    };
    let mut notify = None;
    let mut original = None;
    for param in params::parse(path.rest) {
        let param = param?;
        if param.is("NOTIFY") {
            let value = dsn::parse_notify(param).ok_or_else(|| param.bad())?;
            param.store(&mut notify, value)?;
        } else if param.is("ORCPT") {
            let value = dsn::parse_orcpt(param).ok_or_else(|| param.bad())?;
            param.store(&mut original, value)?;
        } else {
            return Err(param.unknown());
        }
    }
    let smtputf8 = match path.charset {
        Charset::Ascii => Smtputf8::No,
        Charset::Utf8 => Smtputf8::Yes,
    };
    Ok(Rcpt {
        recipient,
        smtputf8,
        notify,
        original,
    })
}
