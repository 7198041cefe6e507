//! Dependencies nobody uses: they cost build time, and room for somebody else's mistakes.

use super::Problem;
use super::lexer::find_word;
use super::manifest::{self, Kind, Manifest};
use super::tree::Tree;

/// The rules `unused-dependency` (a crate names what its sources do not) and `unused-workspace`
/// (the workspace names what no crate does).
pub(crate) fn check(tree: &Tree) -> Vec<Problem> {
    let manifests = manifest::crates(tree);
    let mut problems: Vec<Problem> = manifests
        .iter()
        .flat_map(|manifest| unused(tree, manifest))
        .collect();
    let root = tree.find("Cargo.toml").map_or("", |file| file.text());
    for (name, line) in manifest::workspace_dependencies(root) {
        let used = manifests
            .iter()
            .flat_map(|manifest| &manifest.dependencies)
            .any(|dependency| dependency.name == name);
        if !used {
            let message = format!("no crate uses `{name}`; remove it until one does");
            problems
                .push(Problem::new("unused-workspace", "Cargo.toml", line, message).about(&name));
        }
    }
    problems
}

fn unused(tree: &Tree, manifest: &Manifest<'_>) -> Vec<Problem> {
    let folder = format!("crates/{}/", manifest.room);
    let mut problems = Vec::new();
    for dependency in &manifest.dependencies {
        let name = dependency.name.replace('-', "_");
        let named = tree
            .sources()
            .filter(|(file, _)| file.path().starts_with(&folder))
            .filter(|(file, _)| {
                dependency.kind != Kind::Normal || !outside_src(file.path(), &folder)
            })
            .flat_map(|(_, source)| source.code())
            .any(|line| find_word(line, &name).is_some());
        if !named {
            let message = format!("no source of this crate uses `{}`", dependency.name);
            let problem =
                Problem::new("unused-dependency", manifest.path, dependency.line, message);
            problems.push(problem.about(&dependency.name));
        }
    }
    problems
}

/// What only tests and benches use belongs under `[dev-dependencies]`.
fn outside_src(path: &str, folder: &str) -> bool {
    !path[folder.len()..].starts_with("src/")
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::tree::Tree;

    #[test]
    fn what_no_source_names_is_told() {
        let table = [
            (
                "[dependencies]\na-b.workspace = true\n",
                "use a_b::C;",
                "",
                0,
            ),
            (
                "[dependencies]\na-b.workspace = true\n",
                "// a_b\n\"a_b\"",
                "",
                1,
            ),
            (
                "[dependencies]\na-b.workspace = true\n",
                "",
                "use a_b::C;",
                1,
            ),
            (
                "[dev-dependencies]\na-b.workspace = true\n",
                "",
                "use a_b::C;",
                0,
            ),
        ];
        for (manifest, source, test, count) in table {
            let tree = Tree::of(&[
                ("crates/x/Cargo.toml", manifest),
                ("crates/x/src/lib.rs", source),
                ("crates/x/tests/it.rs", test),
            ]);
            assert_eq!(
                check(&tree).len(),
                count,
                "{manifest:?} {source:?} {test:?}"
            );
        }
    }

    #[test]
    fn what_no_crate_names_is_told() {
        let root = "[workspace.dependencies]\na = \"1\"\nb = \"1\"\n";
        let tree = Tree::of(&[
            ("Cargo.toml", root),
            (
                "crates/x/Cargo.toml",
                "[dependencies]\na.workspace = true\n",
            ),
            ("crates/x/src/lib.rs", "use a::C;"),
        ]);
        let found: Vec<String> = check(&tree).iter().map(ToString::to_string).collect();
        let expected =
            "Cargo.toml:3: no crate uses `b`; remove it until one does [unused-workspace]";
        assert_eq!(found, [expected]);
    }
}
