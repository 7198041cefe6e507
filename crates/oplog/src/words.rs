//! Searching for words: case and width do not matter.

use unicode_normalization::UnicodeNormalization;

use crate::body::Body;

/// Words of one search at most; each is another condition.
const MAX_WORDS: usize = 8;

/// What an entry is found by.
pub(crate) fn of(body: &Body) -> String {
    let on_behalf_of = body.on_behalf_of.as_ref().map(|actor| actor.name.as_str());
    let parts = [
        Some(body.action.as_str()),
        Some(body.actor.name.as_str()),
        on_behalf_of,
        Some(body.target.id.as_str()),
        Some(body.target.name.as_str()),
        body.reason.as_deref(),
    ];
    let parts: Vec<&str> = parts.into_iter().flatten().collect();
    folded(&parts.join(" "))
}

/// The patterns for LIKE … ESCAPE '\' of a search: one a word, all must be there.
pub(crate) fn patterns(text: &str) -> Vec<String> {
    let text = folded(text);
    let words = text.split_whitespace().take(MAX_WORDS);
    words.map(|word| format!("%{}%", escaped(word))).collect()
}

/// The pattern of what begins so.
pub(crate) fn beginning(prefix: &str) -> String {
    format!("{}%", escaped(&folded(prefix)))
}

fn escaped(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    for c in word.chars() {
        if matches!(c, '%' | '_' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// No engine stores U+0000 in a text.
fn folded(text: &str) -> String {
    let text = text.nfkc().flat_map(char::to_lowercase);
    text.filter(|c| *c != '\0').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_of_patterns_are_only_signs() {
        assert_eq!(patterns("50% ＡＢ_c"), [r"%50\%%", r"%ab\_c%"]);
        assert_eq!(beginning(r"a\b"), r"a\\b%");
        assert_eq!(patterns("  "), [""; 0]);
        assert_eq!(patterns("a b c d e f g h i j").len(), MAX_WORDS);
    }
}
