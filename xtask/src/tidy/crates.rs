//! What every crate's manifest and root module must say.

use super::Problem;
use super::floors::{Floor, floor_of};
use super::manifest::{self, Manifest};
use super::tree::Tree;

/// Lints that turn a forgotten bound or a wrong assumption about input into an error.
const INPUT_LINTS: &[&str] = &["clippy::indexing_slicing", "clippy::unwrap_used"];

/// The rules `lints` and `version`.
pub(crate) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for manifest in manifest::crates(tree) {
        if !manifest.text.contains("[lints]\nworkspace = true") {
            let message = "add `[lints]` with `workspace = true`";
            problems.push(Problem::new("lints", manifest.path, 1, message));
        }
        for dependency in &manifest.dependencies {
            if !dependency.from_workspace {
                let message = format!(
                    "`{}` states a version; the root Cargo.toml does that, once, with the reason",
                    dependency.name
                );
                let problem = Problem::new("version", manifest.path, dependency.line, message);
                problems.push(problem.about(&dependency.name));
            }
        }
        problems.extend(input_lints(tree, &manifest));
    }
    problems
}

/// Crates that read what strangers send deny indexing and unwrapping.
fn input_lints(tree: &Tree, manifest: &Manifest<'_>) -> Option<Problem> {
    if !matches!(floor_of(manifest.room)?, Floor::Ground | Floor::Third) {
        return None;
    }
    let path = format!("crates/{}/src/lib.rs", manifest.room);
    let source = tree.find(&path)?.source()?;
    let code = source.code().join("\n");
    let denied = |lint: &str| code.contains("#![deny(") && code.contains(lint);
    if INPUT_LINTS.iter().all(|lint| denied(lint)) {
        return None;
    }
    let message = format!(
        "add `#![deny({})]`: this crate reads hostile input",
        INPUT_LINTS.join(", ")
    );
    Some(Problem::new("lints", &path, 1, message))
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::tree::Tree;

    const LINTS: &str = "[lints]\nworkspace = true\n";

    #[test]
    fn manifests_take_lints_and_versions_from_the_workspace() {
        let table = [
            (
                format!("{LINTS}[dependencies]\nserde.workspace = true\n"),
                0,
            ),
            ("[dependencies]\n".to_owned(), 1),
            (format!("{LINTS}[dependencies]\nserde = \"1\"\n"), 1),
        ];
        for (text, count) in table {
            let tree = Tree::of(&[("crates/db/Cargo.toml", &text)]);
            assert_eq!(check(&tree).len(), count, "{text:?}");
        }
    }

    #[test]
    fn crates_that_read_input_deny_indexing() {
        let lib = "//! A.\n#![deny(clippy::indexing_slicing, clippy::unwrap_used)]\n";
        let table = [
            ("imap", lib, 0),
            ("imap", "//! A.\n", 1),
            (
                "message",
                "//! A.\n// #![deny(clippy::indexing_slicing)]\n",
                1,
            ),
            ("db", "//! A.\n", 0),
        ];
        for (room, lib, count) in table {
            let manifest = format!("crates/{room}/Cargo.toml");
            let source = format!("crates/{room}/src/lib.rs");
            let tree = Tree::of(&[(&manifest, LINTS), (&source, lib)]);
            assert_eq!(check(&tree).len(), count, "{room} {lib:?}");
        }
    }
}
