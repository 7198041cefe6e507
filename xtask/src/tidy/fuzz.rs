//! Fuzzing: every function made for it has a target.

use super::Problem;
use super::tree::Tree;

/// Where the targets are.
const TARGETS: &str = "fuzz/fuzz_targets/";

/// The rule `fuzz`.
pub(crate) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (file, source) in tree.sources() {
        let Some(room) = file
            .path()
            .strip_prefix("crates/")
            .and_then(|path| path.strip_suffix("/src/fuzz.rs"))
        else {
            continue;
        };
        for (number, line) in source.code().iter().enumerate() {
            let Some(rest) = line.strip_prefix("pub fn ") else {
                continue;
            };
            let name = rest.split(['(', '<']).next().unwrap_or_default();
            let call = format!("hikyaku_{}::fuzz::{name}(", room.replace('-', "_"));
            if !is_called(tree, &call) {
                let message = format!("`{name}` has no target in {TARGETS}");
                problems.push(Problem::new("fuzz", file.path(), number + 1, message).about(name));
            }
        }
    }
    problems
}

fn is_called(tree: &Tree, call: &str) -> bool {
    tree.files()
        .iter()
        .filter(|file| file.path().starts_with(TARGETS))
        .any(|file| file.text().contains(call))
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::tree::Tree;

    #[test]
    fn a_function_without_target_is_told() {
        let functions =
            "//! F.\npub fn line(data: &[u8]) {}\npub fn whole(data: &[u8]) {}\nfn own() {}\n";
        let target = "//! T.\nfuzz_target!(|data: &[u8]| hikyaku_smtp_proto::fuzz::line(data));\n";
        let tree = Tree::of(&[
            ("crates/smtp-proto/src/fuzz.rs", functions),
            ("fuzz/fuzz_targets/smtp_line.rs", target),
        ]);
        let found: Vec<String> = check(&tree).iter().map(ToString::to_string).collect();
        let expected =
            "crates/smtp-proto/src/fuzz.rs:3: `whole` has no target in fuzz/fuzz_targets/ [fuzz]";
        assert_eq!(found, [expected]);
    }
}
