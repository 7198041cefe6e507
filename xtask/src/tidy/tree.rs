//! The repository's text files, read once: what every rule looks at.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use super::lexer::Source;

/// Folders that hold no sources of ours.
const SKIPPED: &[&str] = &[
    ".git",
    "target",
    "demo",
    "node_modules",
    "corpus",
    "artifacts",
    "results",
    "testdata",
];

/// Endings of the files that rules look at.
const READ: &[&str] = &[
    "rs", "toml", "md", "sh", "sql", "sums", "txt", "lock", "py", "ts", "tsx",
];

/// One file: its path inside the repository, its text, and, for Rust, its code apart from its
/// comments.
#[derive(Debug)]
pub(crate) struct File {
    path: String,
    text: String,
    source: Option<Source>,
}

impl File {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let source = (ending(path) == "rs").then(|| Source::read(text));
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            source,
        }
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The file as Rust, when it is Rust.
    pub(crate) fn source(&self) -> Option<&Source> {
        self.source.as_ref()
    }

    /// The last part of the path.
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// What comes after the last dot.
    pub(crate) fn ending(&self) -> &str {
        ending(&self.path)
    }

    /// Is the whole file test code? (Modules inside a file are asked with [`Source::is_test`].)
    pub(crate) fn is_test(&self) -> bool {
        self.path.split('/').any(|part| part == "tests")
            || self.path.starts_with("crates/testkit/")
            || matches!(self.name(), "tests.rs" | "test.rs")
            || self.name().ends_with("_tests.rs")
    }
}

fn ending(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(_, ending)| ending)
}

/// All files that rules look at, by path.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    files: Vec<File>,
    /// Every path, also of files that are not read; and every folder. For links.
    paths: BTreeSet<String>,
}

impl Tree {
    pub(crate) fn read(root: &Path) -> io::Result<Self> {
        let mut tree = Self::default();
        tree.walk(root, "")?;
        tree.files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(tree)
    }

    /// A tree made of the given files, for the rules' own tests.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let mut tree = Self::default();
        for (path, text) in files {
            tree.files.push(File::new(path, text));
            tree.paths.insert((*path).to_owned());
            let mut folder = *path;
            while let Some((parent, _)) = folder.rsplit_once('/') {
                tree.paths.insert(parent.to_owned());
                folder = parent;
            }
        }
        tree
    }

    pub(crate) fn files(&self) -> &[File] {
        &self.files
    }

    /// The Rust files.
    pub(crate) fn sources(&self) -> impl Iterator<Item = (&File, &Source)> {
        self.files
            .iter()
            .filter_map(|file| file.source().map(|source| (file, source)))
    }

    pub(crate) fn find(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Is there a file or folder of this path?
    pub(crate) fn exists(&self, path: &str) -> bool {
        self.paths.contains(path)
    }

    fn walk(&mut self, folder: &Path, prefix: &str) -> io::Result<()> {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let kind = entry.file_type()?;
            if kind.is_dir() {
                let path = format!("{prefix}{name}");
                self.paths.insert(path.clone());
                if !SKIPPED.contains(&name.as_str()) {
                    self.walk(&entry.path(), &format!("{path}/"))?;
                }
            } else if kind.is_file() {
                self.add(&entry.path(), format!("{prefix}{name}"))?;
            }
        }
        Ok(())
    }

    fn add(&mut self, file: &Path, path: String) -> io::Result<()> {
        if READ.contains(&ending(&path)) {
            let bytes = match std::fs::read(file) {
                Ok(bytes) => bytes,
                // Somebody's editor or build may remove a file while we walk.
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
                Err(error) => return Err(error),
            };
            self.files
                .push(File::new(&path, &String::from_utf8_lossy(&bytes)));
        }
        self.paths.insert(path);
        Ok(())
    }
}
