//! Just enough DER (X.690) to find dates and names in a certificate.

/// Tags of the elements this room looks at.
pub(super) mod tag {
    pub(in crate::tls) const BOOLEAN: u8 = 0x01;
    pub(in crate::tls) const OCTET_STRING: u8 = 0x04;
    pub(in crate::tls) const OBJECT_IDENTIFIER: u8 = 0x06;
    pub(in crate::tls) const UTC_TIME: u8 = 0x17;
    pub(in crate::tls) const GENERALIZED_TIME: u8 = 0x18;
    pub(in crate::tls) const SEQUENCE: u8 = 0x30;
    /// `[0]` explicit: the version of a certificate.
    pub(in crate::tls) const VERSION: u8 = 0xA0;
    /// `[3]` explicit: the extensions of a certificate.
    pub(in crate::tls) const EXTENSIONS: u8 = 0xA3;
    /// `[2]` implicit in GeneralName: dNSName.
    pub(in crate::tls) const DNS_NAME: u8 = 0x82;
}

/// A run of DER elements.
#[derive(Debug, Clone, Copy)]
pub(super) struct Der<'a>(pub(super) &'a [u8]);

impl<'a> Der<'a> {
    /// The next element's tag and content; `None` at the end or where this is no DER.
    pub(super) fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = if first < 0x80 {
            (usize::from(first), rest)
        } else {
            let count = usize::from(first & 0x7F);
            if count == 0 || count > 4 {
                return None;
            }
            let (digits, rest) = rest.split_at_checked(count)?;
            let length = digits.iter().fold(0, |n, &d| (n << 8) | usize::from(d));
            (length, rest)
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }

    /// The next element's content, if it has this tag.
    pub(super) fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        let mut ahead = *self;
        let (found, content) = ahead.next()?;
        if found != tag {
            return None;
        }
        *self = ahead;
        Some(content)
    }
}
