//! Header fields that belong to the mbox, not to the message: flags, keywords, lengths.

use crate::flags::{Flags, KEYWORDS_MAX, Keyword, SystemFlags};

/// What the mbox's own header fields say about a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Marks {
    pub(super) flags: Flags,
    /// The message is no mail: it was deleted and waits for the file to be compacted, or it is a
    /// mailer's own record.
    pub(super) is_ghost: bool,
}

/// The length that Content-Length names, in the header read so far.
pub(super) fn content_length(header: &[u8]) -> Option<u64> {
    let line = super::super::text::lines(header).find_map(|line| value(line, "Content-Length"))?;
    std::str::from_utf8(line).ok()?.trim().parse().ok()
}

/// Takes the mbox's own fields out of a message's header and reads them.
pub(super) fn take_marks(message: &mut Vec<u8>) -> Marks {
    let mut marks = Marks::default();
    let mut system = SystemFlags::NONE;
    let mut keywords: Vec<Keyword> = Vec::new();
    let mut kept = Vec::new();
    let mut cut = 0;
    let mut skipping = false;
    let mut position = 0;
    for line in message.split_inclusive(|byte| *byte == b'\n') {
        let start = position;
        position += line.len();
        let bare = line.trim_ascii_end();
        if bare.is_empty() {
            break;
        }
        // A folded line belongs to the field before it.
        let folded = bare.starts_with(b" ") || bare.starts_with(b"\t");
        if !folded {
            skipping = read_field(bare, &mut system, &mut keywords, &mut marks);
        }
        if skipping {
            kept.extend_from_slice(message.get(cut..start).unwrap_or_default());
            cut = position;
        }
    }
    if cut > 0 {
        kept.extend_from_slice(message.get(cut..).unwrap_or_default());
        *message = kept;
    }
    keywords.sort_unstable();
    keywords.dedup();
    keywords.truncate(KEYWORDS_MAX);
    marks.flags = Flags::new(system, keywords).unwrap_or_default();
    marks
}

/// Reads a field if it is the mbox's own.
fn read_field(
    line: &[u8],
    system: &mut SystemFlags,
    keywords: &mut Vec<Keyword>,
    marks: &mut Marks,
) -> bool {
    if let Some(letters) = value(line, "Status").or_else(|| value(line, "X-Status")) {
        for letter in letters {
            *system = system.union(match letter {
                b'R' => SystemFlags::SEEN,
                b'A' => SystemFlags::ANSWERED,
                b'F' => SystemFlags::FLAGGED,
                b'D' => SystemFlags::DELETED,
                b'T' => SystemFlags::DRAFT,
                _ => SystemFlags::NONE,
            });
        }
        return true;
    }
    if let Some(words) = value(line, "X-Keywords") {
        let words = String::from_utf8_lossy(words).into_owned();
        keywords.extend(words.split_ascii_whitespace().flat_map(Keyword::new));
        return true;
    }
    if let Some(bits) = value(line, "X-Mozilla-Status") {
        read_mozilla(bits, system, marks);
        return true;
    }
    if let Some(subject) = value(line, "Subject") {
        marks.is_ghost |= subject.ends_with(b"FOLDER INTERNAL DATA");
        return false;
    }
    [
        "Content-Length",
        "X-UID",
        "X-IMAP",
        "X-IMAPbase",
        "X-Mozilla-Status2",
        "X-Mozilla-Keys",
    ]
    .iter()
    .any(|name| value(line, name).is_some())
}

/// Thunderbird's flags, in hexadecimal.
fn read_mozilla(bits: &[u8], system: &mut SystemFlags, marks: &mut Marks) {
    let text = String::from_utf8_lossy(bits);
    let Ok(bits) = u32::from_str_radix(text.trim(), 16) else {
        return;
    };
    for (bit, flag) in [
        (0x0001, SystemFlags::SEEN),
        (0x0002, SystemFlags::ANSWERED),
        (0x0004, SystemFlags::FLAGGED),
    ] {
        if bits & bit != 0 {
            *system = system.union(flag);
        }
    }
    marks.is_ghost |= bits & 0x0008 != 0;
}

/// The value of a field of this name.
fn value<'a>(line: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let (found, rest) = line.split_at_checked(name.len())?;
    let rest = rest.strip_prefix(b":")?;
    found
        .eq_ignore_ascii_case(name.as_bytes())
        .then(|| rest.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_taken_out_and_read() {
        let mut message =
            b"Subject: a\r\nStatus: RO\r\nX-Status: AF\r\nX-Keywords: $Label1\r\n Work\r\n\
            Content-Length: 12\r\nTo: b\r\n\r\nStatus: D\r\n"
                .to_vec();
        assert_eq!(content_length(&message), Some(12));
        let marks = take_marks(&mut message);
        assert_eq!(message, b"Subject: a\r\nTo: b\r\n\r\nStatus: D\r\n");
        let system = SystemFlags::SEEN
            .union(SystemFlags::ANSWERED)
            .union(SystemFlags::FLAGGED);
        assert_eq!(marks.flags.system(), system);
        assert_eq!(marks.flags.keywords(), [Keyword::new("$Label1").unwrap()]);
        assert!(!marks.is_ghost);
    }

    #[test]
    fn a_message_without_marks_stays_as_it_is() {
        for text in [
            "Subject: a\r\n\r\nb",
            "",
            "no header",
            "X-Statuses: R\r\n\r\n",
        ] {
            let mut message = text.as_bytes().to_vec();
            assert_eq!(take_marks(&mut message), Marks::default());
            assert_eq!(message, text.as_bytes());
        }
    }

    #[test]
    fn thunderbirds_deleted_messages_are_ghosts() {
        let mut deleted = b"X-Mozilla-Status: 0009\r\n\r\n".to_vec();
        let marks = take_marks(&mut deleted);
        assert!(marks.is_ghost && marks.flags.is_seen());
        assert_eq!(deleted, b"\r\n");
        let mut record =
            b"Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\r\n\r\n".to_vec();
        assert!(take_marks(&mut record).is_ghost);
    }
}
