//! Where the fields of a header are.

use memchr::memchr;

use crate::range::ByteRange;

/// One header field as byte ranges of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// The field's name, without the colon and without blanks before it.
    pub name: ByteRange,
    /// The value after the colon, folded as written, without the line end.
    pub value: ByteRange,
    /// The whole field with its line end.
    pub whole: ByteRange,
}

impl Field {
    /// Whether the field of `message` has this name; case does not matter.
    pub fn is(self, message: &[u8], name: &str) -> bool {
        self.name.of(message).eq_ignore_ascii_case(name.as_bytes())
    }
}

/// What a header scanner found next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scanned {
    /// A field.
    Field(Field),
    /// mbox's `From ` line before the first field.
    MboxLine,
    /// Lines that belong to no field, with more fields after them.
    Junk,
    /// The header's end. The body starts at `body`.
    End { body: usize, ending: Ending },
}

/// How a header ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With the empty line.
    BlankLine,
    /// With the end of the message.
    EndOfInput,
    /// At a line that is no field.
    NotAField,
}

/// Finds the fields of a header one by one.
///
/// A header ends at its empty line, or at a line that is no field: then the empty line is missing.
/// But mailers exist that break long fields without the blank that folding needs; so when one of
/// the fields that every header has follows soon, such lines are skipped and the header goes on.
/// Line ends are LF, with or without CR before it.
#[derive(Debug, Clone)]
pub(crate) struct FieldScanner<'a> {
    message: &'a [u8],
    pos: usize,
    seen_field: bool,
}

impl<'a> FieldScanner<'a> {
    pub(crate) fn new(message: &'a [u8], start: usize) -> Self {
        Self {
            message,
            pos: start.min(message.len()),
            seen_field: false,
        }
    }

    /// Where the next line starts.
    pub(crate) fn pos(&self) -> usize {
        self.pos
    }

    pub(crate) fn next(&mut self) -> Scanned {
        let start = self.pos;
        let rest = self.message.get(start..).unwrap_or_default();
        if rest.is_empty() {
            return self.end(start, Ending::EndOfInput);
        }
        let line_len = memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
        let line = rest.get(..line_len).unwrap_or_default();
        if matches!(line, b"\n" | b"\r\n" | b"\r") {
            return self.end(start + line_len, Ending::BlankLine);
        }
        if let Some(name_len) = field_name_len(line) {
            return Scanned::Field(self.field(start, name_len, start + line_len));
        }
        if !self.seen_field {
            if line.starts_with(b"From ") || line.starts_with(b">From ") {
                self.pos = start + line_len;
                return Scanned::MboxLine;
            }
            if line.iter().all(u8::is_ascii_whitespace) {
                return self.end(start + line_len, Ending::BlankLine);
            }
        } else if let Some(resumed) = self.known_field_after(start + line_len) {
            self.pos = resumed;
            return Scanned::Junk;
        }
        self.end(start, Ending::NotAField)
    }

    /// Where a well-known field starts within the lines from `start` on, before the empty line
    /// and before anything like a boundary. What is looked at is either skipped then or ends the
    /// header, so no line is looked at twice.
    fn known_field_after(&self, start: usize) -> Option<usize> {
        let mut start = start;
        for _ in 0..MAX_JUNK_LINES {
            let rest = self.message.get(start..)?;
            let line = rest.get(..=memchr(b'\n', rest)?)?;
            if matches!(line, b"\n" | b"\r\n") || line.starts_with(b"--") {
                return None;
            }
            let name = field_name_len(line).and_then(|len| line.get(..len));
            if name.is_some_and(|name| is_well_known(name.trim_ascii_end())) {
                return Some(start);
            }
            start += line.len();
        }
        None
    }

    /// The field that starts at `start`, whose first line ends at `first_end`.
    fn field(&mut self, start: usize, name_len: usize, first_end: usize) -> Field {
        let mut end = first_end;
        while let Some(b' ' | b'\t') = self.message.get(end) {
            let rest = self.message.get(end..).unwrap_or_default();
            end += memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
        }
        self.pos = end;
        self.seen_field = true;
        let head = self
            .message
            .get(start..start + name_len)
            .unwrap_or_default();
        let name = head.trim_ascii_end().len();
        let value_end = start + trim_line_end(self.message.get(start..end).unwrap_or_default());
        Field {
            name: ByteRange::new(start, start + name),
            value: ByteRange::new(start + name_len + 1, value_end),
            whole: ByteRange::new(start, end),
        }
    }

    fn end(&mut self, body: usize, ending: Ending) -> Scanned {
        self.pos = body;
        Scanned::End { body, ending }
    }
}

/// Most lines skipped between two fields (16): what a broken mailer makes of one long field.
const MAX_JUNK_LINES: usize = 16;

