//! Words so common that a number stands for them.
//!
//! The order is part of the format: words may be added at the end, none moved or removed.

/// The words of version 1. The number of a word is its index plus one; zero means that the word
/// itself follows.
const WORDS: [&str; 64] = [
    "text",
    "plain",
    "html",
    "multipart",
    "mixed",
    "alternative",
    "related",
    "application",
    "octet-stream",
    "pdf",
    "image",
    "jpeg",
    "png",
    "gif",
    "message",
    "rfc822",
    "charset",
    "boundary",
    "name",
    "filename",
    "format",
    "flowed",
    "delsp",
    "yes",
    "no",
    "attachment",
    "inline",
    "utf-8",
    "UTF-8",
    "us-ascii",
    "US-ASCII",
    "iso-2022-jp",
    "ISO-2022-JP",
    "Shift_JIS",
    "shift_jis",
    "euc-jp",
    "EUC-JP",
    "iso-8859-1",
    "ISO-8859-1",
    "windows-1252",
    "report",
    "signed",
    "encrypted",
    "delivery-status",
    "report-type",
    "protocol",
    "micalg",
    "type",
    "start",
    "size",
    "creation-date",
    "modification-date",
    "zip",
    "calendar",
    "method",
    "csv",
    "msword",
    "vnd.ms-excel",
    "vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "vnd.openxmlformats-officedocument.wordprocessingml.document",
    "vnd.openxmlformats-officedocument.presentationml.presentation",
    "pkcs7-signature",
    "pgp-signature",
    "video",
];

/// The number of `word`, when it has one.
pub(super) fn number(word: &[u8]) -> Option<u32> {
    let index = WORDS.iter().position(|known| known.as_bytes() == word)?;
    u32::try_from(index).ok().map(|index| index + 1)
}

/// The word with this number.
pub(super) fn word(number: u32) -> Option<&'static str> {
    WORDS
        .get(usize::try_from(number).ok()?.checked_sub(1)?)
        .copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_words_agree() {
        for known in WORDS {
            let number = number(known.as_bytes()).unwrap();
            assert_eq!(word(number), Some(known));
        }
        assert_eq!(number(b"x"), None);
        assert_eq!(word(0), None);
        assert_eq!(word(65), None);
    }

    #[test]
    fn the_order_of_version_1_is_kept() {
        assert_eq!(word(1), Some("text"));
        assert_eq!(word(20), Some("filename"));
        assert_eq!(word(40), Some("windows-1252"));
        assert_eq!(word(64), Some("video"));
    }
}
