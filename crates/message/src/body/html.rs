//! A crude reading of HTML as text, for previews and for search. Not for display: the result is
//! plain text and must be escaped like any other.

use crate::cursor::Cursor;

/// Longest character reference looked at, in bytes (32).
const MAX_REFERENCE_BYTES: usize = 32;

/// The text of an HTML document: tags, comments, style sheets and scripts removed, character
/// references resolved, blanks folded, block elements separated by a space.
pub fn to_text(html: &str) -> String {
    to_text_limited(html, usize::MAX)
}

/// The same, ending soon after `limit` bytes of text.
pub(super) fn to_text_limited(html: &str, limit: usize) -> String {
    let mut reader = Reader {
        html,
        cursor: Cursor::new(html.as_bytes()),
        text: String::new(),
        limit,
        head_is_open_ended: false,
    };
    reader.read();
    reader.text
}

struct Reader<'a> {
    html: &'a str,
    cursor: Cursor<'a>,
    text: String,
    limit: usize,
    /// Set once a `<head>` turned out to have no end, so that it is not looked for again.
    head_is_open_ended: bool,
}

impl Reader<'_> {
    fn read(&mut self) {
        while self.text.len() < self.limit {
            match self.cursor.peek() {
                None => break,
                Some(b'<') => self.markup(),
                Some(b'&') => self.reference(),
                Some(_) => self.run(),
            }
        }
        let end = self.text.trim_end().len();
        self.text.truncate(end);
    }

    fn run(&mut self) {
        let start = self.cursor.pos();
        self.cursor.take_while(|byte| byte != b'<' && byte != b'&');
        // The ends of the run are ASCII or the end of the text, so this is always a whole string.
        let run = self.html.get(start..self.cursor.pos()).unwrap_or_default();
        for character in run.chars() {
            self.push(character);
        }
    }

    fn push(&mut self, character: char) {
        if !character.is_whitespace() {
            self.text.push(character);
        } else if !self.text.is_empty() && !self.text.ends_with(' ') {
            self.text.push(' ');
        }
    }

    /// A tag or comment; a `<` that starts neither is text.
    fn markup(&mut self) {
        let rest = self.cursor.rest();
        if rest.starts_with(b"<!--") {
            let end = memchr::memmem::find(rest, b"-->").map_or(rest.len(), |at| at + 3);
            self.cursor.skip(end);
            return;
        }
        let closing = rest.get(1) == Some(&b'/');
        let name_start = if closing { 2 } else { 1 };
        let name: Vec<u8> = rest
            .iter()
            .skip(name_start)
            .take(16)
            .take_while(|byte| byte.is_ascii_alphanumeric())
            .map(u8::to_ascii_lowercase)
            .collect();
        let declared = matches!(rest.get(1), Some(b'!' | b'?'));
        if name.is_empty() && !declared && !closing {
            self.cursor.skip(1);
            self.push('<');
            return;
        }
        self.skip_tag();
        let silent = match name.as_slice() {
            b"style" | b"script" | b"title" => true,
            b"head" => !self.head_is_open_ended,
            _ => false,
        };
        if silent && !closing {
            self.skip_element(&name);
        }
        if !is_inline(&name) {
            self.push(' ');
        }
    }

    /// Skips to the end of a tag; a `>` in a quoted attribute is none.
    fn skip_tag(&mut self) {
        let mut quote = None;
        while let Some(byte) = self.cursor.bump() {
            match (quote, byte) {
                (None, b'>') => break,
                (None, b'"' | b'\'') if self.follows_equals() => quote = Some(byte),
                (Some(open), _) if open == byte => quote = None,
                _ => {}
            }
        }
    }

    /// Whether the quote just taken starts an attribute's value; apostrophes elsewhere in broken
    /// tags must not swallow the text.
    fn follows_equals(&self) -> bool {
        let before = self
            .html
            .as_bytes()
            .get(..self.cursor.pos().saturating_sub(1));
        before.is_some_and(|before| before.trim_ascii_end().ends_with(b"="))
    }

    /// Skips an element without text, to its closing tag. `head` holds no text itself, and ends
    /// where the body starts also when it is not closed.
    fn skip_element(&mut self, name: &[u8]) {
        let rest = self.cursor.rest();
        let mut from = 0;
        while let Some(at) = rest.get(from..).and_then(|tail| memchr::memchr(b'<', tail)) {
            let tag = rest.get(from + at + 1..).unwrap_or_default();
            let closes = tag.first() == Some(&b'/') && starts_with_name(tag.get(1..), name);
            if closes || (name == b"head" && starts_with_name(Some(tag), b"body")) {
                self.cursor.skip(from + at);
                if closes {
                    self.skip_tag();
                }
                return;
            }
            from += at + 1;
        }
        if name == b"head" {
            self.head_is_open_ended = true;
        } else {
            self.cursor.skip(rest.len());
        }
    }

    fn reference(&mut self) {
        let start = self.cursor.pos();
        let body = self.html.get(start + 1..).unwrap_or_default();
        let end = body
            .bytes()
            .take(MAX_REFERENCE_BYTES)
            .position(|byte| byte == b';');
        let name = end.and_then(|end| body.get(..end));
        if let Some(character) = name.and_then(resolve) {
            self.push(character);
            self.cursor.skip(end.unwrap_or_default() + 2);
        } else {
            self.push('&');
            self.cursor.skip(1);
        }
    }
}

