//! Message ids in Message-ID, In-Reply-To and References (RFC 5322 §3.6.4).

use memchr::memchr;

use crate::{
    cursor::trim,
    limits::{MAX_MESSAGE_ID_BYTES, MAX_REFERENCES},
};

/// The ids in a field's raw value, without angle brackets, in order, each once, at most
/// [`MAX_REFERENCES`]: of a longer list the first one and the last ones, which matter for threads.
///
/// Text between ids (old In-Reply-To fields hold phrases) is ignored. Folding within an id, which
/// some mailers do with long ones, is undone.
pub fn parse_list(value: &[u8]) -> Vec<Box<str>> {
    let mut ids: Vec<Box<str>> = Vec::new();
    let mut rest = value;
    while let Some(open) = memchr(b'<', rest) {
        rest = rest.get(open + 1..).unwrap_or_default();
        let Some(close) = memchr(b'>', rest) else {
            break;
        };
        let inner = rest.get(..close).unwrap_or_default();
        rest = rest.get(close + 1..).unwrap_or_default();
        // `<` within an id means that an earlier `>` was lost.
        let inner = inner
            .rsplit(|&byte| byte == b'<')
            .next()
            .unwrap_or_default();
        ids.extend(id(inner));
        if ids.len() > MAX_REFERENCES * 2 {
            keep_ends(&mut ids);
        }
    }
    if ids.len() > MAX_REFERENCES {
        keep_ends(&mut ids);
    }
    let mut seen = std::collections::HashSet::new();
    ids.retain(|id| seen.insert(id.clone()));
    ids
}

/// The id of a Message-ID field; without angle brackets. A bare id without brackets is taken too.
pub fn parse_one(value: &[u8]) -> Option<Box<str>> {
    parse_list(value).into_iter().next().or_else(|| {
        let value = trim(value);
        let bare = !value.is_empty()
            && !value
                .iter()
                .any(|&byte| byte.is_ascii_whitespace() || b"<>".contains(&byte));
        if bare { id(value) } else { None }
    })
}

fn keep_ends(ids: &mut Vec<Box<str>>) {
    let surplus = ids.len().saturating_sub(MAX_REFERENCES);
    ids.drain(1..=surplus);
}

fn id(inner: &[u8]) -> Option<Box<str>> {
    let inner: Vec<u8> = inner
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace() && *byte >= b' ')
        .collect();
    let fits = !inner.is_empty() && inner.len() <= MAX_MESSAGE_ID_BYTES;
    fits.then(|| String::from_utf8_lossy(&inner).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(value: &str) -> Vec<String> {
        parse_list(value.as_bytes())
            .into_iter()
            .map(String::from)
            .collect()
    }

    #[test]
    fn ids_are_found_in_lists_and_in_phrases() {
        assert_eq!(list(" <a@b>\r\n <c@d> <a@b>"), ["a@b", "c@d"]);
        assert_eq!(list("Your message of Mon <a@b> (x)"), ["a@b"]);
        assert_eq!(list("<a@b><c@d>,<e@f>"), ["a@b", "c@d", "e@f"]);
        assert_eq!(list("<long-\r\n id@b>"), ["long-id@b"]);
        assert_eq!(list("<lost@x <c@d>"), ["c@d"]);
        assert_eq!(list("<> <unclosed"), [""; 0]);
    }

    #[test]
    fn a_bare_message_id_is_taken() {
        assert_eq!(parse_one(b" a@b \r\n").as_deref(), Some("a@b"));
        assert_eq!(parse_one(b" <a@b> x").as_deref(), Some("a@b"));
        assert_eq!(parse_one(b" two words").as_deref(), None);
        assert_eq!(parse_one(b"").as_deref(), None);
    }

    #[test]
    fn long_lists_keep_their_first_and_last_ids() {
        let value = (0..1000)
            .map(|n| format!("<{n}@x> "))
            .collect::<Vec<_>>()
            .concat();
        let ids = list(&value);
        assert_eq!(ids.len(), MAX_REFERENCES);
        assert_eq!(ids.first().map(String::as_str), Some("0@x"));
        assert_eq!(ids.get(1).map(String::as_str), Some("801@x"));
        assert_eq!(ids.last().map(String::as_str), Some("999@x"));
    }

    #[test]
    fn an_endless_id_is_no_id() {
        let value = format!("<{}@x> <a@b>", "y".repeat(MAX_MESSAGE_ID_BYTES));
        assert_eq!(list(&value), ["a@b"]);
    }
}
