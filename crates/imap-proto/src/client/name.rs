//! Names of another server's mailboxes, level by level.

use crate::utf7;

/// The levels of a name as it stands in LIST, decoded: modified UTF-7, or raw UTF-8 from servers
/// that send it. Without a delimiter there is one level.
///
/// The name is cut before it is decoded: a delimiter within a shift is a character of the level.
pub fn levels_of(wire: &[u8], delimiter: Option<u8>) -> Vec<String> {
    let level = |bytes: &[u8]| utf7::decode(bytes).into_owned();
    match delimiter {
        Some(delimiter) => wire.split(|byte| *byte == delimiter).map(level).collect(),
        None => vec![level(wire)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_before_they_are_decoded() {
        for (wire, delimiter, expected) in [
            (
                "INBOX.&ZeVnLIqe-.a",
                Some(b'.'),
                vec!["INBOX", "日本語", "a"],
            ),
            ("v1&AC4-2.x", Some(b'.'), vec!["v1.2", "x"]),
            ("a/b", None, vec!["a/b"]),
            ("日本語/R&D", Some(b'/'), vec!["日本語", "R&D"]),
            ("", Some(b'/'), vec![""]),
        ] {
            assert_eq!(levels_of(wire.as_bytes(), delimiter), expected, "{wire}");
        }
    }
}
