//! Header fields that belong to the mbox, not to the message: flags, keywords, lengths.

use crate::flags::{Flags, KEYWORDS_MAX, Keyword, SystemFlags};

/// The field that our own export begins with. It says how many of the fields behind it are the
/// export's, so that the message's own `Status` is left alone, and how long the message is.
const OWN: &str = "X-Hikyaku-Export";

/// What the mbox's own header fields say about a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Marks {
    pub(super) flags: Flags,
    /// The message is no mail: it was deleted and waits for the file to be compacted, or it is a
    /// mailer's own record.
    pub(super) is_ghost: bool,
}

/// The field that begins an exported message with so many fields of the export's.
pub(in crate::transfer) fn own_marks(fields: usize, size: usize) -> String {
    format!("{OWN}: {fields} {size}")
}

/// What [`own_marks`] wrote.
#[derive(Debug, Clone, Copy)]
struct Own {
    fields: usize,
    size: usize,
}

fn own(header: &[u8]) -> Option<Own> {
    let line = header.split(|byte| *byte == b'\n').next()?;
    let text = std::str::from_utf8(value(line, OWN)?).ok()?;
    let (fields, size) = text.trim().split_once(' ')?;
    Some(Own {
        fields: fields.parse().ok()?,
        size: size.parse().ok()?,
    })
}

/// The length that Content-Length names, in the header read so far. Our own export has none: such a
/// field is the message's.
pub(super) fn content_length(header: &[u8]) -> Option<u64> {
    if own(header).is_some() {
        return None;
    }
    let line = super::super::text::lines(header).find_map(|line| value(line, "Content-Length"))?;
    std::str::from_utf8(line).ok()?.trim().parse().ok()
}

/// Takes the mbox's own fields out of a message's header and reads them.
pub(super) fn take_marks(message: &mut Vec<u8>) -> Marks {
    let own = own(message);
    let fields_max = own.map_or(usize::MAX, |own| own.fields + 1);
    let mut found = Found::default();
    let mut kept = Vec::new();
    let mut cut = 0;
    let mut is_taken = false;
    let mut fields = 0;
    let mut position = 0;
    for line in message.split_inclusive(|byte| *byte == b'\n') {
        let start = position;
        position += line.len();
        let bare = line.trim_ascii_end();
        if bare.is_empty() {
            break;
        }
        // A folded line belongs to the field before it.
        if !(bare.starts_with(b" ") || bare.starts_with(b"\t")) {
            fields += 1;
            if fields > fields_max {
                break;
            }
            is_taken = found.take(bare);
        }
        if is_taken {
            kept.extend_from_slice(message.get(cut..start).unwrap_or_default());
            cut = position;
        }
    }
    if cut > 0 {
        kept.extend_from_slice(message.get(cut..).unwrap_or_default());
        *message = kept;
    }
    if let Some(own) = own {
        cut_to(message, own.size);
    }
    found.marks()
}

/// Takes line ends away that the form of the file added.
fn cut_to(message: &mut Vec<u8>, size: usize) {
    let added = message.get(size..).unwrap_or_default();
    if added.iter().all(|byte| matches!(byte, b'\r' | b'\n')) {
        message.truncate(size);
    }
}

/// What was found in the fields.
#[derive(Debug, Default)]
struct Found {
    system: SystemFlags,
    keywords: Vec<Keyword>,
    is_ghost: bool,
}

impl Found {
    /// Reads a field if it is the mbox's own.
    fn take(&mut self, line: &[u8]) -> bool {
        if let Some(letters) = value(line, "Status").or_else(|| value(line, "X-Status")) {
            self.read_letters(letters);
            return true;
        }
        if let Some(words) = value(line, "X-Keywords").or_else(|| value(line, "X-Mozilla-Keys")) {
            let words = String::from_utf8_lossy(words).into_owned();
            let keywords = words.split_ascii_whitespace().flat_map(Keyword::new);
            self.keywords.extend(keywords);
            return true;
        }
        if let Some(bits) = value(line, "X-Mozilla-Status") {
            self.read_mozilla(bits);
            return true;
        }
        if let Some(bits) = value(line, "X-Evolution") {
            self.read_evolution(bits);
            return true;
        }
        if let Some(subject) = value(line, "Subject") {
            // UW-IMAP's and Pine's first "message" of a file.
            self.is_ghost |= subject.ends_with(b"FOLDER INTERNAL DATA");
            return false;
        }
        MARKS.iter().any(|name| value(line, name).is_some())
    }