/// Fields that show that a header goes on: no text has such lines by chance.
fn is_well_known(name: &[u8]) -> bool {
    const NAMES: [&[u8]; 14] = [
        b"from",
        b"to",
        b"cc",
        b"subject",
        b"date",
        b"message-id",
        b"received",
        b"reply-to",
        b"in-reply-to",
        b"references",
        b"return-path",
        b"mime-version",
        b"dkim-signature",
        b"authentication-results",
    ];
    let is_content = name
        .get(..8)
        .is_some_and(|head| head.eq_ignore_ascii_case(b"content-"));
    is_content || NAMES.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// The length of what stands before the colon, when `line` starts a field. Blanks before the
/// colon are obsolete but legal to read (RFC 5322 §4.5).
fn field_name_len(line: &[u8]) -> Option<usize> {
    let len = line
        .iter()
        .position(|&byte| !(33..=126).contains(&byte) || byte == b':')?;
    if len == 0 {
        return None;
    }
    let blanks = line
        .get(len..)?
        .iter()
        .position(|&byte| !matches!(byte, b' ' | b'\t'))?;
    (line.get(len + blanks) == Some(&b':')).then_some(len + blanks)
}

/// The length of `line` without its CRLF or LF.
fn trim_line_end(line: &[u8]) -> usize {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line).len()
}

/// Iterates over the fields of a header. Unlike [`ParsedMessage`](crate::ParsedMessage)'s list
/// it has no limit: its cost is one pass over the bytes it is given.
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    scanner: FieldScanner<'a>,
}

impl<'a> Fields<'a> {
    /// The fields of `header`, a range of `message`.
    pub fn new(message: &'a [u8], header: ByteRange) -> Self {
        let end = header.end().min(message.len());
        let message = message.get(..end).unwrap_or_default();
        Self {
            scanner: FieldScanner::new(message, header.start()),
        }
    }

    /// The fields of the header that `message` starts with.
    pub fn of_message(message: &'a [u8]) -> Self {
        Self {
            scanner: FieldScanner::new(message, 0),
        }
    }

    /// Where the body starts, once all fields were seen; before that, where the next line starts.
    pub fn pos(&self) -> usize {
        self.scanner.pos()
    }
}

impl Iterator for Fields<'_> {
    type Item = Field;

    fn next(&mut self) -> Option<Field> {
        loop {
            match self.scanner.next() {
                Scanned::Field(field) => return Some(field),
                Scanned::MboxLine | Scanned::Junk => {}
                Scanned::End { .. } => {
                    // The iterator is at its end for good: nothing after the body's start counts.
                    self.scanner.message = self.scanner.message.get(..self.scanner.pos)?;
                    return None;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(message: &str) -> Vec<(String, String)> {
        let text =
            |range: ByteRange| String::from_utf8_lossy(range.of(message.as_bytes())).into_owned();
        Fields::of_message(message.as_bytes())
            .map(|field| (text(field.name), text(field.value)))
            .collect()
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.into(), value.into())
    }

    #[test]
    fn fields_are_found_with_both_line_ends_and_folding() {
        for message in [
            "A: 1\r\nB:2\r\n 3\r\n\t4\r\n\r\nC: 5\r\n",
            "A: 1\nB:2\n 3\n\t4\n\nC: 5\n",
        ] {
            let found = fields(message);
            assert_eq!(found.len(), 2);
            assert_eq!(found[0], pair("A", " 1"));
            assert_eq!(found[1].1.replace('\r', ""), "2\n 3\n\t4");
        }
    }

    #[test]
    fn obsolete_and_broken_lines_are_read_leniently() {
        assert_eq!(fields("Subject : x\n\n"), [pair("Subject", " x")]);
        assert_eq!(fields("From a@b Mon Jan\nA: 1\n\n"), [pair("A", " 1")]);
        assert_eq!(fields("A: 1\nno field\nB: 2\n"), [pair("A", " 1")]);
        let resumed = [pair("A", " 1"), pair("To", " x")];
        assert_eq!(
            fields("A: 1\nbroken fold\nspf=none: y\nTo: x\n\nCc: y\n"),
            resumed
        );
        assert_eq!(fields("A: 1\nbroken fold\n\nTo: x\n"), [pair("A", " 1")]);
        assert_eq!(fields("A: 1\ntext\n--b\nTo: x\n"), [pair("A", " 1")]);
        let junk = format!("A: 1\n{}To: x\n", "junk\n".repeat(MAX_JUNK_LINES));
        assert_eq!(fields(&junk), resumed);
        let junk = format!("A: 1\n{}To: x\n", "junk\n".repeat(MAX_JUNK_LINES + 1));
        assert_eq!(fields(&junk), [pair("A", " 1")]);
        assert_eq!(fields("A: 1\nTwo words: 2\n"), [pair("A", " 1")]);
        assert_eq!(fields(": x\n"), []);
        assert_eq!(fields(" x: y\n"), []);
        assert_eq!(fields("A:"), [pair("A", "")]);
        assert_eq!(fields("A"), []);
    }

    #[test]
    fn an_exhausted_iterator_stays_so() {
        let mut fields = Fields::of_message(b"A: 1\n\nB: 2\n");
        assert!(fields.next().is_some());
        assert!(fields.next().is_none());
        assert!(fields.next().is_none());
        assert_eq!(fields.pos(), 6);
    }
}
