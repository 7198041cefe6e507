//! Base64 as it is framed in the lines of SMTP, IMAP and POP3 (RFC 4954 §4, RFC 9051 §6.2.2,
//! RFC 5034 §4).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use crate::{MAX_RESPONSE_BYTES, SaslError};

/// What one line of the client says.
#[derive(Debug)]
pub(crate) enum Frame {
    /// The octets that the base64 text stands for; none for an empty line.
    Octets(Zeroizing<Vec<u8>>),
    /// `*`: the client gives up.
    Cancel,
}

/// Reads an answer to a challenge: base64, an empty line for no octets, or `*`.
pub(crate) fn read_response(line: &[u8]) -> Result<Frame, SaslError> {
    if line == b"*" {
        return Ok(Frame::Cancel);
    }
    decode(line).map(Frame::Octets)
}

/// Reads what follows the mechanism's name on the command line: base64, or `=` for no octets,
/// which an empty text cannot say there.
pub(crate) fn read_initial(text: &[u8]) -> Result<Zeroizing<Vec<u8>>, SaslError> {
    match text {
        b"=" => Ok(Zeroizing::default()),
        b"" => Err(SaslError::BadBase64),
        _ => decode(text),
    }
}

/// The base64 text of a challenge.
pub(crate) fn write_challenge(octets: &[u8]) -> String {
    STANDARD.encode(octets)
}

/// Canonical base64 with padding only: RFC 4954 §4 wants anything else refused.
fn decode(text: &[u8]) -> Result<Zeroizing<Vec<u8>>, SaslError> {
    if text.len() > MAX_RESPONSE_BYTES {
        return Err(SaslError::TooLong);
    }
    // The buffer has its final size from the start: growing would leave unwiped copies behind.
    let mut octets = Zeroizing::new(Vec::with_capacity(text.len()));
    match STANDARD.decode_vec(text, &mut octets) {
        Ok(()) => Ok(octets),
        Err(_) => Err(SaslError::BadBase64),
    }
}