    fn read_letters(&mut self, letters: &[u8]) {
        for letter in letters {
            let flag = match letter {
                b'R' => SystemFlags::SEEN,
                b'A' => SystemFlags::ANSWERED,
                b'F' => SystemFlags::FLAGGED,
                b'D' => SystemFlags::DELETED,
                b'T' => SystemFlags::DRAFT,
                _ => SystemFlags::NONE,
            };
            self.system = self.system.union(flag);
        }
    }

    /// Thunderbird's flags, in hexadecimal.
    fn read_mozilla(&mut self, bits: &[u8]) {
        let Some(bits) = hexadecimal(bits) else {
            return;
        };
        for (bit, flag) in [
            (0x0001, SystemFlags::SEEN),
            (0x0002, SystemFlags::ANSWERED),
            (0x0004, SystemFlags::FLAGGED),
        ] {
            if bits & bit != 0 {
                self.system = self.system.union(flag);
            }
        }
        if bits & 0x1000 != 0 {
            self.keywords.extend(Keyword::new("$Forwarded"));
        }
        self.is_ghost |= bits & 0x0008 != 0;
    }

    /// Evolution's flags: a number and, behind a hyphen, the flags, both in hexadecimal.
    fn read_evolution(&mut self, value: &[u8]) {
        let flags = value.split(|byte| *byte == b'-').nth(1);
        let Some(bits) = flags.and_then(hexadecimal) else {
            return;
        };
        for (bit, flag) in [
            (0x01, SystemFlags::ANSWERED),
            (0x04, SystemFlags::DRAFT),
            (0x08, SystemFlags::FLAGGED),
            (0x10, SystemFlags::SEEN),
        ] {
            if bits & bit != 0 {
                self.system = self.system.union(flag);
            }
        }
        self.is_ghost |= bits & 0x02 != 0;
    }

    fn marks(mut self) -> Marks {
        self.keywords.sort_unstable();
        self.keywords.dedup();
        self.keywords.truncate(KEYWORDS_MAX);
        Marks {
            flags: Flags::new(self.system, self.keywords).unwrap_or_default(),
            is_ghost: self.is_ghost,
        }
    }
}

/// Fields of the mbox's own that say nothing about flags.
const MARKS: [&str; 6] = [
    OWN,
    "Content-Length",
    "X-UID",
    "X-IMAP",
    "X-IMAPbase",
    "X-Mozilla-Status2",
];

fn hexadecimal(digits: &[u8]) -> Option<u32> {
    let text = String::from_utf8_lossy(digits);
    u32::from_str_radix(text.trim(), 16).ok()
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
    fn marks_of_mail_programs() {
        let forwarded = Flags::new(SystemFlags::SEEN, Keyword::new("$Forwarded")).unwrap();
        let labels = ["$label1", "NonJunk"].map(|word| Keyword::new(word).unwrap());
        let labelled = Flags::new(SystemFlags::NONE, labels).unwrap();
        let read = SystemFlags::SEEN.union(SystemFlags::ANSWERED);
        for (field, flags) in [
            ("X-Mozilla-Status: 1001", forwarded),
            ("X-Mozilla-Keys: $label1 NonJunk      ", labelled),
            ("X-Mozilla-Status2: 00800000", Flags::default()),
            ("X-Evolution: 0000002a-0011", read.into()),
            ("X-UID: 4711", Flags::default()),
        ] {
            let mut message = format!("{field}\r\nTo: a\r\n\r\n").into_bytes();
            assert_eq!(take_marks(&mut message).flags, flags, "{field}");
            assert_eq!(message, b"To: a\r\n\r\n", "{field}");
        }
    }

    #[test]
    fn what_mail_programs_deleted_is_no_mail() {
        for field in [
            "X-Mozilla-Status: 0009",
            "X-Evolution: 0000002a-0012",
            "Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA",
        ] {
            let mut message = format!("{field}\r\n\r\n").into_bytes();
            assert!(take_marks(&mut message).is_ghost, "{field}");
        }
    }

    #[test]
    fn an_exported_message_keeps_its_own_fields() {
        let own = b"Status: R\r\nContent-Length: 3\r\nSubject: a\r\n\r\nb";
        let mut message = own_marks(2, own.len()).into_bytes();
        message.extend_from_slice(b"\r\nStatus: O\r\nX-Keywords: Work\r\n");
        message.extend_from_slice(own);
        message.extend_from_slice(b"\r\n");
        assert_eq!(content_length(&message), None);
        let marks = take_marks(&mut message);
        assert_eq!(message, own);
        assert!(!marks.flags.is_seen());
        assert_eq!(marks.flags.keywords().len(), 1);
    }
}
