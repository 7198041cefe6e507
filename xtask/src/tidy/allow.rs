//! The allow-list: exceptions to the rules, each with its reason.
//!
//! One entry a line, `RULE PATH REASON` or `RULE PATH::ITEM REASON`; `#` begins a comment. An entry
//! that excuses nothing is stale, and a problem.

use super::Problem;
use super::tree::Tree;

/// The list's place in the repository.
const LIST: &str = "xtask/tidy-allow.txt";

/// What remains of the problems without the listed ones, and what is wrong with the list.
pub(crate) fn filter(tree: &Tree, problems: Vec<Problem>) -> Vec<Problem> {
    let text = tree.find(LIST).map_or("", |file| file.text());
    let mut remaining = problems;
    let mut own = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let mut words = line.splitn(3, char::is_whitespace);
        let (rule, subject) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        if words.next().is_none_or(|reason| reason.trim().is_empty()) {
            let message = "an entry is `RULE PATH REASON`: the reason is missing";
            own.push(Problem::new("allow-list", LIST, number + 1, message));
            continue;
        }
        let before = remaining.len();
        remaining.retain(|problem| !matches(problem, rule, subject));
        if remaining.len() == before {
            let message = format!("`{rule} {subject}` excuses nothing any more; remove the entry");
            own.push(Problem::new("allow-list", LIST, number + 1, message));
        }
    }
    remaining.extend(own);
    remaining
}

fn matches(problem: &Problem, rule: &str, subject: &str) -> bool {
    if problem.rule != rule {
        return false;
    }
    match subject.split_once("::") {
        Some((path, item)) => problem.path == path && problem.item.as_deref() == Some(item),
        None => problem.path == subject,
    }
}

#[cfg(test)]
mod tests {
    use super::{LIST, filter};
    use crate::tidy::Problem;
    use crate::tidy::tree::Tree;

    fn problems() -> Vec<Problem> {
        vec![
            Problem::new("file-size", "a.rs", 1, "long"),
            Problem::new("function-size", "a.rs", 7, "long").about("f"),
            Problem::new("function-size", "a.rs", 9, "long").about("g"),
        ]
    }

    #[test]
    fn entries_excuse_what_they_name() {
        let list = "# comment\n\nfile-size a.rs a table\nfunction-size a.rs::f a match\n";
        let left = filter(&Tree::of(&[(LIST, list)]), problems());
        assert_eq!(left, [problems()[2].clone()]);
    }

    #[test]
    fn the_list_itself_is_checked() {
        let table = [
            ("file-size b.rs gone", "excuses nothing"),
            ("file-size a.rs::f no such item", "excuses nothing"),
            ("file-size a.rs", "reason is missing"),
        ];
        for (list, message) in table {
            let left = filter(&Tree::of(&[(LIST, list)]), problems());
            assert_eq!(left.len(), 4, "{list:?} excuses none");
            assert!(left[3].message.contains(message), "{list:?}: {}", left[3]);
        }
    }
}
