//! The fields that describe a part (RFC 2045, RFC 2183, RFC 3282, RFC 2557).

use super::{address::Cut, parameter, structured_text, unfold};
use crate::{
    charset::Charset,
    limits::{MAX_FIELD_BYTES, MAX_LANGUAGES, MAX_TEXT_FIELD_BYTES},
    rfc2047,
    structure::{ContentType, Disposition},
    text::HeaderText,
};

/// Longest media type, disposition or language tag kept, in bytes (127, RFC 6838 §4.2).
const MAX_TOKEN_BYTES: usize = 127;

/// A read field and whether something of it was left out at a limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read<T> {
    /// The field's meaning; `None` when it has none.
    pub value: Option<T>,
    /// Whether a limit cut something off.
    pub cut: Cut,
}

/// Reads Content-Type. A type without subtype, as old mailers wrote `text`, gets the usual one.
pub fn content_type(value: &[u8]) -> Read<ContentType> {
    let (text, mut cut) = limited(value);
    let head = text.split(';').next().unwrap_or_default();
    let (main, after_main) = token(head);
    if main.is_empty() {
        return Read { value: None, cut };
    }
    let (sub, rest) = match after_main.trim_start().strip_prefix('/') {
        Some(after) => token(after),
        None => (usual_subtype(&main).to_owned(), after_main),
    };
    if sub.is_empty() {
        return Read { value: None, cut };
    }
    // Some mailers forget the first semicolon: `text/plain charset=utf-8`.
    let skipped = head.len() - rest.len();
    let parameters = parameter::parse(text.get(skipped..).unwrap_or_default());
    cut = worse(cut, parameters.cut);
    let value = ContentType {
        parameters: parameters.parameters,
        ..ContentType::new(&main, &sub)
    };
    Read {
        value: Some(value),
        cut,
    }
}

/// Reads Content-Disposition. `attachment` is assumed when there are parameters only.
pub fn disposition(value: &[u8]) -> Read<Disposition> {
    let (text, mut cut) = limited(value);
    let head = text.split(';').next().unwrap_or_default();
    let (kind, rest) = token(head);
    let starts_with_parameter = rest.trim_start().starts_with('=');
    let skipped = if starts_with_parameter {
        0
    } else {
        head.len() - rest.len()
    };
    let parameters = parameter::parse(text.get(skipped..).unwrap_or_default());
    cut = worse(cut, parameters.cut);
    let kind = if starts_with_parameter || kind.is_empty() {
        if parameters.parameters.is_empty() {
            return Read { value: None, cut };
        }
        "attachment".into()
    } else {
        kind.into_boxed_str()
    };
    let value = Disposition {
        kind,
        parameters: parameters.parameters,
    };
    Read {
        value: Some(value),
        cut,
    }
}

/// Reads Content-Language: at most [`MAX_LANGUAGES`] tags.
pub fn languages(value: &[u8]) -> Vec<Box<str>> {
    let text = structured_text(head_of(value), None);
    let tags = text
        .split(',')
        .map(|tag| token(tag).0)
        .filter(|tag| !tag.is_empty());
    tags.take(MAX_LANGUAGES)
        .map(String::into_boxed_str)
        .collect()
}

/// A field that is a text, like Content-Description: kept up to [`MAX_TEXT_FIELD_BYTES`].
/// `near` is the charset of text next to it.
pub fn text(value: &[u8], near: Option<Charset>) -> HeaderText {
    let raw = unfold(head_of(value));
    HeaderText::from_parts(&raw, &rfc2047::decode_near(&raw, near))
}

/// A field that is one word, like Content-ID or Content-MD5, blanks within it removed; `None`
/// when empty. RFC 2557 §4.4.2 has long Content-Location values folded at any place.
pub fn word(value: &[u8]) -> Option<Box<str>> {
    let text = structured_text(head_of(value), None);
    let word: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && !c.is_control())
        .collect();
    (!word.is_empty()).then(|| word.into_boxed_str())
}

/// The part of a text field that is looked at.
pub(crate) fn head_of(value: &[u8]) -> &[u8] {
    value.get(..MAX_TEXT_FIELD_BYTES).unwrap_or(value)
}