fn starts_with_name(tag: Option<&[u8]>, name: &[u8]) -> bool {
    tag.and_then(|tag| tag.get(..name.len()))
        .is_some_and(|head| head.eq_ignore_ascii_case(name))
}

/// Elements that do not separate words.
fn is_inline(name: &[u8]) -> bool {
    matches!(
        name,
        b"a" | b"b"
            | b"i"
            | b"u"
            | b"s"
            | b"em"
            | b"strong"
            | b"span"
            | b"font"
            | b"small"
            | b"big"
            | b"sub"
            | b"sup"
            | b"tt"
            | b"code"
            | b"mark"
            | b"abbr"
            | b"wbr"
            | b"ins"
            | b"del"
            | b"ruby"
            | b"rb"
    )
}

/// The character that a reference names: the common ones; the rest stays as written.
fn resolve(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        let character = char::from_u32(code)?;
        return Some(if character.is_control() {
            ' '
        } else {
            character
        });
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" | "ensp" | "emsp" | "thinsp" => ' ',
        "zwnj" => '\u{200c}',
        "zwj" => '\u{200d}',
        "shy" => '\u{ad}',
        "copy" => '©',
        "reg" => '®',
        "trade" => '™',
        "yen" => '¥',
        "euro" => '€',
        "middot" => '·',
        "bull" => '•',
        "hellip" => '…',
        "ndash" => '–',
        "mdash" => '—',
        "lsquo" => '‘',
        "rsquo" => '’',
        "ldquo" => '“',
        "rdquo" => '”',
        "laquo" => '«',
        "raquo" => '»',
        "times" => '×',
        "rarr" => '→',
        "larr" => '←',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_taken_out_of_html() {
        let cases = [
            ("<p>Hello <b>wor</b>ld</p><p>x</p>", "Hello world x"),
            (
                "<html><head><title>t</title><style>p{}</style></head><body>a</body>",
                "a",
            ),
            ("<head><meta x><body>a", "a"),
            ("<head><p>no body tag", "no body tag"),
            ("a<!-- <p>b</p> -->c", "ac"),
            ("a<br>b<br/>c", "a b c"),
            ("<a href=\"x>y\" title='z'>l</a>", "l"),
            ("<p it's>text</p>", "text"),
            ("1 < 2 && 3 > 2", "1 < 2 && 3 > 2"),
            (
                "&amp;&#x5c71;&#30000;&nbsp;&unknown;&#0;",
                "&山田 &unknown;",
            ),
            ("<script>if (a<b) {}</script>x", "x"),
            ("<style>unclosed", ""),
            ("<!-- unclosed", ""),
            ("<p", ""),
            ("&", "&"),
            ("  a \r\n\t b  ", "a b"),
            ("<!DOCTYPE html><?xml?>x", "x"),
        ];
        for (html, expected) in cases {
            assert_eq!(to_text(html), expected, "{html}");
        }
    }

    #[test]
    fn cost_is_linear() {
        for piece in ["<style>", "<head>", "&", "<", "<!--", "<p '", "<p =\""] {
            let html = piece.repeat(200_000);
            assert!(to_text(&html).len() <= html.len());
        }
    }

    #[test]
    fn an_endless_reference_is_text() {
        let padded = |zeros: usize| format!("&#{}65;", "0".repeat(zeros));
        assert_eq!(to_text(&padded(MAX_REFERENCE_BYTES - 4)), "A");
        assert_eq!(
            to_text(&padded(MAX_REFERENCE_BYTES)),
            padded(MAX_REFERENCE_BYTES)
        );
    }

    #[test]
    fn a_limit_ends_the_reading() {
        let html = "a ".repeat(100_000);
        assert!(to_text_limited(&html, 100).len() <= html.len());
        assert_eq!(to_text_limited("<p>abc</p><p>def</p>", 2), "abc");
    }
}
