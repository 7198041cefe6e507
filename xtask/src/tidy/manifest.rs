//! Cargo.toml and Cargo.lock, read as far as the rules need them. Both are written in the plain
//! style of this repository (and of cargo itself): one key a line, tables in brackets.

use std::collections::BTreeMap;

use super::tree::{File, Tree};

/// A dependency that a manifest names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// From 1.
    pub(crate) line: usize,
    pub(crate) kind: Kind,
    /// Does it take its version from the workspace?
    pub(crate) from_workspace: bool,
}

/// The table that names a dependency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `[dependencies]`, also under `[target.…]`.
    Normal,
    /// `[dev-dependencies]`
    Dev,
    /// `[build-dependencies]`
    Build,
}

/// One crate of ours.
#[derive(Debug)]
pub(crate) struct Manifest<'a> {
    /// The manifest's path in the repository.
    pub(crate) path: &'a str,
    /// The crate's folder name: `imap-proto`.
    pub(crate) room: &'a str,
    pub(crate) text: &'a str,
    pub(crate) dependencies: Vec<Dependency>,
}

/// The manifests under `crates/`.
pub(crate) fn crates(tree: &Tree) -> Vec<Manifest<'_>> {
    tree.files().iter().filter_map(manifest).collect()
}

fn manifest(file: &File) -> Option<Manifest<'_>> {
    let room = file
        .path()
        .strip_prefix("crates/")?
        .strip_suffix("/Cargo.toml")?;
    Some(Manifest {
        path: file.path(),
        room,
        text: file.text(),
        dependencies: dependencies(file.text()),
    })
}

fn dependencies(text: &str) -> Vec<Dependency> {
    let mut found = Vec::new();
    let mut kind = None;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(table) = line.strip_prefix('[') {
            kind = kind_of(table.trim_end_matches(']'));
            continue;
        }
        let (Some(kind), Some((key, value))) = (kind, line.split_once('=')) else {
            continue;
        };
        if line.starts_with('#') {
            continue;
        }
        let key = key.trim();
        let (name, dotted) = key.split_once('.').unwrap_or((key, ""));
        found.push(Dependency {
            name: name.trim_matches('"').to_owned(),
            line: number + 1,
            kind,
            from_workspace: dotted == "workspace" || value.contains("workspace = true"),
        });
    }
    found
}

fn kind_of(table: &str) -> Option<Kind> {
    match table.rsplit('.').next()? {
        "dependencies" => Some(Kind::Normal),
        "dev-dependencies" => Some(Kind::Dev),
        "build-dependencies" => Some(Kind::Build),
        _ => None,
    }
}

/// The names under `[workspace.dependencies]`, with their lines.
pub(crate) fn workspace_dependencies(text: &str) -> Vec<(String, usize)> {
    let mut inside = false;
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with('[') {
            inside = line == "[workspace.dependencies]";
        } else if inside
            && !line.starts_with('#')
            && let Some((name, _)) = line.split_once('=')
        {
            found.push((name.trim().to_owned(), number + 1));
        }
    }
    found
}

/// Which packages each package of Cargo.lock needs, by name. Versions of one name are taken
/// together, and so are a workspace crate's normal and dev dependencies.
pub(crate) fn locked(text: &str) -> BTreeMap<String, Vec<String>> {
    let mut packages: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut name = String::new();
    let mut listing = false;
    for line in text.lines() {
        if let Some(value) = line.strip_prefix("name = ") {
            value.trim_matches('"').clone_into(&mut name);
            packages.entry(name.clone()).or_default();
        } else if line.starts_with("dependencies = [") {
            listing = true;
        } else if line.starts_with(']') {
            listing = false;
        } else if listing {
            let entry = line.trim().trim_matches(|c| c == '"' || c == ',');
            let needed = entry.split(' ').next().unwrap_or(entry).to_owned();
            packages.entry(name.clone()).or_default().push(needed);
        }
    }
    packages
}

#[cfg(test)]
mod tests {
    use super::{Kind, dependencies, locked, workspace_dependencies};

    #[test]
    fn dependencies_are_read() {
        let text = "\
[package]
name = \"a\"
[dependencies]
# comment = 1
hikyaku-types.workspace = true
tokio = { workspace = true, features = [\"net\"] }
serde = \"1\"
[target.'cfg(unix)'.dependencies]
rustix.workspace = true
[dev-dependencies]
tempfile.workspace = true
[lints]
workspace = true
";
        let found: Vec<(String, usize, Kind, bool)> = dependencies(text)
            .into_iter()
            .map(|found| (found.name, found.line, found.kind, found.from_workspace))
            .collect();
        let expected = [
            ("hikyaku-types", 5, Kind::Normal, true),
            ("tokio", 6, Kind::Normal, true),
            ("serde", 7, Kind::Normal, false),
            ("rustix", 9, Kind::Normal, true),
            ("tempfile", 11, Kind::Dev, true),
        ];
        let expected = expected.map(|(name, line, kind, own)| (name.to_owned(), line, kind, own));
        assert_eq!(found, expected);
    }

    #[test]
    fn the_workspace_table_is_read() {
        let text = "[a]\nx = 1\n[workspace.dependencies]\n# c = 1\ntokio = \"1\"\n\n[b]\ny = 1\n";
        assert_eq!(workspace_dependencies(text), [("tokio".to_owned(), 5)]);
    }

    #[test]
    fn the_lock_file_is_read() {
        let text = "\
[[package]]
name = \"a\"
version = \"1.0.0\"
dependencies = [
 \"b\",
 \"c 2.0.0\",
]

[[package]]
name = \"b\"
version = \"1.0.0\"
";
        let packages = locked(text);
        assert_eq!(packages["a"], ["b", "c"]);
        assert!(packages["b"].is_empty());
    }
}
