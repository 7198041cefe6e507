//! Words that may not stay in the repository, and sleeping tests.

use super::Problem;
use super::lexer::find_word;
use super::tree::{File, Tree};

/// Code that stands for code somebody still has to write, or that only debugging needs.
const CODE: &[(&str, &str)] = &[
    (
        "todo!",
        "write it, or return an error that says what is missing",
    ),
    (
        "unimplemented!",
        "write it, or return an error that says what is missing",
    ),
    ("dbg!", "remove it, or log with tracing"),
    (
        "#[ignore",
        "a test that does not run proves nothing; fix or delete it",
    ),
];

/// Marks that promise work without a place where it is planned.
const MARKS: &[&str] = &["FIXME", "XXX", "HACK"];

/// Names that say nothing about what a module is for, so that everything ends up in it.
const NAMELESS: &[&str] = &[
    "util", "utils", "helper", "helpers", "common", "manager", "managers", "misc",
];

/// The rules `forbidden-word`, `sleep`, `module-name` and `module-docs`.
pub(crate) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for file in tree.files() {
        problems.extend(forbidden(file));
        problems.extend(sleeps(file));
        problems.extend(nameless(file));
        problems.extend(without_docs(file));
    }
    problems
}

fn forbidden(file: &File) -> Vec<Problem> {
    let Some(source) = file.source() else {
        return Vec::new();
    };
    let mut problems = Vec::new();
    for (number, code) in source.code().iter().enumerate() {
        for (word, advice) in CODE.iter().filter(|(word, _)| code.contains(word)) {
            let message = format!("`{word}`: {advice}");
            problems.push(Problem::new(
                "forbidden-word",
                file.path(),
                number + 1,
                message,
            ));
        }
    }
    for (number, comment) in source.comments().iter().enumerate() {
        let mark = MARKS.iter().find(|mark| find_word(comment, mark).is_some());
        if let Some(mark) = mark {
            let message = format!("`{mark}`: repair it, or describe it in docs/status.md");
            problems.push(Problem::new(
                "forbidden-word",
                file.path(),
                number + 1,
                message,
            ));
        }
    }
    problems
}

/// A test that sleeps is slow when it passes and wrong on a slow machine.
fn sleeps(file: &File) -> Vec<Problem> {
    let Some(source) = file.source() else {
        return Vec::new();
    };
    let mut problems = Vec::new();
    for (number, code) in source.code().iter().enumerate() {
        let sleeps = ["sleep", "sleep_until", "sleep_ms"]
            .iter()
            .filter_map(|word| find_word(code, word).map(|at| &code[at + word.len()..]))
            .any(|rest| rest.trim_start().starts_with('('));
        let in_test = file.is_test() || source.is_test(number);
        if sleeps && in_test && !has_paused_clock(&source.code()[..number]) {
            let message = "a test sleeps; move its clock or await the condition";
            problems.push(Problem::new("sleep", file.path(), number + 1, message));
        }
    }
    problems
}

/// Does the test that the last of these lines belongs to run on tokio's paused clock? Then its
/// sleeps move that clock and take no time.
fn has_paused_clock(before: &[String]) -> bool {
    let attribute = before
        .iter()
        .rev()
        .find(|line| line.contains("test]") || line.contains("test("));
    attribute.is_some_and(|line| line.contains("start_paused = true"))
}

fn nameless(file: &File) -> Option<Problem> {
    file.source()?;
    let stem = file.path().trim_end_matches(".rs");
    let part = stem.split('/').find(|part| NAMELESS.contains(part))?;
    let message = format!("`{part}` names no concept; call the module after what it is about");
    Some(Problem::new("module-name", file.path(), 1, message))
}

fn without_docs(file: &File) -> Option<Problem> {
    file.source()?;
    let first = file.text().lines().find(|line| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with("#!")
    });
    if first.is_some_and(|line| line.starts_with("//!")) {
        return None;
    }
    let message = "begins without `//!`: say what the module is for and what always holds in it";
    Some(Problem::new("module-docs", file.path(), 1, message))
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::tree::Tree;

    /// The rules and lines that a file of this path and text breaks.
    fn found(path: &str, text: &str) -> Vec<(&'static str, usize)> {
        let tree = Tree::of(&[(path, text)]);
        check(&tree)
            .iter()
            .map(|problem| (problem.rule, problem.line))
            .collect()
    }

    #[test]
    fn words_are_found_in_code_and_marks_in_comments() {
        let table: &[(&str, &[(&str, usize)])] = &[
            ("//! A.\nfn a() { todo!() }", &[("forbidden-word", 2)]),
            ("//! A.\nfn a() { \"todo!()\"; }", &[]),
            ("//! A.\n// todo!() is a macro\n", &[]),
            (
                "//! A.\n#[test]\n#[ignore]\nfn a() {}",
                &[("forbidden-word", 3)],
            ),
            ("//! A.\nlet x = dbg!(y);", &[("forbidden-word", 2)]),
            ("//! A.\n// FIXME: later", &[("forbidden-word", 2)]),
            ("//! A.\nlet a = \"XXX\"; // tempXXXXXX", &[]),
        ];
        for (text, expected) in table {
            assert_eq!(found("crates/a/src/lib.rs", text), *expected, "{text:?}");
        }
    }

    #[test]
    fn only_tests_may_not_sleep() {
        let call = "//! A.\nfn a() { std::thread::sleep(second); }\n";
        let inline = "//! A.\n#[cfg(test)]\nmod tests {\n  fn a() { sleep(x).await; }\n}\n";
        let other = "//! A.\nfn a() { sleep_mode(x); let sleep = 1; }\n";
        let paused = "//! A.\n#[tokio::test(start_paused = true)]\nfn a() { sleep(x).await; }\n";
        let after = format!("{paused}#[test]\nfn b() {{ sleep(x); }}\n");
        let after = after.as_str();
        assert_eq!(found("crates/a/src/lib.rs", call), []);
        assert_eq!(found("crates/a/tests/b.rs", call), [("sleep", 2)]);
        assert_eq!(found("crates/a/src/b/tests.rs", call), [("sleep", 2)]);
        assert_eq!(found("crates/testkit/src/b.rs", call), [("sleep", 2)]);
        assert_eq!(found("crates/a/src/lib.rs", inline), [("sleep", 4)]);
        assert_eq!(found("crates/a/tests/b.rs", other), []);
        assert_eq!(found("crates/a/tests/b.rs", paused), []);
        assert_eq!(found("crates/a/tests/b.rs", after), [("sleep", 5)]);
    }

    #[test]
    fn modules_have_a_subject_and_say_it() {
        let table = [
            ("crates/a/src/utils.rs", "//! A.\n", Some("module-name")),
            (
                "crates/a/tests/common/mod.rs",
                "//! A.\n",
                Some("module-name"),
            ),
            ("crates/a/src/utilisation.rs", "//! A.\n", None),
            ("crates/a/src/b.rs", "use c;\n", Some("module-docs")),
            ("crates/a/src/b.rs", "\n#![no_main]\n//! A.\n", None),
            ("crates/a/src/b.rs", "", Some("module-docs")),
            ("docs/common.md", "a", None),
        ];
        for (path, text, rule) in table {
            let found = found(path, text).first().map(|(rule, _)| *rule);
            assert_eq!(found, rule, "{path} {text:?}");
        }
    }
}
