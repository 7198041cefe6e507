//! Maildir folders as mail clients keep them: a file a message, its flags in its name.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};

/// A message in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Letter {
    pub(crate) file: PathBuf,
    /// The letters behind `:2,`: D F P R S T.
    pub(crate) flags: String,
    pub(crate) text: String,
}

impl Letter {
    /// Gives the message other flags, as a reader does: by a new name, in `cur`.
    pub(crate) fn mark(&self, flags: &str) -> Result<()> {
        let name = self
            .file
            .file_name()
            .context("a file has a name")?
            .to_string_lossy();
        let stem = name.split(":2,").next().unwrap_or_default();
        let folder = self
            .file
            .parent()
            .and_then(Path::parent)
            .context("it is in a folder")?;
        Ok(fs::rename(
            &self.file,
            folder.join(format!("cur/{stem}:2,{flags}")),
        )?)
    }

    pub(crate) fn delete(&self) -> Result<()> {
        Ok(fs::remove_file(&self.file)?)
    }
}

/// The messages of a folder, by name.
pub(crate) fn letters(folder: &Path) -> Result<Vec<Letter>> {
    let mut letters = Vec::new();
    for part in ["cur", "new"] {
        let part = folder.join(part);
        let entries = fs::read_dir(&part).with_context(|| format!("no {}", part.display()))?;
        for entry in entries {
            let file = entry?.path();
            let name = file.display().to_string();
            let flags = name
                .split_once(":2,")
                .map_or("", |(_, flags)| flags)
                .to_owned();
            letters.push(Letter {
                text: fs::read_to_string(&file)?,
                file,
                flags,
            });
        }
    }
    letters.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(letters)
}

/// The only message of a folder.
pub(crate) fn only_letter(folder: &Path) -> Result<Letter> {
    let mut letters = letters(folder)?;
    ensure!(letters.len() == 1, "{} has {letters:?}", folder.display());
    letters.pop().context("no message")
}

/// Makes a folder.
pub(crate) fn create(folder: &Path) -> Result<()> {
    for part in ["cur", "new", "tmp"] {
        fs::create_dir_all(folder.join(part))?;
    }
    Ok(())
}

/// Files a message.
pub(crate) fn file(folder: &Path, name: &str, text: &str) -> Result<()> {
    Ok(fs::write(folder.join(name), text)?)
}

/// Every message under a folder with its flags and text, for "nothing changed".
pub(crate) fn everything(root: &Path) -> Result<BTreeMap<PathBuf, String>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            let hidden = path
                .file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with('.'));
            if path.is_dir() {
                folders.push(path);
            } else if !hidden {
                let text = fs::read_to_string(&path)?;
                found.insert(path, text);
            }
        }
    }
    Ok(found)
}
