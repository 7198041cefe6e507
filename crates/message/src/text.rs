//! A header text as it was written and as a person reads it.

use std::borrow::Cow;

use crate::{charset, rfc2047};

/// The text of a header field, a display name or a parameter.
///
/// Invariant: when `decoded` is absent, the raw bytes are valid UTF-8 and mean themselves.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct HeaderText {
    raw: Box<[u8]>,
    decoded: Option<Box<str>>,
}

impl HeaderText {
    /// A text from its unfolded raw bytes: encoded words are decoded, raw 8-bit and raw
    /// ISO-2022-JP text is recognised.
    pub fn from_raw(raw: &[u8]) -> Self {
        let decoded = rfc2047::decode(raw);
        Self::from_parts(raw, &decoded)
    }

    /// A text whose decoded form is known already, as with RFC 2231 parameters.
    pub fn from_parts(raw: &[u8], decoded: &str) -> Self {
        Self {
            raw: raw.into(),
            decoded: (decoded.as_bytes() != raw).then(|| decoded.into()),
        }
    }

    /// The bytes as written, without folding. May hold 8-bit or ISO-2022-JP bytes.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The text as a person reads it.
    pub fn decoded(&self) -> Cow<'_, str> {
        match &self.decoded {
            Some(text) => Cow::Borrowed(text),
            None => String::from_utf8_lossy(&self.raw),
        }
    }

    /// The decoded text where it differs from the raw bytes, for storage.
    pub(crate) fn decoded_when_different(&self) -> Option<&str> {
        self.decoded.as_deref()
    }

    /// The text for a reader that takes printable ASCII only: the raw bytes where they are, else
    /// the decoded text as UTF-8 encoded words (RFC 2047).
    pub fn to_ascii(&self) -> Cow<'_, [u8]> {
        if self
            .raw
            .iter()
            .all(|byte| matches!(byte, b'\t' | b' '..=b'~'))
        {
            Cow::Borrowed(&self.raw)
        } else {
            let words = rfc2047::encode(&self.decoded(), charset::Target::Utf8);
            Cow::Owned(words.into_bytes())
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }
}

impl From<&str> for HeaderText {
    fn from(text: &str) -> Self {
        Self::from_raw(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_and_decoded_forms() {
        let text = HeaderText::from("=?utf-8?B?5bGx?= x");
        assert_eq!(text.raw(), b"=?utf-8?B?5bGx?= x");
        assert_eq!(text.decoded(), "山 x");
        assert_eq!(HeaderText::from("plain").decoded(), "plain");
        assert_eq!(HeaderText::from_raw(b"\x8eR\x93c").decoded(), "山田");
        assert!(HeaderText::default().is_empty());
    }

    #[test]
    fn the_ascii_form_hides_no_eight_bit_and_no_escape() {
        for (raw, ascii) in [
            (&b"=?utf-8?B?5bGx?="[..], "=?utf-8?B?5bGx?="),
            (b"plain \"x\"", "plain \"x\""),
            ("山".as_bytes(), "=?UTF-8?B?5bGx?="),
            (b"\x1b$B;3\x1b(B", "=?UTF-8?B?5bGx?="),
            (b"\x8eR", "=?UTF-8?B?5bGx?="),
            (b"a\0b", "a b"),
        ] {
            assert_eq!(*HeaderText::from_raw(raw).to_ascii(), *ascii.as_bytes());
        }
    }
}
