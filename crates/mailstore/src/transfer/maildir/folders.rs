//! The folders of a Maildir.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::name::{DEPTH_MAX, INBOX, MailboxPath};

use super::super::{TransferError, names};

/// One folder: where it is, and the mailbox it is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Folder {
    pub(super) mailbox: MailboxPath,
    pub(super) path: PathBuf,
    /// Its path within the source.
    pub(super) within: PathBuf,
}

/// A folder as it was found.
struct Found {
    path: PathBuf,
    levels: Vec<String>,
}

/// The root (INBOX) and all folders: those of Maildir++ (`.Sent`) and nested ones (`Sent/cur`,
/// Dovecot's layout `fs`). INBOX first, then by name. Links are passed over: they may lead out of
/// what was meant.
pub(super) fn find(root: &Path) -> Result<Vec<Folder>, TransferError> {
    let mut found = Vec::new();
    let mut waiting = vec![(root.to_owned(), Vec::<String>::new())];
    while let Some((parent, levels)) = waiting.pop() {
        for entry in fs::read_dir(&parent).map_err(TransferError::file(&parent))? {
            let entry = entry.map_err(TransferError::file(&parent))?;
            let path = entry.path();
            let kind = entry.file_type().map_err(TransferError::file(&path))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if !kind.is_dir() || ["cur", "new", "tmp"].contains(&name.as_str()) {
                continue;
            }
            let is_nested = !name.starts_with('.');
            let levels = match name.strip_prefix('.') {
                Some(name) if levels.is_empty() => name.split('.').map(str::to_owned).collect(),
                Some(_) => continue,
                None => levels.iter().cloned().chain([name]).collect::<Vec<_>>(),
            };
            if is_nested && levels.len() < DEPTH_MAX {
                waiting.push((path.clone(), levels.clone()));
            }
            if is_maildir(&path) {
                found.push(Found { path, levels });
            }
        }
    }
    let has_root = is_maildir(root);
    if !has_root && found.is_empty() {
        return Err(TransferError::NotMaildir {
            path: root.to_owned(),
        });
    }
    strip_namespace(&mut found);
    let mut folders: Vec<Folder> = found
        .into_iter()
        .map(|found| Folder {
            mailbox: names::mailbox_of_levels(found.levels.iter().map(String::as_str)),
            within: found.path.strip_prefix(root).unwrap_or(root).to_owned(),
            path: found.path,
        })
        .collect();
    if has_root {
        folders.push(Folder {
            mailbox: MailboxPath::inbox(),
            path: root.to_owned(),
            within: PathBuf::new(),
        });
    }
    folders.sort_by_cached_key(|folder| {
        let is_other = !folder.mailbox.is_inbox();
        (is_other, folder.mailbox.clone(), folder.path.clone())
    });
    Ok(folders)
}

/// Where all folders stand below INBOX, that is how their server showed them (Courier, Cyrus), and
/// some tools write them so: there INBOX is no level of its own.
fn strip_namespace(found: &mut [Found]) {
    let is_below = |found: &Found| {
        let first = found.levels.first();
        found.levels.len() > 1 && first.is_some_and(|first| first == INBOX)
    };
    let is_inbox = |found: &Found| found.levels.iter().eq([INBOX]);
    if found.iter().all(|found| is_below(found) || is_inbox(found)) {
        for folder in found.iter_mut().filter(|found| is_below(found)) {
            folder.levels.remove(0);
        }
    }
}

fn is_maildir(path: &Path) -> bool {
    path.join("cur").is_dir() || path.join("new").is_dir()
}
