//! Which charset bytes are in, whatever their label says.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};

use super::{
    decode::{Fidelity, decode_as},
    iso_2022_jp,
    label::Charset,
};
use crate::limits::MAX_DETECT_BYTES;

/// The charset of bytes without a label.
pub fn detect(bytes: &[u8]) -> Charset {
    let escapes = iso_2022_jp::has_designation(bytes);
    if escapes && (bytes.is_ascii() || std::str::from_utf8(bytes).is_err()) {
        return Charset::Iso2022Jp;
    }
    if bytes.is_ascii() || Utf8Look::of(bytes).is_likely() {
        return Charset::Utf8;
    }
    guess(bytes)
}

/// The charset of bytes whose label names `labelled`, which the bytes may contradict.
pub(super) fn truthful(labelled: Charset, bytes: &[u8]) -> Charset {
    if let Charset::Utf7 = labelled {
        return labelled;
    }
    if is_utf_16(labelled) {
        // Real UTF-16 of any length has zeros; a wrong label does not.
        return if bytes.contains(&0) || !bytes.is_ascii() {
            labelled
        } else {
            Charset::Utf8
        };
    }
    if bytes.is_ascii() {
        let escapes = iso_2022_jp::has_designation(bytes);
        return if escapes {
            Charset::Iso2022Jp
        } else {
            labelled
        };
    }
    let borne_out = match labelled {
        Charset::Utf8 => Utf8Look::of(bytes).bears_out_its_label(),
        Charset::Iso2022Jp => iso_2022_jp::has_designation(bytes) || has_shift_out(bytes),
        Charset::ShiftJis | Charset::EucJp => return truthful_japanese(labelled, bytes),
        _ => return truthful_other(labelled, bytes),
    };
    if borne_out { labelled } else { detect(bytes) }
}

fn truthful_japanese(labelled: Charset, bytes: &[u8]) -> Charset {
    let look = Utf8Look::of(bytes);
    // Two Japanese characters that are well-formed UTF-8 and as well text in another charset do
    // not happen; one may.
    if look.errors == 0 && look.wide >= 2 {
        return Charset::Utf8;
    }
    if decode_as(labelled, bytes).fidelity == Fidelity::Exact {
        return labelled;
    }
    let detected = detect(bytes);
    match decode_as(detected, bytes).fidelity {
        Fidelity::Exact => detected,
        // Nothing fits: the label is as good as any guess.
        Fidelity::Lossy => labelled,
    }
}

fn truthful_other(labelled: Charset, bytes: &[u8]) -> Charset {
    let look = Utf8Look::of(bytes);
    if look.errors > 0 {
        return labelled;
    }
    let Charset::Other(encoding) = labelled else {
        return labelled;
    };
    // In a single-byte charset, UTF-8 looks like runs of accents; nobody writes those. Texts in
    // the two-byte ones can be well-formed UTF-8 by chance.
    let told_apart = encoding.is_single_byte()
        || decode_as(labelled, bytes).fidelity == Fidelity::Lossy
        || look.wide >= 8;
    if told_apart { Charset::Utf8 } else { labelled }
}

fn is_utf_16(charset: Charset) -> bool {
    matches!(charset, Charset::Other(encoding)
        if encoding == encoding_rs::UTF_16LE || encoding == encoding_rs::UTF_16BE)
}

fn has_shift_out(bytes: &[u8]) -> bool {
    memchr::memchr(0x0e, bytes).is_some()
}

/// How much bytes look like UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Utf8Look {
    /// Well-formed characters outside ASCII.
    multibyte: usize,
    /// Those of three or four bytes, as Japanese ones are.
    wide: usize,
    /// Malformed places.
    errors: usize,
    /// Whether the last of them is only a character cut off by the end.
    cut_short: bool,
}

impl Utf8Look {
    fn of(bytes: &[u8]) -> Self {
        let sample = bytes.get(..MAX_DETECT_BYTES).unwrap_or(bytes);
        let mut look = Self::default();
        for chunk in sample.utf8_chunks() {
            look.multibyte += chunk.valid().bytes().filter(|byte| *byte >= 0xc0).count();
            look.wide += chunk.valid().bytes().filter(|byte| *byte >= 0xe0).count();
            look.errors += usize::from(!chunk.invalid().is_empty());
            look.cut_short = std::str::from_utf8(chunk.invalid())
                .is_err_and(|error| error.error_len().is_none());
        }
        if sample.len() < bytes.len() && look.cut_short {
            // It was the sample that cut it.
            look.errors -= 1;
        }
        look
    }

    /// Whether it is UTF-8, as labelled, perhaps damaged.
    fn bears_out_its_label(self) -> bool {
        self.is_likely() || (self.errors == 1 && self.cut_short)
    }

    /// Whether it is UTF-8, perhaps damaged or cut in the middle of a character.
    fn is_likely(self) -> bool {
        self.errors == 0 || self.multibyte > self.errors * 2
    }
}

/// The best guess for 8-bit text that is not UTF-8, with a leaning to Japanese, unless it looks
/// Western or the Japanese guess does not fit all of it.
fn guess(bytes: &[u8]) -> Charset {
    let sample = bytes.get(..MAX_DETECT_BYTES).unwrap_or(bytes);
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(sample, sample.len() == bytes.len());
    let guess =
        |domain: Option<&[u8]>| Charset::from_encoding(detector.guess(domain, Utf8Detection::Deny));
    if looks_western(sample) {
        return guess(None);
    }
    let japanese = guess(Some(b"jp"));
    // User defined characters hardly occur; what looks like them is another charset.
    let private = |text: &str| text.contains(|c| ('\u{e000}'..='\u{f8ff}').contains(&c));
    if japanese == Charset::ShiftJis
        && private(&decode_as(japanese, sample).text)
        && fits(Charset::EucJp, sample)
    {
        return Charset::EucJp;
    }
    if fits(japanese, sample) {
        japanese
    } else {
        guess(None)
    }
}

/// Whether all of `bytes` has a meaning in `charset`, but for a last character that was cut.
fn fits(charset: Charset, bytes: &[u8]) -> bool {
    let shorter = bytes.split_last().map_or(bytes, |(_, rest)| rest);
    [bytes, shorter]
        .into_iter()
        .any(|bytes| decode_as(charset, bytes).fidelity == Fidelity::Exact)
}

/// Whether nine of ten 8-bit bytes stand alone between ASCII ones and are letters of Latin-1.
/// Japanese has few such: its characters follow one another, and where the second byte is in
/// ASCII's range, as in katakana of Shift_JIS, the first one is below 0xA0.
fn looks_western(bytes: &[u8]) -> bool {
    let mut high = 0;
    let mut alone = 0;
    let mut before = 0;
    let mut bytes = bytes.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte >= 0x80 {
            high += 1;
            let followed = bytes.peek().is_some_and(|next| *next >= 0x80);
            alone += usize::from(byte >= 0xc0 && before < 0x80 && !followed);
        }
        before = byte;
    }
    alone * 10 >= high * 9
}
