//! `limits`: the page of all limits, `docs/limits.md`, written from the sources.
//!
//! A limit is a constant whose name says so, or a field of a struct called `…Limits`. Its doc
//! comment is its line in the page, so the page cannot lag behind the code: `tidy` fails when it
//! does, and when a limit has no doc comment.

mod constants;
mod fields;

use std::collections::BTreeMap;
use std::path::Path;

use crate::tidy::Problem;
use crate::tidy::tree::{File, Tree};

/// The page's place in the repository.
const PAGE: &str = "docs/limits.md";

const TITLE: &str = "\
# Limits

Every queue, literal, count, depth and wait that somebody outside could stretch has a limit. This page is
written from the sources by `cargo xtask limits`; change the doc comments there. Values are as the code
spells them: bytes unless the text says otherwise. Limits that belong to a struct can be set when the
server is wired, and most of those in the configuration; the others are constants, with the reason.
";

/// One limit.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Limit {
    /// `MAX_DEPTH`, `Login::MAX_LENGTH`, `Limits.line`.
    name: String,
    value: String,
    /// Its doc comment's first paragraph; empty when there is none.
    about: String,
    /// Where it stands, from 1.
    line: usize,
}

/// Writes the page.
pub(crate) fn write(root: &Path) -> Result<(), String> {
    let tree = Tree::read(root).map_err(|error| error.to_string())?;
    std::fs::write(root.join(PAGE), page(&tree)).map_err(|error| error.to_string())
}

/// The rules `limit-docs` and `limits`.
pub(crate) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (file, limit) in all(tree) {
        if limit.about.is_empty() {
            let message = format!(
                "`{}` has no doc comment: what is it for, why this value",
                limit.name
            );
            let problem = Problem::new("limit-docs", file.path(), limit.line, message);
            problems.push(problem.about(&limit.name));
        }
    }
    let written = tree.find(PAGE).map_or("", File::text);
    let wanted = page(tree);
    if written != wanted {
        let same = written
            .lines()
            .zip(wanted.lines())
            .take_while(|(a, b)| a == b);
        let message = "does not say what the sources do; run `cargo xtask limits`";
        problems.push(Problem::new("limits", PAGE, same.count() + 1, message));
    }
    problems
}

fn all(tree: &Tree) -> Vec<(&File, Limit)> {
    let mut found = Vec::new();
    for (file, source) in tree.sources() {
        let shipped = file.path().starts_with("crates/") && file.path().contains("/src/");
        if !shipped || file.is_test() {
            continue;
        }
        let lines: Vec<&str> = file.text().lines().collect();
        let limits = constants::find(&lines)
            .into_iter()
            .chain(fields::find(&lines));
        found.extend(
            limits
                .filter(|limit| !source.is_test(limit.line - 1))
                .map(|limit| (file, limit)),
        );
    }
    found
}

fn page(tree: &Tree) -> String {
    let mut rooms: BTreeMap<&str, Vec<Limit>> = BTreeMap::new();
    for (file, limit) in all(tree) {
        let room = file.path().split('/').nth(1).unwrap_or_default();
        rooms.entry(room).or_default().push(limit);
    }
    let mut page = TITLE.to_owned();
    for (room, mut limits) in rooms {
        limits.sort_by(|a, b| a.name.cmp(&b.name));
        page.push_str(&format_room(room, &limits));
    }
    page
}

fn format_room(room: &str, limits: &[Limit]) -> String {
    let mut text = format!("\n## {room}\n\n| Limit | Value | |\n|---|---|---|\n");
    for limit in limits {
        let about = limit.about.replace('|', "\\|");
        let row = [
            "| `",
            &limit.name,
            "` | `",
            &limit.value,
            "` | ",
            &about,
            " |\n",
        ];
        text.extend(row);
    }
    text
}

/// The first paragraph of the doc comment that ends above a line (from 0), without link targets.
fn docs_above(lines: &[&str], line: usize) -> String {
    let mut above: Vec<&str> = lines[..line]
        .iter()
        .rev()
        .map(|text| text.trim())
        .skip_while(|text| text.starts_with("#["))
        .map_while(|text| text.strip_prefix("///"))
        .map(str::trim)
        .collect();
    above.reverse();
    let paragraph: Vec<&str> = above
        .into_iter()
        .take_while(|text| !text.is_empty())
        .collect();
    without_links(&paragraph.join(" "))
}

/// "[`Problem`](crate::Problem)" and "[`Problem`]" become "`Problem`".
fn without_links(text: &str) -> String {
    let mut parts = text.split("`](");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push('`');
        plain.push_str(part.split_once(')').map_or("", |(_, rest)| rest));
    }
    plain.replace("[`", "`").replace("`]", "`")
}

#[cfg(test)]
mod tests;
