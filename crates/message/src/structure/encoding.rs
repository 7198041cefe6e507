//! Content-Transfer-Encoding as a value (RFC 2045 §6).

use crate::cursor::trim;

/// How a body was encoded for transfer.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum TransferEncoding {
    /// `7bit`, also when the field is absent.
    #[default]
    SevenBit,
    /// `8bit`.
    EightBit,
    /// `binary`.
    Binary,
    /// `base64`.
    Base64,
    /// `quoted-printable`.
    QuotedPrintable,
    /// Anything else, lower case; the body is taken as it is.
    Other(Box<str>),
}

impl TransferEncoding {
    /// Reads a field's value; comments and stray text after the word are ignored.
    pub fn parse(value: &[u8]) -> Self {
        let value = trim(value);
        let end = value
            .iter()
            .position(|byte| b" \t\r\n;(".contains(byte))
            .unwrap_or(value.len());
        let word = value.get(..end).unwrap_or_default();
        let word = String::from_utf8_lossy(trim(word))
            .trim_matches('"')
            .to_ascii_lowercase();
        match word.as_str() {
            "" | "7bit" | "7-bit" => Self::SevenBit,
            "8bit" | "8-bit" => Self::EightBit,
            "binary" => Self::Binary,
            "base64" | "base-64" => Self::Base64,
            "quoted-printable" | "quotedprintable" => Self::QuotedPrintable,
            _ => Self::Other(
                word.chars()
                    .filter(char::is_ascii_graphic)
                    .take(64)
                    .collect(),
            ),
        }
    }

    /// The encoding's name.
    pub fn as_str(&self) -> &str {
        match self {
            Self::SevenBit => "7bit",
            Self::EightBit => "8bit",
            Self::Binary => "binary",
            Self::Base64 => "base64",
            Self::QuotedPrintable => "quoted-printable",
            Self::Other(name) => name,
        }
    }

    /// Whether the bytes of the body stand for themselves.
    pub fn is_identity(&self) -> bool {
        !matches!(self, Self::Base64 | Self::QuotedPrintable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_recognised_in_the_forms_seen_in_mail() {
        let cases: [(&[u8], TransferEncoding); 9] = [
            (b"", TransferEncoding::SevenBit),
            (b" 7bit", TransferEncoding::SevenBit),
            (b"8BIT\r\n", TransferEncoding::EightBit),
            (b" Base64 ", TransferEncoding::Base64),
            (b"base64; charset=utf-8", TransferEncoding::Base64),
            (b"\"quoted-printable\"", TransferEncoding::QuotedPrintable),
            (
                b"quoted-printable (why not)",
                TransferEncoding::QuotedPrintable,
            ),
            (b"binary", TransferEncoding::Binary),
            (b"X-UUENCODE", TransferEncoding::Other("x-uuencode".into())),
        ];
        for (value, expected) in cases {
            assert_eq!(TransferEncoding::parse(value), expected);
        }
    }
}
