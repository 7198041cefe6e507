//! What counts as a limit, and how the page follows the sources.

use super::{PAGE, check, page};
use crate::tidy::tree::Tree;

const SOURCE: &str = "\
//! A.

/// Deepest nesting (64), see [`Problem`](crate::Problem) and [`Other`].
///
/// More about it.
pub const MAX_DEPTH: usize = 64;
const FIRST: usize = 1;
impl Login {
    /// Characters.
    #[expect(a, reason = \"b\")]
    pub(crate) const MAX_LENGTH: usize =
        8 * 64;
}
/// Limits of a thing.
pub struct Limits {
    /// Bytes | octets of one line.
    pub line: usize,
    pub other: u64,
}
impl Limits {
    pub const fn new(other: u64) -> Self {
        Self {
            line: 64 * 1024,
            other,
        }
    }
}
pub struct Unlimited {
    pub line: usize,
}
#[cfg(test)]
mod tests {
    const MAX_TESTED: usize = 1;
}
";

fn tree(written: &str) -> Tree {
    Tree::of(&[
        ("crates/a/src/lib.rs", SOURCE),
        ("crates/a/tests/b.rs", "//! B.\nconst MAX_B: u8 = 1;\n"),
        (PAGE, written),
    ])
}

#[test]
fn the_page_lists_constants_and_fields() {
    let page = page(&tree(""));
    let (_, rooms) = page.split_once("\n## ").expect("there is a room");
    let expected = "\
a

| Limit | Value | |
|---|---|---|
| `Limits.line` | `64 * 1024` | Bytes \\| octets of one line. |
| `Limits.other` | `given` |  |
| `Login::MAX_LENGTH` | `8 * 64` | Characters. |
| `MAX_DEPTH` | `64` | Deepest nesting (64), see `Problem` and `Other`. |
";
    assert_eq!(rooms, expected);
}

#[test]
fn a_page_that_lags_behind_and_a_limit_without_a_word_are_told() {
    let current = page(&tree(""));
    let rules = |written: &str| -> Vec<(&'static str, usize)> {
        let problems = check(&tree(written));
        problems
            .iter()
            .map(|found| (found.rule(), found.line()))
            .collect()
    };
    assert_eq!(rules(&current), [("limit-docs", 18)]);
    let edited = current.replace("8 * 64", "512");
    let line = current
        .lines()
        .take_while(|line| !line.contains("8 * 64"))
        .count()
        + 1;
    assert_eq!(rules(&edited), [("limit-docs", 18), ("limits", line)]);
}
