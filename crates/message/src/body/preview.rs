//! The preview: the first words of a message (RFC 8970).

use super::{html::to_text_limited, transfer::decode_transfer};
use crate::{
    charset,
    limits::{MAX_PREVIEW_CHARS, MAX_PREVIEW_SOURCE_BYTES},
    structure::{Content, Part, Structure, TransferEncoding},
};

/// Most parts tried for a preview (8): the first text is nearly always the one.
const MAX_PARTS_TRIED: usize = 8;

/// How far into plain text the preview is looked for first, in bytes (1 KiB: Japanese in UTF-8
/// takes three bytes a character). Every delivery decodes this much.
const NEAR_PLAIN_BYTES: usize = 1024;

/// The same for text that is encoded for transfer, where a character may take nine bytes, and for
/// HTML, where text begins later (4 KiB).
const NEAR_ENCODED_BYTES: usize = 4 * 1024;

/// The first [`MAX_PREVIEW_CHARS`] characters of the message's text, blanks folded; empty when
/// there is no text. Plain text is preferred to HTML, the message itself to embedded ones.
pub fn preview(message: &[u8], structure: &Structure) -> String {
    let mut root = &structure.root;
    loop {
        let mut texts = Texts::default();
        texts.collect(root);
        let candidates = texts
            .plain
            .into_iter()
            .chain(texts.html)
            .take(MAX_PARTS_TRIED);
        let found = candidates
            .map(|part| preview_of(message, part))
            .find(|text| !text.is_empty());
        match (found, texts.embedded) {
            (Some(text), _) => return text,
            (None, Some(embedded)) => root = embedded,
            (None, None) => return String::new(),
        }
    }
}

/// What of a message can be previewed.
#[derive(Default)]
struct Texts<'a> {
    plain: Vec<&'a Part>,
    html: Vec<&'a Part>,
    embedded: Option<&'a Part>,
}

impl<'a> Texts<'a> {
    fn collect(&mut self, part: &'a Part) {
        match &part.content {
            Content::Multipart(children) => {
                for child in children {
                    if self.plain.len() + self.html.len() > MAX_PARTS_TRIED {
                        break;
                    }
                    self.collect(child);
                }
            }
            Content::Message(embedded) => {
                self.embedded.get_or_insert(&embedded.root);
            }
            Content::Single if part.is_attachment() => {}
            Content::Single if part.content_type.is("text", "html") => self.html.push(part),
            Content::Single if part.content_type.is_text() => self.plain.push(part),
            Content::Single => {}
        }
    }
}

/// The first words of `part`: usually found at once near its start.
fn preview_of(message: &[u8], part: &Part) -> String {
    let near_bytes = match part.encoding {
        TransferEncoding::Base64 | TransferEncoding::QuotedPrintable => NEAR_ENCODED_BYTES,
        _ if part.content_type.is("text", "html") => NEAR_ENCODED_BYTES,
        _ => NEAR_PLAIN_BYTES,
    };
    let near = preview_within(message, part, near_bytes);
    if near.chars().count() + 1 >= MAX_PREVIEW_CHARS || part.body.len() as usize <= near_bytes {
        return near;
    }
    preview_within(message, part, MAX_PREVIEW_SOURCE_BYTES)
}

fn preview_within(message: &[u8], part: &Part, limit: usize) -> String {
    let body = part.body.of(message);
    let body = body.get(..limit).unwrap_or(body);
    let bytes = decode_transfer(&part.encoding, body);
    let label = part.content_type.charset().unwrap_or_default();
    let text = charset::decode(&label, &bytes).text;
    if part.content_type.is("text", "html") {
        fold(&to_text_limited(&text, MAX_PREVIEW_CHARS * 16))
    } else {
        fold(&text)
    }
}

/// Blanks folded, invisible characters dropped (HTML mail pads its opening line with them), cut.
fn fold(text: &str) -> String {
    let mut folded = String::new();
    let mut count = 0;
    let mut blank = false;
    for character in text.chars() {
        if character.is_whitespace() || character.is_control() {
            blank = true;
        } else if !is_invisible(character) {
            if blank && count > 0 {
                if count + 1 >= MAX_PREVIEW_CHARS {
                    break;
                }
                folded.push(' ');
                count += 1;
            }
            blank = false;
            folded.push(character);
            count += 1;
            if count == MAX_PREVIEW_CHARS {
                break;
            }
        }
    }
    folded
}

fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{34f}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ParsedMessage;

    fn preview_str(message: &str) -> String {
        preview(
            message.as_bytes(),
            &ParsedMessage::parse(message.as_bytes()).structure,
        )
    }

    #[test]
    fn plain_text_before_html_before_embedded_messages() {
        let html = "--b\nContent-Type: text/html\n\n<style>x</style><p>rich</p>\n";
        let plain = "--b\nContent-Type: text/plain\n\n plain\n\n  text \n";
        let blank = "--b\n\n \n";
        let attached = "--b\nContent-Disposition: attachment\n\nfile\n";
        let mail = "--b\nContent-Type: message/rfc822\n\nSubject: x\n\nforwarded\n";
        let head = "Content-Type: multipart/mixed; boundary=b\n\n";
        let cases = [
            ([html, plain], "plain text"),
            ([blank, html], "rich"),
            ([attached, html], "rich"),
            ([mail, html], "rich"),
            ([mail, blank], "forwarded"),
            ([attached, blank], ""),
        ];
        for (parts, expected) in cases {
            assert_eq!(
                preview_str(&format!("{head}{}--b--\n", parts.concat())),
                expected
            );
        }
    }

    #[test]
    fn the_length_is_bounded_in_characters() {
        assert_eq!(
            preview_str(&format!("\n{}", "山".repeat(1000)))
                .chars()
                .count(),
            256
        );
        let words = preview_str(&format!("\n{}", "a ".repeat(1000)));
        assert_eq!(words.chars().count(), 255);
        assert!(!words.ends_with(' '));
    }

    #[test]
    fn invisible_padding_is_dropped() {
        let html = "Content-Type: text/html\n\nhi&zwnj;&nbsp;&zwnj;&nbsp;&shy;there\u{200b}";
        assert_eq!(preview_str(html), "hi there");
    }

    #[test]
    fn only_the_start_of_a_large_part_is_read() {
        let message = format!("\n{}x", " ".repeat(MAX_PREVIEW_SOURCE_BYTES));
        assert_eq!(preview_str(&message), "");
        let message = format!("\n{}x", " ".repeat(MAX_PREVIEW_SOURCE_BYTES - 1));
        assert_eq!(preview_str(&message), "x");
    }
}
