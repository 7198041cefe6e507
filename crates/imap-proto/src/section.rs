//! Which part of a message a FETCH means.

use std::num::NonZeroU32;

use crate::{
    parse::{Cursor, Parsed},
    sequence::write_number,
};

/// What of a part is meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SectionText {
    /// Everything of it: `BODY[]` the whole message, `BODY[2]` the body of part 2.
    Whole,
    /// The header of the message, or of the message in that part.
    Header,
    /// Those fields of the header.
    HeaderFields(Vec<String>),
    /// The header without those fields.
    HeaderFieldsNot(Vec<String>),
    /// The body without the header.
    Text,
    /// The MIME header of that part.
    Mime,
}

/// A section specification.
///
/// ```abnf
/// section      = "[" [section-spec] "]"
/// section-spec = section-msgtext / (section-part ["." section-text])
/// section-part = nz-number *("." nz-number)
/// section-text = section-msgtext / "MIME"
/// section-msgtext = "HEADER" / "HEADER.FIELDS" [".NOT"] SP header-list / "TEXT"
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Section {
    /// The way down to the part; empty for the message itself.
    pub part: Vec<NonZeroU32>,
    /// What of it.
    pub text: SectionText,
}

/// A cut out of a section.
///
/// ```abnf
/// partial = "<" number "." nz-number ">"
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Partial {
    /// The first byte wanted, from 0.
    pub offset: u32,
    /// How many bytes are wanted at most.
    pub length: NonZeroU32,
}

impl Section {
    /// The whole message.
    pub const WHOLE: Self = Self {
        part: Vec::new(),
        text: SectionText::Whole,
    };

    pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        cursor.expect(b'[', "a section in brackets")?;
        let mut part = Vec::new();
        while cursor.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            if part.len() == cursor.limits().section_depth {
                return cursor.too_much("part numbers");
            }
            part.push(cursor.nz_number("a part number")?);
            if !cursor.take(b'.') {
                cursor.expect(b']', "a dot or the closing bracket of a section")?;
                let text = SectionText::Whole;
                return Ok(Self { part, text });
            }
        }
        if part.is_empty() && cursor.take(b']') {
            return Ok(Self::WHOLE);
        }
        let text = Self::text(cursor, !part.is_empty())?;
        cursor.expect(b']', "the closing bracket of a section")?;
        Ok(Self { part, text })
    }

    fn text(cursor: &mut Cursor<'_>, in_part: bool) -> Parsed<SectionText> {
        if cursor.take_word("HEADER.FIELDS.NOT ") {
            return Self::fields(cursor).map(SectionText::HeaderFieldsNot);
        }
        if cursor.take_word("HEADER.FIELDS ") {
            return Self::fields(cursor).map(SectionText::HeaderFields);
        }
        if cursor.take_word("HEADER") {
            return Ok(SectionText::Header);
        }
        if cursor.take_word("TEXT") {
            return Ok(SectionText::Text);
        }
        if in_part && cursor.take_word("MIME") {
            return Ok(SectionText::Mime);
        }
        cursor.expected("a section")
    }

    /// ```abnf
    /// header-list     = "(" header-fld-name *(SP header-fld-name) ")"
    /// header-fld-name = astring
    /// ```
    fn fields(cursor: &mut Cursor<'_>) -> Parsed<Vec<String>> {
        let limit = cursor.limits().header_fields;
        let fields = cursor.list((limit, "header fields"), |cursor| {
            let start = cursor.clone();
            let name = cursor.astring("a header field name")?;
            match std::str::from_utf8(&name) {
                Ok(name) if name.bytes().all(|byte| (0x20..0x7f).contains(&byte)) => {
                    Ok(name.to_owned())
                }
                _ => start.expected("a header field name in ASCII"),
            }
        })?;
        if fields.is_empty() {
            return cursor.expected("at least one header field name before this");
        }
        Ok(fields)
    }

    /// Writes it as an answer names it: brackets included.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.push(b'[');
        for (index, number) in self.part.iter().enumerate() {
            if index > 0 {
                out.push(b'.');
            }
            write_number(number.get(), out);
        }
        if !self.part.is_empty() && self.text != SectionText::Whole {
            out.push(b'.');
        }
        let (word, fields) = match &self.text {
            SectionText::Whole => ("", None),
            SectionText::Header => ("HEADER", None),
            SectionText::Text => ("TEXT", None),
            SectionText::Mime => ("MIME", None),
            SectionText::HeaderFields(fields) => ("HEADER.FIELDS (", Some(fields)),
            SectionText::HeaderFieldsNot(fields) => ("HEADER.FIELDS.NOT (", Some(fields)),
        };
        out.extend_from_slice(word.as_bytes());
        if let Some(fields) = fields {
            for (index, field) in fields.iter().enumerate() {
                if index > 0 {
                    out.push(b' ');
                }
                crate::response::write_astring(field.as_bytes(), out);
            }
            out.push(b')');
        }
        out.push(b']');
    }
}

