//! Names of mailboxes as names of files and folders, and back.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::name::{INBOX, MailboxPath, SEPARATOR};

use super::{TransferError, utf7};

/// Longest file name most file systems take, in bytes, less what is put behind it.
const FILE_NAME_BYTES_MAX: usize = 240;

/// Where a name that no mailbox can have goes.
const UNNAMED: &str = "Imported";

/// What stands behind the name of an mbox file.
const MBOX: &str = ".mbox";

/// What stands behind the name of a folder of Thunderbird's that holds the mailboxes below one.
const SBD: &str = ".sbd";

/// What stands behind the name of a file that an export has not finished.
pub(super) const UNFINISHED: &str = ".part";

/// What stands behind the name of the note beside such a file.
pub(super) const NOTE: &str = ".note";

/// The mailbox for the levels of a foreign name: what no name may hold becomes `_`.
pub(super) fn mailbox_of<'a>(levels: impl Iterator<Item = &'a str>) -> MailboxPath {
    let clean = |level: &str| -> String {
        let level = level.trim();
        let forbidden =
            |c: char| c.is_control() || c == SEPARATOR || matches!(c, '\u{2028}' | '\u{2029}');
        level
            .chars()
            .map(|c| if forbidden(c) { '_' } else { c })
            .collect()
    };
    let levels: Vec<String> = levels
        .map(clean)
        .filter(|level| !level.is_empty())
        .collect();
    let path = MailboxPath::parse(&levels.join("/"));
    path.or_else(|_| MailboxPath::parse(UNNAMED))
        .unwrap_or_else(|_| MailboxPath::inbox())
}

/// The mbox file for a mailbox below a folder: `Projects/2026.mbox`.
pub(super) fn mbox_path(root: &Path, mailbox: &MailboxPath) -> PathBuf {
    let mut path = root.to_owned();
    let mut levels = mailbox.levels().peekable();
    while let Some(level) = levels.next() {
        let name = file_name(level);
        path.push(if levels.peek().is_none() {
            name + MBOX
        } else {
            name
        });
    }
    path
}

/// One level as a file name: no dot in front (so that it is neither hidden nor `..`), not too long.
fn file_name(level: &str) -> String {
    let mut name = level.replace('%', "%25");
    if name.starts_with('.') {
        name.replace_range(..1, "%2E");
    }
    // These mean something at the end of a file's or folder's name.
    for suffix in [MBOX, SBD, UNFINISHED, NOTE] {
        if let Some(stem) = name.strip_suffix(suffix) {
            name = format!("{stem}%2E{}", suffix.trim_start_matches('.'));
        }
    }
    shortened(name)
}

fn level_of(name: &str) -> String {
    name.replace("%2E", ".").replace("%25", "%")
}

/// A name that the file system takes: of one too long, the beginning and a hash of all of it.
fn shortened(name: String) -> String {
    if name.len() <= FILE_NAME_BYTES_MAX {
        return name;
    }
    let hash = blake3::hash(name.as_bytes()).to_hex();
    let mut end = FILE_NAME_BYTES_MAX - 9;
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    let (beginning, digits) = (name.get(..end).unwrap_or_default(), hash.get(..8));
    format!("{beginning}~{}", digits.unwrap_or_default())
}

/// All mbox files below a folder, with the mailboxes they are for, sorted by path.
pub(super) fn mbox_files(
    root: &Path,
    files: &mut Vec<(PathBuf, MailboxPath)>,
) -> Result<(), TransferError> {
    let mut waiting = vec![(root.to_owned(), Vec::<String>::new())];
    while let Some((folder, levels)) = waiting.pop() {
        for entry in fs::read_dir(&folder).map_err(TransferError::file(&folder))? {
            let entry = entry.map_err(TransferError::file(&folder))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            // Links are not followed: they may lead out of what was meant.
            let kind = entry
                .file_type()
                .map_err(TransferError::file(entry.path()))?;
            let is_hidden = name.starts_with('.') || name.ends_with(UNFINISHED);
            if is_hidden || !(kind.is_dir() || kind.is_file()) {
                continue;
            }
            let mut levels = levels.clone();
            if kind.is_dir() {
                levels.push(level_of(name.strip_suffix(SBD).unwrap_or(&name)));
                waiting.push((entry.path(), levels));
            } else if is_mbox(&entry.path()) {
                levels.push(level_of(name.strip_suffix(MBOX).unwrap_or(&name)));
                let mailbox = mailbox_of(levels.iter().map(String::as_str));
                files.push((entry.path(), mailbox));
            }
        }
    }
    files.sort();
    Ok(())
}

