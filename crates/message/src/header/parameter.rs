//! Parameters of Content-Type and Content-Disposition (RFC 2045 §5.1, RFC 2231).
//!
//! Besides the standard's forms these are read: RFC 2047 words in values (against RFC 2047 §5),
//! raw 8-bit values, unquoted values with blanks, an extended value in quotes or without charset,
//! continuations out of order or with mixed forms, single quotes around a charset.

use std::collections::BTreeMap;

use crate::{
    charset,
    cursor::Cursor,
    limits::{MAX_PARAMETER_BYTES, MAX_PARAMETERS},
    rfc2047,
    structure::{Parameter, ParameterForm},
    text::HeaderText,
};

use super::address::Cut;

/// The parameters of one field.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ParameterList {
    /// The parameters in the order in which their names first occur.
    pub parameters: Vec<Parameter>,
    /// Whether something lay beyond [`MAX_PARAMETERS`] or [`MAX_PARAMETER_BYTES`].
    pub cut: Cut,
}

/// Reads `; name=value; …`, what follows the media type or disposition. `text` is unfolded.
pub(super) fn parse(text: &str) -> ParameterList {
    let mut cursor = Cursor::new(text.as_bytes());
    let mut groups: Vec<Group> = Vec::new();
    let mut cut = Cut::No;
    let mut sections = 0;
    while let Some(section) = next_section(&mut cursor) {
        sections += 1;
        if sections > MAX_PARAMETERS {
            cut = Cut::Yes;
            break;
        }
        match groups.iter_mut().find(|group| group.name == section.name) {
            Some(group) => group.add(section),
            None => groups.push(Group::new(section)),
        }
    }
    let parameters = groups
        .into_iter()
        .map(|group| group.join(&mut cut))
        .collect();
    ParameterList { parameters, cut }
}

/// One `name=value`, `name*=value`, `name*1=value` or `name*1*=value`.
#[derive(Debug)]
struct Section {
    name: String,
    index: Option<u16>,
    form: ParameterForm,
    value: Vec<u8>,
}

fn next_section(cursor: &mut Cursor<'_>) -> Option<Section> {
    loop {
        cursor.take_while(|byte| matches!(byte, b' ' | b'\t' | b';' | b','));
        if cursor.at_end() {
            return None;
        }
        if cursor.peek() == Some(b'(') {
            skip_comment(cursor);
            continue;
        }
        let name = cursor.take_while(|byte| !matches!(byte, b'=' | b';'));
        if !cursor.eat(b'=') {
            continue;
        }
        let name = String::from_utf8_lossy(name.trim_ascii()).to_ascii_lowercase();
        let (name, index, form) = split_name(&name);
        if name.is_empty()
            || name
                .bytes()
                .any(|byte| !byte.is_ascii_graphic() || byte == b'"')
        {
            value(cursor, "");
            continue;
        }
        let value = value(cursor, &name);
        return Some(Section {
            name,
            index,
            form,
            value,
        });
    }
}

/// `name*1*` is `name`, section 1, extended.
fn split_name(name: &str) -> (String, Option<u16>, ParameterForm) {
    let (name, form) = match name.strip_suffix('*') {
        Some(name) => (name, ParameterForm::Extended),
        None => (name, ParameterForm::Plain),
    };
    if let Some((base, index)) = name.rsplit_once('*')
        && let Ok(index) = index.parse()
    {
        return (base.to_owned(), Some(index), form);
    }
    (name.to_owned(), None, form)
}

