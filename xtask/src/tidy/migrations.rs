//! The migrations: the same steps on both engines, and what was released never changes.

use std::collections::BTreeMap;
use std::path::Path;

use super::Problem;
use super::tree::Tree;
use crate::checksum::checksum;

/// One folder of migrations each.
const ENGINES: [&str; 2] = ["sqlite", "postgres"];
/// Checksums of the migrations that a release carried: `SUM  ENGINE/FILE`.
const SEALED: &str = "migrations/released.sums";
const SEALED_TITLE: &str = "\
# Checksums of the migrations that releases carried. They may not change any more: databases of
# people have run them. `cargo xtask seal-migrations` adds the new ones when a release is made.
";
/// The crate that embeds them.
const MIGRATOR: &str = "crates/db/src/";

/// The rule `migrations`.
pub(crate) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (engine, other) in [(ENGINES[0], ENGINES[1]), (ENGINES[1], ENGINES[0])] {
        problems.extend(names(tree, engine, other));
    }
    problems.extend(changed(tree));
    problems
}

/// The files of one engine, by name.
fn of_engine<'a>(tree: &'a Tree, engine: &str) -> BTreeMap<&'a str, &'a str> {
    let folder = format!("migrations/{engine}/");
    let files = tree.files().iter();
    files
        .filter(|file| file.path().starts_with(&folder) && file.ending() == "sql")
        .map(|file| (file.name(), file.text()))
        .collect()
}

fn names(tree: &Tree, engine: &str, other: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    let beside = of_engine(tree, other);
    for (index, name) in of_engine(tree, engine).into_keys().enumerate() {
        let path = format!("migrations/{engine}/{name}");
        let mut tell =
            |message: String| problems.push(Problem::new("migrations", &path, 1, message));
        let number = format!("{:04}_", index + 1);
        if !name.starts_with(&number) {
            tell(format!(
                "its name should begin with {number}: numbers are consecutive"
            ));
        }
        if !beside.contains_key(name) {
            tell(format!("migrations/{other}/{name} is missing"));
        }
        if !is_embedded(tree, engine, name) {
            tell(format!("{MIGRATOR} does not embed it"));
        }
    }
    problems
}

fn is_embedded(tree: &Tree, engine: &str, name: &str) -> bool {
    // A macro may build both paths of a step from its name, so the folder need not stand there.
    let stem = name.trim_end_matches(".sql");
    tree.files()
        .iter()
        .filter(|file| file.path().starts_with(MIGRATOR))
        .any(|file| file.text().contains(stem) && file.text().contains(engine))
}

fn changed(tree: &Tree) -> Vec<Problem> {
    let text = tree.find(SEALED).map_or("", |file| file.text());
    let mut problems = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let Some((sum, name)) = line.split_once("  ").filter(|_| !line.starts_with('#')) else {
            continue;
        };
        let path = format!("migrations/{name}");
        match tree.find(&path) {
            None => {
                let message = format!("{path} was released and may not be removed");
                problems.push(Problem::new("migrations", SEALED, number + 1, message));
            }
            Some(file) if checksum(file.text().as_bytes()) != sum => {
                let message = "this migration was released and may not change; write a new one";
                problems.push(Problem::new("migrations", &path, 1, message));
            }
            Some(_) => {}
        }
    }
    problems
}

/// Writes the list of checksums anew; refuses when a sealed migration has changed.
pub(crate) fn seal(root: &Path) -> Result<(), String> {
    let tree = Tree::read(root).map_err(|error| error.to_string())?;
    if let Some(problem) = check(&tree).first() {
        return Err(problem.to_string());
    }
    let mut list = SEALED_TITLE.to_owned();
    for engine in ENGINES {
        for (name, text) in of_engine(&tree, engine) {
            let sum = checksum(text.as_bytes());
            list.extend([sum.as_str(), "  ", engine, "/", name, "\n"]);
        }
    }
    std::fs::write(root.join(SEALED), list).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::checksum::checksum;
    use crate::tidy::tree::Tree;

    const EMBED: (&str, &str) = (
        "crates/db/src/migrate.rs",
        "//! M.\nlist![\"0001_a\", \"0002_b\"]; // sqlite postgres\n",
    );

    fn messages(files: &[(&str, &str)]) -> Vec<String> {
        let mut files = files.to_vec();
        files.push(EMBED);
        let problems = check(&Tree::of(&files));
        problems.into_iter().map(|found| found.message).collect()
    }

    #[test]
    fn both_engines_have_the_same_steps() {
        let both = [
            ("migrations/sqlite/0001_a.sql", "x"),
            ("migrations/postgres/0001_a.sql", "y"),
        ];
        assert_eq!(messages(&both), [""; 0]);
        assert_eq!(
            messages(&both[..1]),
            ["migrations/postgres/0001_a.sql is missing"]
        );
    }

    #[test]
    fn numbers_have_no_gap_and_every_step_is_embedded() {
        let gap = [
            ("migrations/sqlite/0002_b.sql", "x"),
            ("migrations/postgres/0002_b.sql", "y"),
        ];
        assert!(messages(&gap)[0].contains("begin with 0001_"));
        let forgotten = [
            ("migrations/sqlite/0001_c.sql", "x"),
            ("migrations/postgres/0001_c.sql", "y"),
        ];
        assert_eq!(
            messages(&forgotten),
            ["crates/db/src/ does not embed it"; 2]
        );
    }

    #[test]
    fn released_steps_do_not_change() {
        let sums = format!("# t\n{}  sqlite/0001_a.sql\n", checksum(b"x"));
        let same = [
            ("migrations/sqlite/0001_a.sql", "x"),
            ("migrations/postgres/0001_a.sql", "y"),
            ("migrations/released.sums", sums.as_str()),
        ];
        assert_eq!(messages(&same), [""; 0]);
        let mut edited = same;
        edited[0].1 = "x -- harmless";
        assert!(messages(&edited)[0].contains("may not change"));
        assert!(messages(&same[2..])[0].contains("may not be removed"));
    }
}