/// Whether a file begins as an mbox does, or is empty and called so.
fn is_mbox(path: &Path) -> bool {
    use std::io::Read as _;
    let mut start = [0; 8];
    let read = fs::File::open(path).and_then(|mut file| file.read(&mut start));
    let Ok(read) = read else { return false };
    let start = start.get(..read).unwrap_or_default();
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    start.starts_with(b"From ")
        || (start.is_empty() && path.extension().is_some_and(|e| e == "mbox"))
}

/// The Maildir++ folder for a mailbox: `.Projects.2026`, in modified UTF-7; empty for INBOX.
pub(super) fn maildir_name(mailbox: &MailboxPath) -> String {
    if mailbox.is_inbox() {
        return String::new();
    }
    let mut name = String::new();
    for level in mailbox.levels() {
        name.push('.');
        // A dot would part levels, a percent sign nothing.
        name.push_str(&utf7::encode(level, |c| c != '.'));
    }
    shortened(name)
}

/// The mailbox for a Maildir++ folder's name without its first dot: in modified UTF-7 (Courier,
/// Dovecot) or in UTF-8 (Dovecot when told so).
pub(super) fn mailbox_of_maildir(name: &str) -> MailboxPath {
    let decode = |level: &str| utf7::decode(level).unwrap_or_else(|| level.to_owned());
    let levels: Vec<String> = name.split('.').map(decode).collect();
    match levels.split_first() {
        // Courier shows `.Sent` as `INBOX.Sent`; some tools write it so.
        Some((first, rest)) if first == INBOX && !rest.is_empty() => {
            mailbox_of(rest.iter().map(String::as_str))
        }
        _ => mailbox_of(levels.iter().map(String::as_str)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> MailboxPath {
        MailboxPath::parse(text).unwrap()
    }

    #[test]
    fn maildir_names_come_back() {
        for (name, expected) in [
            ("Sent", ".Sent"),
            ("案件/会議", ".&aEhO9g-.&TxqLcA-"),
            ("v1.2/a&b", ".v1&AC4-2.a&-b"),
        ] {
            let encoded = maildir_name(&path(name));
            assert_eq!(encoded, expected);
            assert_eq!(mailbox_of_maildir(&encoded[1..]), path(name));
        }
        assert_eq!(maildir_name(&MailboxPath::inbox()), "");
    }

    #[test]
    fn foreign_maildir_names_are_understood() {
        for (name, expected) in [
            ("INBOX.Sent", "Sent"),
            ("案件.会議", "案件/会議"),
            ("a&b", "a&b"),
            ("a..b", "a/b"),
            ("a\nb", "a_b"),
            ("...", "Imported"),
        ] {
            assert_eq!(mailbox_of_maildir(name), path(expected), "{name:?}");
        }
        assert_eq!(mailbox_of_maildir(&"x".repeat(300)), path("Imported"));
    }

    #[test]
    fn no_mailbox_leaves_the_folder_it_is_written_to() {
        let root = Path::new("/out");
        for (name, expected) in [
            ("a/b", "/out/a/b.mbox"),
            ("../../etc", "/out/%2E./%2E./etc.mbox"),
            (".", "/out/%2E.mbox"),
            ("50%", "/out/50%25.mbox"),
            ("a.mbox/b.sbd", "/out/a%2Embox/b%2Esbd.mbox"),
            // Else it would be taken for the unfinished file of `a`, and an import passes over it.
            ("a.mbox.part/b", "/out/a.mbox%2Epart/b.mbox"),
            ("a.mbox.note/b", "/out/a.mbox%2Enote/b.mbox"),
        ] {
            assert_eq!(mbox_path(root, &path(name)), Path::new(expected));
        }
        assert_eq!(level_of("%2E."), "..");
        let long = mbox_path(root, &path(&"会".repeat(85)));
        assert!(long.file_name().unwrap().len() <= 255);
        assert!(
            maildir_name(&path(&["会議".repeat(30), "会議".repeat(30)].join("/"))).len() <= 255
        );
    }
}
