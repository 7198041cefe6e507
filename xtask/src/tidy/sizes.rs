//! Sizes of files and lines. Small files have one subject and an obvious place for the next change.

use super::Problem;
use super::tree::{File, Tree};

/// Lines of a file to aim at.
pub(crate) const FILE_LINES_SOFT: usize = 400;
/// Lines that a file may have at most, its tests included.
const FILE_LINES_MAX: usize = 800;
/// Columns of a line of Rust.
const LINE_COLUMNS_MAX: usize = 100;

/// Endings of the files whose length counts. Documents and data may be as long as they need to be.
const COUNTED: &[&str] = &["rs", "sh", "sql", "py", "ts", "tsx"];

/// The rules `file-size` and `line-length`.
pub(crate) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for file in tree.files().iter().filter(|file| counts(file)) {
        let lines = file.text().lines().count();
        if lines > FILE_LINES_MAX {
            let message = format!("{lines} lines; split it ({FILE_LINES_MAX} at most)");
            problems.push(Problem::new("file-size", file.path(), 1, message));
        }
        problems.extend(long_lines(file));
    }
    problems
}

/// Files between the soft and the hard limit, the longest first.
pub(crate) fn over_soft_limit(tree: &Tree) -> Vec<(&str, usize)> {
    let mut long: Vec<(&str, usize)> = tree
        .files()
        .iter()
        .filter(|file| counts(file))
        .map(|file| (file.path(), file.text().lines().count()))
        .filter(|(_, lines)| *lines > FILE_LINES_SOFT)
        .collect();
    long.sort_by_key(|(_, lines)| std::cmp::Reverse(*lines));
    long
}

fn counts(file: &File) -> bool {
    COUNTED.contains(&file.ending())
}

/// rustfmt leaves what it cannot break: an address, and a string. Those are let off here as well.
fn long_lines(file: &File) -> Vec<Problem> {
    let Some(source) = file.source() else {
        return Vec::new();
    };
    let mut problems = Vec::new();
    for (number, line) in file.text().lines().enumerate() {
        let columns = line.chars().count();
        if columns <= LINE_COLUMNS_MAX || line.contains("://") {
            continue;
        }
        let comment = source.comments().get(number).map_or("", String::as_str);
        let code = source.code().get(number).map_or("", String::as_str);
        if comment.trim().is_empty() && columns - inside_strings(line, code) <= LINE_COLUMNS_MAX {
            continue;
        }
        let message = format!("{columns} columns ({LINE_COLUMNS_MAX} at most)");
        problems.push(Problem::new(
            "line-length",
            file.path(),
            number + 1,
            message,
        ));
    }
    problems
}

/// How many characters of a line lie inside strings: blanks in `code`, if there is no comment.
fn inside_strings(line: &str, code: &str) -> usize {
    let both = line.chars().zip(code.chars());
    both.filter(|(written, code)| written != code).count()
}

#[cfg(test)]
mod tests {
    use super::{check, over_soft_limit};
    use crate::tidy::tree::Tree;

    #[test]
    fn long_files_are_told() {
        let fine = "x();\n".repeat(800);
        let long = "x();\n".repeat(801);
        let tree = Tree::of(&[
            ("crates/a/src/fine.rs", &fine),
            ("crates/a/src/long.rs", &long),
            ("docs/long.md", &long),
            ("scripts/long.sh", &long),
        ]);
        let found: Vec<String> = check(&tree).iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "crates/a/src/long.rs:1: 801 lines; split it (800 at most) [file-size]",
                "scripts/long.sh:1: 801 lines; split it (800 at most) [file-size]",
            ]
        );
        assert_eq!(over_soft_limit(&tree)[0].1, 801);
    }

    #[test]
    fn long_lines_are_told_unless_nothing_can_break_them() {
        let filler = "y".repeat(100);
        let table = [
            (format!("let {filler} = 1;"), true),
            (format!("// {filler}"), true),
            (format!("// see https://example.test/{filler}"), false),
            (format!("    \"{filler}\","), false),
            (format!("    \"a\"; // {filler}"), true),
            (format!("    call({filler}, \"a\")"), true),
            ("y".repeat(100), false),
            (format!("// {}", "日".repeat(97)), false),
        ];
        for (line, wrong) in table {
            let tree = Tree::of(&[("a.rs", &line)]);
            assert_eq!(!check(&tree).is_empty(), wrong, "{line:?}");
        }
    }
}
