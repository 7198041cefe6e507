//! The mbox files below a folder, and the mailboxes they are for.

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use crate::name::{DEPTH_MAX, MailboxPath};

use super::{
    super::{
        TransferError,
        names::{self, MBOX, SBD, UNFINISHED},
        opening,
    },
    from_line,
};

/// How much of a file is looked at to see whether it is an mbox (1 KiB).
const LOOK_BYTES: u64 = 1024;

/// An mbox file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct MboxFile {
    pub(super) path: PathBuf,
    /// Its path within the source.
    pub(super) within: PathBuf,
    pub(super) mailbox: MailboxPath,
}

/// All mbox files below a folder, sorted by path. Thunderbird keeps what is below `Work` in
/// `Work.sbd`, Apple Mail the messages of `Work` in `Work.mbox/mbox`, all others what is below
/// `Work` in a folder of that name. Hidden files and links are passed over.
pub(super) fn find(root: &Path) -> Result<Vec<MboxFile>, TransferError> {
    let mut files = Vec::new();
    let mut waiting = vec![(root.to_owned(), Vec::<String>::new())];
    while let Some((folder, levels)) = waiting.pop() {
        for entry in fs::read_dir(&folder).map_err(TransferError::file(&folder))? {
            let entry = entry.map_err(TransferError::file(&folder))?;
            let (path, name) = (entry.path(), entry.file_name());
            let name = name.to_string_lossy();
            let kind = entry.file_type().map_err(TransferError::file(&path))?;
            if name.starts_with('.') || name.ends_with(UNFINISHED) {
                continue;
            }
            let mut levels = levels.clone();
            if kind.is_dir() && levels.len() < DEPTH_MAX {
                let level = name.strip_suffix(SBD).or_else(|| name.strip_suffix(MBOX));
                levels.push(level.unwrap_or(&name).to_owned());
                waiting.push((path, levels));
            } else if kind.is_file() && may_be_mbox(&path) {
                let is_apples = name == "mbox" && folder.extension().is_some_and(|e| e == "mbox");
                if !is_apples {
                    levels.push(name.strip_suffix(MBOX).unwrap_or(&name).to_owned());
                }
                files.push(MboxFile {
                    within: path.strip_prefix(root).unwrap_or(&path).to_owned(),
                    mailbox: names::mailbox_of_levels(levels.iter().map(String::as_str)),
                    path,
                });
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Whether a file begins as an mbox does, or is empty and called so. One that cannot be read may be
/// one: the report says so.
fn may_be_mbox(path: &Path) -> bool {
    let mut start = Vec::new();
    let read =
        opening::regular(path).and_then(|file| file.take(LOOK_BYTES).read_to_end(&mut start));
    if read.is_err() {
        return true;
    }
    let is_called_so = path.extension().is_some_and(|e| e == "mbox");
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&start);
    let text = text.trim_ascii_start();
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    from_line::parse(line).is_some() || (text.is_empty() && is_called_so)
}
