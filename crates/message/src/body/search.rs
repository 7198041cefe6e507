//! What a search looks at, decoded: header values and texts (IMAP SEARCH, later full text).

use std::borrow::Cow;

use super::{html::to_text, part_text::part_text};
use crate::{
    header::Fields,
    range::ByteRange,
    rfc2047,
    structure::{Content, Part, Structure},
};

/// A header field, decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderValue<'a> {
    /// The field's name as written.
    pub name: Cow<'a, str>,
    /// Its value: unfolded, encoded words and raw text decoded.
    pub value: String,
}

/// All fields of a header, decoded, in order.
pub fn header_values(message: &[u8], header: ByteRange) -> impl Iterator<Item = HeaderValue<'_>> {
    Fields::new(message, header).map(move |field| {
        let value = crate::header::unfold(field.value.of(message));
        HeaderValue {
            name: String::from_utf8_lossy(field.name.of(message)),
            value: rfc2047::decode(&value).into_owned(),
        }
    })
}

/// One text that a body search looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SearchText<'a> {
    /// The text of a text part; of HTML what a reader sees.
    Text(Cow<'a, str>),
    /// The file name of a part.
    FileName(String),
    /// The header of an embedded message, one decoded field a line.
    EmbeddedHeader(String),
}

impl SearchText<'_> {
    /// The text, whatever it is.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::FileName(text) | Self::EmbeddedHeader(text) => text,
        }
    }
}

/// The texts of a message's body, in order, decoded one at a time as they are asked for.
pub fn search_texts<'a>(message: &'a [u8], structure: &'a Structure) -> SearchTexts<'a> {
    SearchTexts {
        message,
        parts: vec![&structure.root],
        ready: None,
    }
}

/// Iterator of [`search_texts`].
#[derive(Debug, Clone)]
pub struct SearchTexts<'a> {
    message: &'a [u8],
    parts: Vec<&'a Part>,
    /// The text of the part whose file name was given last.
    ready: Option<&'a Part>,
}

impl<'a> SearchTexts<'a> {
    fn text(&self, part: &'a Part) -> SearchText<'a> {
        let text = part_text(self.message, part).text;
        SearchText::Text(if part.content_type.is("text", "html") {
            Cow::Owned(to_text(&text))
        } else {
            text
        })
    }

    fn embedded_header(&self, root: &Part) -> SearchText<'a> {
        let mut lines = String::new();
        for field in header_values(self.message, root.header) {
            lines.push_str(&field.name);
            lines.push_str(": ");
            lines.push_str(&field.value);
            lines.push('\n');
        }
        SearchText::EmbeddedHeader(lines)
    }
}

impl<'a> Iterator for SearchTexts<'a> {
    type Item = SearchText<'a>;

    fn next(&mut self) -> Option<SearchText<'a>> {
        if let Some(part) = self.ready.take() {
            return Some(self.text(part));
        }
        loop {
            let part = self.parts.pop()?;
            match &part.content {
                Content::Multipart(children) => self.parts.extend(children.iter().rev()),
                Content::Message(embedded) => {
                    self.parts.push(&embedded.root);
                    return Some(self.embedded_header(&embedded.root));
                }
                Content::Single => {
                    let is_text = part.content_type.is_text();
                    if let Some(name) = part.file_name() {
                        self.ready = is_text.then_some(part);
                        return Some(SearchText::FileName(name));
                    }
                    if is_text {
                        return Some(self.text(part));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ParsedMessage;

    #[test]
    fn everything_readable_is_found_in_order() {
        let message = "Subject: =?utf-8?B?5bGx?=\n =?utf-8?B?55Sw?=\n\
         Content-Type: multipart/mixed; boundary=b\n\n\
            --b\n\ntext\n--b\nContent-Type: text/html; name=x.html\n\n<b>bo</b>ld\n\
            --b\nContent-Type: image/png; name=\"=?utf-8?B?5bGx?=.png\"\n\nxx\n\
            --b\nContent-Type: message/rfc822\n\nSubject: =?utf-8?B?55Sw?=\n\ninner\n--b--\n"
            .as_bytes();
        let parsed = ParsedMessage::parse(message);
        let texts: Vec<String> = search_texts(message, &parsed.structure)
            .map(|text| text.as_str().to_owned())
            .collect();
        assert_eq!(
            texts,
            ["text", "x.html", "bold", "山.png", "Subject: 田\n", "inner"]
        );
        let header: Vec<String> = header_values(message, parsed.structure.root.header)
            .map(|field| format!("{}={}", field.name, field.value))
            .collect();
        assert_eq!(header[0], "Subject=山田");
    }
}
