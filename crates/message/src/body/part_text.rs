//! The text of a part as UTF-8.

use std::borrow::Cow;

use super::transfer::decode_part;
use crate::{
    charset::{self, Charset, Decoded},
    structure::Part,
};

/// The text of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartText<'a> {
    /// The text, with the line ends of the message. `format=flowed` is left as it is.
    pub text: Cow<'a, str>,
    /// The charset it was decoded from.
    pub charset: Charset,
    /// Whether all of it could be decoded.
    pub fidelity: charset::Fidelity,
}

/// The text of `part` of `message`: transfer encoding and charset undone.
pub fn part_text<'a>(message: &'a [u8], part: &Part) -> PartText<'a> {
    let label = part.content_type.charset().unwrap_or_default();
    let is_html = part.content_type.is("text", "html");
    match decode_part(message, part) {
        Cow::Borrowed(bytes) => own(decode(&label, is_html, bytes)),
        Cow::Owned(bytes) => {
            let decoded = decode(&label, is_html, &bytes);
            let (charset, fidelity) = (decoded.charset, decoded.fidelity);
            PartText {
                text: Cow::Owned(decoded.text.into_owned()),
                charset,
                fidelity,
            }
        }
    }
}

fn own(decoded: Decoded<'_>) -> PartText<'_> {
    PartText {
        text: decoded.text,
        charset: decoded.charset,
        fidelity: decoded.fidelity,
    }
}

fn decode<'a>(label: &str, is_html: bool, bytes: &'a [u8]) -> Decoded<'a> {
    if is_html
        && Charset::from_label(label).is_none()
        && let Some(label) = meta_charset(bytes)
    {
        return charset::decode(&label, bytes);
    }
    charset::decode(label, bytes)
}

/// How far into an HTML text its `<meta charset>` is looked for, in bytes (1,024, as in HTML
/// §13.2.3.2).
const META_PRESCAN_BYTES: usize = 1024;

/// The charset that HTML names itself.
fn meta_charset(bytes: &[u8]) -> Option<String> {
    let head = bytes
        .get(..META_PRESCAN_BYTES)
        .unwrap_or(bytes)
        .to_ascii_lowercase();
    let meta = memchr::memmem::find(&head, b"<meta")?;
    let after = head.get(meta..)?;
    let at = memchr::memmem::find(after, b"charset=")?;
    let value = after.get(at + b"charset=".len()..)?;
    let value = value
        .strip_prefix(b"\"")
        .or(value.strip_prefix(b"'"))
        .unwrap_or(value);
    let is_label = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_:.".contains(byte);
    let label: Vec<u8> = value
        .iter()
        .copied()
        .take_while(|byte| is_label(byte))
        .collect();
    String::from_utf8(label)
        .ok()
        .filter(|label| !label.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ParsedMessage;

    fn text(message: &[u8]) -> String {
        let parsed = ParsedMessage::parse(message);
        part_text(message, &parsed.structure.root).text.into_owned()
    }

    #[test]
    fn encodings_and_charsets_are_undone() {
        assert_eq!(
            text(
                b"Content-Type: text/plain; charset=shift_jis\n\
             Content-Transfer-Encoding: base64\n\njlKTYw=="
            ),
            "山田"
        );
        assert_eq!(
            text(
                b"Content-Type: text/plain; charset=utf-8\n\
             Content-Transfer-Encoding: quoted-printable\n\n=E5=B1=\n=B1"
            ),
            "山"
        );
        assert_eq!(text(b"\n\x1b$B;3ED\x1b(B\r\n"), "山田\r\n");
    }

    #[test]
    fn a_late_meta_element_is_not_looked_for() {
        let page = |filler: usize| {
            let head = format!("Content-Type: text/html\n\n{}", " ".repeat(filler));
            let body = b"<meta charset=shift_jis>\xb1\xb2\xb1\xb2\xb1\xb2";
            text(&[head.as_bytes(), body.as_slice()].concat())
        };
        assert!(page(META_PRESCAN_BYTES - 24).ends_with("ｱｲｱｲｱｲ"));
        assert!(!page(META_PRESCAN_BYTES).ends_with("ｱｲｱｲｱｲ"));
    }

    #[test]
    fn html_may_name_its_charset_itself() {
        let head = b"Content-Type: text/html\n\n<html><META content='text/html; charset=euc-jp'>";
        assert!(text(&[&head[..], b"\xbb\xb3"].concat()).ends_with("山"));
        let head = b"Content-Type: text/html; charset=us-ascii\n\n<meta charset=\"Shift_JIS\">";
        assert!(text(&[&head[..], b"\x8eR"].concat()).ends_with("山"));
        // The label of the part counts more.
        let head = b"Content-Type: text/html; charset=utf-8\n\n<meta charset=\"Shift_JIS\">";
        assert!(text(&[&head[..], "山".as_bytes()].concat()).ends_with("山"));
    }
}
