//! Lines with `{*}`, `{#}` and `{name}`.

use super::Kept;

/// One part of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part<'a> {
    Text(&'a str),
    Any,
    Digits,
    Name(&'a str),
}

/// Whether the line is like the pattern. If it is, what stands for new names is kept.
pub fn matches(pattern: &str, line: &str, kept: &mut Kept) -> bool {
    let parts = parts(pattern);
    let mut found = Kept::new();
    if !matches_from(&parts, line, kept, &mut found) {
        return false;
    }
    kept.append(&mut found);
    true
}

fn parts(pattern: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = pattern;
    while let Some(open) = rest.find('{') {
        let (before, after) = rest.split_at(open);
        let close = after.find('}').map(|close| &after[1..close]);
        let part = match close {
            Some("*") => Part::Any,
            Some("#") => Part::Digits,
            Some(name) if is_name(name) => Part::Name(name),
            // A brace that is no wildcard, such as an IMAP literal's.
            _ => {
                parts.push(Part::Text(&rest[..=open]));
                rest = &rest[open + 1..];
                continue;
            }
        };
        parts.push(Part::Text(before));
        parts.push(part);
        rest = &after[close.map_or(0, str::len) + 2..];
    }
    parts.push(Part::Text(rest));
    parts
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

fn matches_from(parts: &[Part<'_>], line: &str, kept: &Kept, found: &mut Kept) -> bool {
    let Some((part, others)) = parts.split_first() else {
        return line.is_empty();
    };
    let known = |name: &str, found: &Kept| kept.get(name).or_else(|| found.get(name)).cloned();
    match part {
        Part::Text(text) => line
            .strip_prefix(text)
            .is_some_and(|rest| matches_from(others, rest, kept, found)),
        Part::Name(name) if known(name, found).is_some() => {
            let value = known(name, found).unwrap_or_default();
            line.strip_prefix(value.as_str())
                .is_some_and(|rest| matches_from(others, rest, kept, found))
        }
        Part::Any | Part::Digits | Part::Name(_) => {
            let ends = line.char_indices().map(|(at, _)| at).chain([line.len()]);
            for end in ends {
                let (value, rest) = line.split_at(end);
                let is_allowed = match part {
                    Part::Digits => !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()),
                    Part::Name(_) => !value.is_empty(),
                    _ => true,
                };
                let mut attempt = found.clone();
                if let Part::Name(name) = part {
                    attempt.insert((*name).to_owned(), value.to_owned());
                }
                if is_allowed && matches_from(others, rest, kept, &mut attempt) {
                    *found = attempt;
                    return true;
                }
            }
            false
        }
    }
}

#[test]
fn patterns_match_and_keep() {
    let mut kept = Kept::new();
    for (pattern, line, expected) in [
        ("250 OK", "250 OK", true),
        ("250 OK", "250 OK.", false),
        ("250 {*}", "250 ", true),
        ("{*} OK", "250 2.0.0 OK", true),
        ("{#} OK", "250 OK", true),
        ("{#} OK", "x OK", false),
        ("{#}", "", false),
        ("* {#} FETCH (BODY[] {5}", "* 12 FETCH (BODY[] {5}", true),
        ("{5} {*}", "{6} x", false),
        ("id {id};{*}", "id 42; x", true),
        ("again {id}", "again 42", true),
        ("again {id}", "again 43", false),
        ("{a}-{a}", "x-x", true),
        ("{b}-{b}", "x-y", false),
        ("{*}", "日本", true),
    ] {
        assert_eq!(
            matches(pattern, line, &mut kept),
            expected,
            "{pattern:?} {line:?}"
        );
    }
    let values: Vec<_> = kept
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(values, ["a=x", "id=42"]);
}
