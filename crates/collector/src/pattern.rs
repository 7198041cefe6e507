//! Patterns of folder names: `*` is any text, `?` any character.

/// A pattern. It matches a folder itself and those below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(Vec<char>);

impl Pattern {
    /// The pattern of a text; letters of ASCII match in any case.
    pub fn new(text: &str) -> Self {
        Self(folded(text))
    }

    /// Whether a folder's name, or that of one above it, matches. `separator` stands between the
    /// levels of the name.
    pub fn matches(&self, name: &str, separator: char) -> bool {
        let name = folded(name);
        let ends = name.iter().enumerate();
        let levels = ends.filter(|(_, c)| **c == separator).map(|(at, _)| at);
        let mut ends: Vec<usize> = levels.collect();
        ends.push(name.len());
        ends.into_iter()
            .any(|end| is_match(&self.0, name.get(..end).unwrap_or_default()))
    }
}

fn folded(text: &str) -> Vec<char> {
    text.chars().map(|c| c.to_ascii_lowercase()).collect()
}

/// Takes time in proportion to the product of both lengths: after a `*` only the last one is tried
/// again.
fn is_match(pattern: &[char], text: &[char]) -> bool {
    let (mut at, mut from) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    loop {
        match (pattern.get(at), text.get(from)) {
            (Some('*'), _) => {
                star = Some((at + 1, from));
                at += 1;
            }
            (Some(wanted), Some(found)) if *wanted == '?' || wanted == found => {
                (at, from) = (at + 1, from + 1);
            }
            (None, None) => return true,
            _ => {
                let Some((after, began)) = star else {
                    return false;
                };
                if began >= text.len() {
                    return false;
                }
                star = Some((after, began + 1));
                (at, from) = (after, began + 1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_folders_and_what_is_below() {
        for (pattern, name, expected) in [
            ("Sent", "sent", true),
            ("Sent", "Sent/2024", true),
            ("Sent", "Sentinel", false),
            ("*", "anything/at/all", true),
            ("会議*", "会議2024", true),
            ("?????", "INBOX", true),
            ("a*c", "a/b/c", true),
            ("a*c", "a/b/d", false),
            ("*/old", "a/old/b", true),
            ("*/old", "old", false),
            ("", "x", false),
            ("**a**b", "xaxxb", true),
        ] {
            let found = Pattern::new(pattern).matches(name, '/');
            assert_eq!(found, expected, "{pattern} {name}");
        }
        assert!(Pattern::new("INBOX.Sent").matches("INBOX.Sent.x", '.'));
        assert!(!Pattern::new("INBOX.Sent").matches("INBOX.Sent/x", '.'));
    }

    #[test]
    fn many_stars_take_no_time() {
        let pattern = Pattern::new(&"a*".repeat(500));
        assert!(!pattern.matches(&"b".repeat(1_000), '/'));
        assert!(pattern.matches(&"a".repeat(1_000), '/'));
    }
}