impl Partial {
    pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Option<Self>> {
        if !cursor.take(b'<') {
            return Ok(None);
        }
        let offset = cursor.number("the first byte of a partial fetch")?;
        cursor.expect(b'.', "a dot in a partial fetch")?;
        let length = cursor.nz_number("the length of a partial fetch")?;
        cursor.expect(b'>', "the closing > of a partial fetch")?;
        Ok(Some(Self { offset, length }))
    }

    /// What of `length` bytes is meant.
    pub fn range(self, length: usize) -> std::ops::Range<usize> {
        let start = usize::try_from(self.offset)
            .unwrap_or(usize::MAX)
            .min(length);
        let wanted = usize::try_from(self.length.get()).unwrap_or(usize::MAX);
        start..start.saturating_add(wanted).min(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;

    fn section(text: &str) -> Result<Section, String> {
        let limits = Limits::default();
        let mut cursor = Cursor::over(text.as_bytes(), &limits);
        let section = Section::parse(&mut cursor).map_err(|error| error.to_string())?;
        cursor.end().map_err(|error| error.to_string())?;
        Ok(section)
    }

    #[test]
    fn sections_are_written_as_they_are_read() {
        for text in [
            "[]",
            "[HEADER]",
            "[TEXT]",
            "[1]",
            "[1.2.3]",
            "[4294967295]",
            "[1.MIME]",
            "[4.2.HEADER]",
            "[4.TEXT]",
            "[HEADER.FIELDS (From To)]",
            "[HEADER.FIELDS.NOT (X-A)]",
            "[2.HEADER.FIELDS (DATE)]",
            "[HEADER.FIELDS (\"a b\")]",
        ] {
            let mut out = Vec::new();
            section(text).unwrap().write(&mut out);
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
        assert_eq!(
            section("[header.fields (\"DATE\" to )]"),
            section("[HEADER.FIELDS (DATE to)]")
        );
    }

    #[test]
    fn wrong_sections_are_refused() {
        for text in [
            "",
            "[",
            "[0]",
            "[1.]",
            "[.1]",
            "[MIME]",
            "[HEADERS]",
            "[1.FOO]",
            "[HEADER.FIELDS]",
            "[HEADER.FIELDS ()]",
            "[HEADER.FIELDS (a]",
            "[TEXT.1]",
            "[1 ]",
            "[1.2",
            "[HEADER.FIELDS(a)]",
            "[HEADER.FIELDS (é)]",
        ] {
            assert!(section(text).is_err(), "{text:?}");
        }
        let deep = format!("[{}1]", "1.".repeat(Limits::default().section_depth));
        assert_eq!(
            section(&deep).unwrap_err(),
            "too many or too long: part numbers"
        );
        let wide = format!("[HEADER.FIELDS ({})]", "a ".repeat(101));
        assert_eq!(
            section(&wide).unwrap_err(),
            "too many or too long: header fields"
        );
    }

    #[test]
    fn a_partial_is_cut_to_what_there_is() {
        let limits = Limits::default();
        let read = |text: &str| Partial::parse(&mut Cursor::over(text.as_bytes(), &limits));
        let partial = read("<2.3>").unwrap().unwrap();
        assert_eq!(partial.range(10), 2..5);
        assert_eq!(partial.range(4), 2..4);
        assert_eq!(partial.range(1), 1..1);
        assert_eq!(
            read("<4294967295.4294967295>").unwrap().unwrap().range(9),
            9..9
        );
        assert_eq!(read(" "), Ok(None));
        for text in [
            "<",
            "<0>",
            "<0.0>",
            "<.1>",
            "<1.2",
            "<-1.2>",
            "<4294967296.1>",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