fn limited(value: &[u8]) -> (String, Cut) {
    let cut = if value.len() > MAX_FIELD_BYTES {
        Cut::Yes
    } else {
        Cut::No
    };
    let value = value.get(..MAX_FIELD_BYTES).unwrap_or(value);
    (structured_text(value, None).into_owned(), cut)
}

fn worse(one: Cut, other: Cut) -> Cut {
    if one == Cut::Yes { one } else { other }
}

/// A lower-case token after blanks, and what follows it.
fn token(text: &str) -> (String, &str) {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '"');
    let is_token = |c: char| c.is_ascii_graphic() && !"()<>@,;:\\\"/[]?=".contains(c);
    let end = text.find(|c| !is_token(c)).unwrap_or(text.len());
    let (token, rest) = text.split_at(end.min(text.len()));
    let token = token.get(..MAX_TOKEN_BYTES).unwrap_or(token);
    (token.to_ascii_lowercase(), rest)
}

fn usual_subtype(main: &str) -> &'static str {
    match main {
        "text" => "plain",
        "multipart" => "mixed",
        "message" => "rfc822",
        "application" => "octet-stream",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn media(value: &str) -> Option<String> {
        let found = content_type(value.as_bytes()).value?;
        let mut rendered = vec![format!("{}/{}", found.main, found.sub)];
        for parameter in &found.parameters {
            rendered.push(format!(
                "{}={}",
                parameter.wire_name(),
                parameter.value.decoded()
            ));
        }
        Some(rendered.join(";"))
    }

    #[test]
    fn content_types_are_read_leniently() {
        let cases = [
            (
                " Text/Plain; charset=\"UTF-8\"\r\n",
                Some("text/plain;charset=UTF-8"),
            ),
            ("text/plain charset=utf-8", Some("text/plain;charset=utf-8")),
            ("text / html ; a=b", Some("text/html;a=b")),
            ("text", Some("text/plain")),
            ("multipart; boundary=x", Some("multipart/mixed;boundary=x")),
            ("text/plain (comment); a=b", Some("text/plain;a=b")),
            ("\"text/plain\"", Some("text/plain")),
            ("application/x-foo+bar.v1", Some("application/x-foo+bar.v1")),
            ("image", None),
            ("image/", None),
            (";charset=utf-8", None),
            ("", None),
        ];
        for (value, expected) in cases {
            assert_eq!(media(value).as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn dispositions_are_read_leniently() {
        let read = |value: &str| {
            disposition(value.as_bytes()).value.map(|found| {
                let name = found
                    .parameter("filename")
                    .map(|name| name.decoded().into_owned());
                (found.kind.into_string(), name)
            })
        };
        let some = |kind: &str, name: Option<&str>| Some((kind.into(), name.map(String::from)));
        assert_eq!(
            read("ATTACHMENT; filename=a.txt"),
            some("attachment", Some("a.txt"))
        );
        assert_eq!(read("inline"), some("inline", None));
        assert_eq!(read("filename=a.txt"), some("attachment", Some("a.txt")));
        assert_eq!(read("; filename=a.txt"), some("attachment", Some("a.txt")));
        assert_eq!(
            read("attachment filename=a.txt"),
            some("attachment", Some("a.txt"))
        );
        assert_eq!(read(""), None);
    }

    #[test]
    fn names_and_fields_are_cut() {
        let long = content_type(format!("text/{}", "x".repeat(1000)).as_bytes())
            .value
            .unwrap();
        assert_eq!(long.sub.len(), MAX_TOKEN_BYTES);
        let field = format!("text/plain; x={}; y=z", " ".repeat(MAX_FIELD_BYTES));
        let read = content_type(field.as_bytes());
        assert_eq!(read.cut, Cut::Yes);
        assert_eq!(read.value.unwrap().parameter("y"), None);
    }

    #[test]
    fn languages_and_words() {
        assert_eq!(
            languages(b" ja, EN-us ,, x"),
            ["ja".into(), "en-us".into(), "x".into()]
        );
        assert_eq!(languages("a,".repeat(100).as_bytes()).len(), MAX_LANGUAGES);
        assert_eq!(word(b" <a@\r\n b> ").as_deref(), Some("<a@b>"));
        assert_eq!(word(b" \r\n"), None);
    }
}
