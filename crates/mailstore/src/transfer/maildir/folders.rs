//! The folders of a Maildir.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::name::{DEPTH_MAX, MailboxPath};

use super::super::{TransferError, names};

/// One folder: where it is, and the mailbox it is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Folder {
    pub(super) mailbox: MailboxPath,
    pub(super) path: PathBuf,
}

/// The root (INBOX) and all folders: those of Maildir++ (`.Sent`) and nested ones (`Sent/cur`).
/// INBOX first, then by name.
pub(super) fn find(root: &Path) -> Result<Vec<Folder>, TransferError> {
    if !is_maildir(root) {
        return Err(TransferError::NotMaildir {
            path: root.to_owned(),
        });
    }
    let mut folders = Vec::new();
    let mut waiting = vec![(root.to_owned(), Vec::<String>::new())];
    while let Some((parent, levels)) = waiting.pop() {
        for entry in fs::read_dir(&parent).map_err(TransferError::file(&parent))? {
            let entry = entry.map_err(TransferError::file(&parent))?;
            let kind = entry
                .file_type()
                .map_err(TransferError::file(entry.path()))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if !kind.is_dir() || ["cur", "new", "tmp"].contains(&name.as_str()) {
                continue;
            }
            let mut levels = levels.clone();
            let mailbox = match name.strip_prefix('.') {
                Some(name) if levels.is_empty() => names::mailbox_of_maildir(name),
                Some(_) => continue,
                None => {
                    levels.push(name);
                    names::mailbox_of(levels.iter().map(String::as_str))
                }
            };
            if is_maildir(&entry.path()) {
                folders.push(Folder {
                    mailbox,
                    path: entry.path(),
                });
            }
            if levels.len() < DEPTH_MAX && !levels.is_empty() {
                waiting.push((entry.path(), levels));
            }
        }
    }
    folders.sort();
    folders.insert(
        0,
        Folder {
            mailbox: MailboxPath::inbox(),
            path: root.to_owned(),
        },
    );
    Ok(folders)
}

fn is_maildir(path: &Path) -> bool {
    path.join("cur").is_dir() || path.join("new").is_dir()
}
