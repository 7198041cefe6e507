//! The bare lines a client sends inside a command: SASL responses and DONE.

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

/// Clients that leave out the padding are in the field.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A client's line in an AUTHENTICATE exchange.
#[derive(Clone, PartialEq, Eq)]
pub enum SaslLine {
    /// `*`: the client gives up.
    Cancel,
    /// A decoded response.
    Response(Vec<u8>),
}

impl SaslLine {
    /// Reads a line without its line end; nothing if it is not base64.
    ///
    /// ```abnf
    /// authenticate = "AUTHENTICATE" SP auth-type *(CRLF base64)
    /// base64       = *(4base64-char) [base64-terminal]
    /// ```
    pub fn parse(line: &[u8]) -> Option<Self> {
        match line.trim_ascii() {
            b"*" => Some(Self::Cancel),
            base64 => BASE64.decode(base64).ok().map(Self::Response),
        }
    }
}

// It holds a password.
impl std::fmt::Debug for SaslLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Cancel => "Cancel",
            Self::Response(_) => "Response(..)",
        })
    }
}

/// Whether a line (without its line end) ends an IDLE (RFC 2177).
pub fn is_done(line: &[u8]) -> bool {
    line.trim_ascii_end().eq_ignore_ascii_case(b"DONE")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sasl_lines_are_read() {
        let response = |bytes: &[u8]| Some(SaslLine::Response(bytes.to_vec()));
        for (line, expected) in [
            (&b"AGEAYg=="[..], response(b"\0a\0b")),
            (b"AGEAYg", response(b"\0a\0b")),
            (b"AGEAYg== ", response(b"\0a\0b")),
            (b"", response(b"")),
            (b"*", Some(SaslLine::Cancel)),
            (b"A", None),
            (b"AGEA*g==", None),
            (b"AGEAYg==AGEAYg==", None),
            (b"\xff\xfe", None),
        ] {
            assert!(SaslLine::parse(line) == expected, "{line:?}");
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        let line = SaslLine::Response(b"secret".to_vec());
        assert_eq!(format!("{line:?}"), "Response(..)");
    }

    #[test]
    fn done_is_read_in_any_case() {
        assert!(is_done(b"done"));
        assert!(is_done(b"DONE "));
        assert!(!is_done(b"DONE IT"));
        assert!(!is_done(b""));
    }
}