fn skip_comment(cursor: &mut Cursor<'_>) {
    let mut depth = 0_u32;
    while let Some(byte) = cursor.bump() {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b'\\' => cursor.skip(1),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
}

/// A value, quoted or not, without its quoting.
fn value(cursor: &mut Cursor<'_>, name: &str) -> Vec<u8> {
    cursor.take_while(|byte| matches!(byte, b' ' | b'\t'));
    if cursor.peek() == Some(b'"')
        && let Some(content) = quoted(cursor, name)
    {
        return content;
    }
    let raw = cursor.take_while(|byte| byte != b';').trim_ascii();
    let raw = raw.strip_prefix(b"\"").unwrap_or(raw);
    // `charset=us-ascii (Plain text)` has a comment; `name=report (1).pdf` has none.
    let comment = if is_file_name(name) {
        None
    } else {
        memchr::memmem::find(raw, b" (")
    };
    raw.get(..comment.unwrap_or(raw.len()))
        .unwrap_or_default()
        .trim_ascii()
        .to_vec()
}

/// A quoted string; `None`, without moving, when it has no end. Windows paths are found in file
/// names unescaped, so there a backslash that escapes neither quote nor backslash is one.
fn quoted(cursor: &mut Cursor<'_>, name: &str) -> Option<Vec<u8>> {
    let mut ahead = *cursor;
    ahead.skip(1);
    let mut content = Vec::new();
    loop {
        match ahead.bump()? {
            b'"' => break,
            b'\\' => {
                let escaped = ahead.bump()?;
                if is_file_name(name) && !matches!(escaped, b'"' | b'\\') {
                    content.push(b'\\');
                }
                content.push(escaped);
            }
            byte => content.push(byte),
        }
    }
    *cursor = ahead;
    Some(content)
}

fn is_file_name(name: &str) -> bool {
    matches!(name, "name" | "filename")
}

/// All sections of one parameter.
#[derive(Debug)]
struct Group {
    name: String,
    /// `name=`, first one wins.
    plain: Option<Vec<u8>>,
    /// `name*=`, first one wins.
    extended: Option<Vec<u8>>,
    /// `name*0`, `name*1*`, …, first of each wins.
    numbered: BTreeMap<u16, (ParameterForm, Vec<u8>)>,
}

impl Group {
    fn new(section: Section) -> Self {
        let mut group = Self {
            name: section.name.clone(),
            plain: None,
            extended: None,
            numbered: BTreeMap::new(),
        };
        group.add(section);
        group
    }

    fn add(&mut self, section: Section) {
        match (section.index, section.form) {
            (Some(index), form) => {
                self.numbered.entry(index).or_insert((form, section.value));
            }
            (None, ParameterForm::Extended) => {
                self.extended.get_or_insert(section.value);
            }
            (None, ParameterForm::Plain) => {
                self.plain.get_or_insert(section.value);
            }
        }
    }

    /// The parameter's value. The extended form is preferred to the plain one, which mailers add
    /// for old readers (RFC 6266 §4.3 says the same for HTTP).
    fn join(self, cut: &mut Cut) -> Parameter {
        let mut sections: Vec<(ParameterForm, Vec<u8>)> = Vec::new();
        if let Some(extended) = self.extended {
            sections.push((ParameterForm::Extended, extended));
        } else if self.plain.is_none() || self.numbered.contains_key(&0) {
            sections.extend(self.numbered.into_values());
        }
        if sections.is_empty() {
            sections.push((ParameterForm::Plain, self.plain.unwrap_or_default()));
        }
        let mut size = 0;
        sections.retain(|(_, value)| {
            size += value.len();
            let fits = size <= MAX_PARAMETER_BYTES;
            if !fits {
                *cut = Cut::Yes;
            }
            fits
        });
        let any_extended = sections
            .iter()
            .any(|(form, _)| *form == ParameterForm::Extended);
        let name = self.name.into_boxed_str();
        if any_extended {
            let value = join_extended(&sections);
            return Parameter {
                name,
                value,
                form: ParameterForm::Extended,
            };
        }
        let raw: Vec<u8> = sections.into_iter().flat_map(|(_, value)| value).collect();
        let value = HeaderText::from_parts(&raw, &rfc2047::decode(&raw));
        Parameter {
            name,
            value,
            form: ParameterForm::Plain,
        }
    }
}

/// Joins sections of which at least one is percent-encoded.
fn join_extended(sections: &[(ParameterForm, Vec<u8>)]) -> HeaderText {
    let mut label = Vec::new();
    let mut language = Vec::new();
    let mut bytes = Vec::new();
    let mut raw = Vec::new();
    for (index, (form, value)) in sections.iter().enumerate() {
        let mut value = value.as_slice();
        if *form == ParameterForm::Plain {
            bytes.extend_from_slice(value);
            percent_encode(value, &mut raw);
            continue;
        }
        if index == 0
            && let Some((found_label, found_language, rest)) = split_charset(value)
        {
            label = found_label.to_vec();
            language = found_language.to_vec();
            value = rest;
        }
        percent_decode(value, &mut bytes);
        raw.extend_from_slice(value);
    }
    let decoded = charset::decode(&String::from_utf8_lossy(&label), &bytes);
    let raw = [&label, b"'".as_slice(), &language, b"'", &raw].concat();
    HeaderText::from_parts(&raw, &rfc2047::without_controls(&decoded.text))
}

/// `charset'language'rest`.
fn split_charset(value: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let mut pieces = value.splitn(3, |&byte| byte == b'\'');
    match (pieces.next(), pieces.next(), pieces.next()) {
        (Some(label), Some(language), Some(rest)) => Some((label, language, rest)),
        _ => None,
    }
}

fn percent_decode(value: &[u8], into: &mut Vec<u8>) {
    let mut cursor = Cursor::new(value);
    while let Some(byte) = cursor.bump() {
        let digit = |ahead| {
            cursor
                .peek_at(ahead)
                .and_then(|byte| char::from(byte).to_digit(16))
        };
        if byte == b'%'
            && let (Some(high), Some(low)) = (digit(0), digit(1))
        {
            into.push(u8::try_from(high * 16 + low).unwrap_or_default());
            cursor.skip(2);
        } else {
            into.push(byte);
        }
    }
}

fn percent_encode(value: &[u8], into: &mut Vec<u8>) {
    for &byte in value {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            into.push(byte);
        } else {
            into.extend_from_slice(format!("%{byte:02X}").as_bytes());
        }
    }
}

#[cfg(test)]
mod tests;
