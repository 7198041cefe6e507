//! Messages on their way from the reader of the source to the writer of the store.

use bytes::Bytes;
use hikyaku_mailstore::{Flags, KEYWORDS_MAX, Keyword, SystemFlags};
use hikyaku_types::OffsetTimestamp;

use crate::report::SkipReason;

/// What came of one message that was asked for.
#[derive(Debug)]
pub(crate) struct Arrived {
    /// Its UID, or its number in POP3.
    pub(crate) number: u32,
    /// What names it in the records.
    pub(crate) name: Vec<u8>,
    pub(crate) outcome: Result<Message, SkipReason>,
}

impl Arrived {
    /// Bytes that it holds in memory.
    pub(crate) fn bytes(&self) -> u64 {
        match &self.outcome {
            Ok(message) => message.content.len() as u64,
            Err(_) => 0,
        }
    }
}

/// A message as it came.
#[derive(Debug)]
pub(crate) struct Message {
    /// As the source sent it.
    pub(crate) content: Bytes,
    pub(crate) flags: Flags,
    pub(crate) internal_date: Option<OffsetTimestamp>,
}

/// The flags for words of FLAGS. What is no flag of ours is left out: `\Recent`, which is none, and
/// keywords that cannot be.
pub(crate) fn flags_of(words: &[String]) -> Flags {
    let mut system = SystemFlags::NONE;
    let mut keywords = Vec::new();
    for word in words {
        let flag = match word.to_ascii_lowercase().as_str() {
            "\\seen" => SystemFlags::SEEN,
            "\\answered" => SystemFlags::ANSWERED,
            "\\flagged" => SystemFlags::FLAGGED,
            "\\deleted" => SystemFlags::DELETED,
            "\\draft" => SystemFlags::DRAFT,
            _ => {
                keywords.extend(Keyword::new(word).ok().filter(|_| !word.starts_with('\\')));
                continue;
            }
        };
        system = system.union(flag);
    }
    keywords.sort_unstable();
    keywords.dedup();
    keywords.truncate(KEYWORDS_MAX);
    Flags::new(system, keywords).unwrap_or_else(|_| Flags::from(system))
}

/// Flags as they are remembered: sorted, separated by spaces.
pub(crate) fn remembered(flags: &Flags) -> String {
    const NAMES: [(SystemFlags, &str); 5] = [
        (SystemFlags::SEEN, "\\Seen"),
        (SystemFlags::ANSWERED, "\\Answered"),
        (SystemFlags::FLAGGED, "\\Flagged"),
        (SystemFlags::DELETED, "\\Deleted"),
        (SystemFlags::DRAFT, "\\Draft"),
    ];
    let set = NAMES
        .iter()
        .filter(|(flag, _)| flags.system().contains(*flag));
    let keywords = flags.keywords().iter().map(Keyword::as_str);
    let words: Vec<&str> = set.map(|(_, name)| *name).chain(keywords).collect();
    words.join(" ")
}

/// Remembered flags, read.
pub(crate) fn recalled(text: &str) -> Flags {
    let words: Vec<String> = text.split_ascii_whitespace().map(str::to_owned).collect();
    flags_of(&words)
}

/// A message with all its lines ending in CR LF, as the store wants them; almost always it is so
/// already.
pub(crate) fn with_crlf(content: Bytes) -> Bytes {
    let bare = memchr::memchr_iter(b'\n', &content)
        .filter(|at| at.checked_sub(1).and_then(|before| content.get(before)) != Some(&b'\r'))
        .count();
    if bare == 0 {
        return content;
    }
    let mut lines = Vec::with_capacity(content.len() + bare);
    for line in content.split_inclusive(|byte| *byte == b'\n') {
        match line.strip_suffix(b"\n") {
            Some(text) => {
                lines.extend_from_slice(text.strip_suffix(b"\r").unwrap_or(text));
                lines.extend_from_slice(b"\r\n");
            }
            None => lines.extend_from_slice(line),
        }
    }
    Bytes::from(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn flags_are_taken_as_far_as_they_are_ours() {
        let flags = flags_of(&words("\\SEEN \\Recent $Junk \\X-Odd a]b $junk \\flagged"));
        assert_eq!(remembered(&flags), "\\Seen \\Flagged $Junk");
        assert_eq!(recalled(&remembered(&flags)), flags);
        assert_eq!(recalled(""), Flags::default());
        let many: Vec<String> = (0..100).map(|n| format!("k{n}")).collect();
        assert_eq!(flags_of(&many).keywords().len(), KEYWORDS_MAX);
    }

    #[test]
    fn bare_line_feeds_get_their_cr() {
        for (text, expected) in [
            ("a\r\nb\r\n", "a\r\nb\r\n"),
            ("a\nb\r\n\nc", "a\r\nb\r\n\r\nc"),
            ("\n", "\r\n"),
            ("", ""),
        ] {
            assert_eq!(with_crlf(Bytes::from(text)), expected, "{text:?}");
        }
    }
}
