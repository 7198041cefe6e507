//! Documents: their links lead somewhere, and the change log has a place for what comes next.

use super::Problem;
use super::tree::{File, Tree};

/// The rules `link` and `changelog`.
pub(crate) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for file in tree.files().iter().filter(|file| file.ending() == "md") {
        problems.extend(links(tree, file));
    }
    problems.extend(changelog(tree));
    problems
}

fn changelog(tree: &Tree) -> Option<Problem> {
    let text = tree.find("CHANGELOG.md").map_or("", |file| file.text());
    if text.lines().any(|line| line.trim_end() == "## Unreleased") {
        return None;
    }
    let message = "a section `## Unreleased` must take the next change";
    Some(Problem::new("changelog", "CHANGELOG.md", 1, message))
}

fn links(tree: &Tree, file: &File) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (number, line) in prose(file.text()) {
        for target in targets(line) {
            if let Some(wrong) = broken(tree, file, target) {
                problems.push(Problem::new("link", file.path(), number, wrong));
            }
        }
    }
    problems
}

/// The lines outside of code blocks, from 1.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut inside = false;
    text.lines().enumerate().filter_map(move |(number, line)| {
        if line.trim_start().starts_with("```") {
            inside = !inside;
            return None;
        }
        (!inside).then_some((number + 1, line))
    })
}

/// What stands in the parentheses of `[text](target)`.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
}

/// What is wrong with a link, if it stays inside the repository.
fn broken(tree: &Tree, file: &File, target: &str) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = if path.is_empty() {
        file.path().to_owned()
    } else {
        resolve(file.path(), path)
    };
    if !tree.exists(&path) {
        return Some(format!("the link to `{target}` leads nowhere"));
    }
    let there = tree.find(&path).map_or("", File::text);
    if !anchor.is_empty() && !headings(there).any(|heading| heading == anchor) {
        return Some(format!("`{path}` has no heading for `#{anchor}`"));
    }
    None
}

/// A path relative to the folder of the document that names it.
fn resolve(from: &str, target: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.trim_end_matches('/').split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

/// The anchors of a document's headings, made the way that common viewers make them.
fn headings(text: &str) -> impl Iterator<Item = String> {
    prose(text)
        .filter(|(_, line)| line.starts_with('#'))
        .map(|(_, line)| {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            let kept = title
                .chars()
                .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::tree::Tree;

    const CHANGELOG: (&str, &str) = ("CHANGELOG.md", "# Changes\n\n## Unreleased\n");

    #[test]
    fn links_lead_somewhere() {
        let table = [
            ("[a](b.md)", true),
            ("[a](./b.md) and [c](../README.md)", true),
            ("[a](b.md#a-title-twice)", true),
            ("[a](#own)", true),
            ("[a](https://example.test/x)", true),
            ("```\n[a](nowhere)\n```", true),
            ("[a](../docs)", true),
            ("[a](nowhere.md)", false),
            ("[a](b.md#nothing)", false),
            ("[a](b.md) [c](nowhere)", false),
        ];
        for (text, fine) in table {
            let text = format!("# Own\n{text}\n");
            let tree = Tree::of(&[
                CHANGELOG,
                ("README.md", "x"),
                ("docs/a.md", &text),
                ("docs/b.md", "## A title, twice\n"),
            ]);
            assert_eq!(check(&tree).is_empty(), fine, "{text:?}");
        }
    }

    #[test]
    fn the_next_change_has_a_place() {
        assert!(check(&Tree::of(&[CHANGELOG])).is_empty());
        assert_eq!(check(&Tree::of(&[("CHANGELOG.md", "## 1.0\n")])).len(), 1);
        assert_eq!(check(&Tree::of(&[])).len(), 1);
    }
}
