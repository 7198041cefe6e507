//! Names of mailboxes as names of files and folders, and back.

use std::path::{Path, PathBuf};

use crate::name::{MailboxPath, SEPARATOR};

use super::utf7;

/// Longest file name most file systems take, in bytes, less what is put behind it.
const FILE_NAME_BYTES_MAX: usize = 240;

/// Where a name that no mailbox can have goes.
const UNNAMED: &str = "Imported";

/// What stands behind the name of an mbox file.
pub(super) const MBOX: &str = ".mbox";

/// What stands behind the name of a folder of Thunderbird's that holds the mailboxes below one.
pub(super) const SBD: &str = ".sbd";

/// What stands behind the name of a file that an export has not finished.
pub(super) const UNFINISHED: &str = ".part";

/// What stands behind the name of the note beside such a file.
pub(super) const NOTE: &str = ".note";

/// The mailbox for the levels of a foreign name: what no name may hold becomes `_`.
pub(super) fn mailbox_of_levels<'a>(levels: impl Iterator<Item = &'a str>) -> MailboxPath {
    let levels: Vec<String> = levels
        .map(|level| clean(&decoded(level)))
        .filter(|level| !level.is_empty())
        .collect();
    let path = MailboxPath::parse(&levels.join("/"));
    path.or_else(|_| MailboxPath::parse(UNNAMED))
        .unwrap_or_else(|_| MailboxPath::inbox())
}

/// What stands for a level on disk, as its name: in modified UTF-7 (Courier, Dovecot, UW-IMAP) or
/// in UTF-8 (Dovecot when told so, Thunderbird), with characters escaped as Dovecot's listescape
/// does (`\2e`) or as our own export to mbox does (`%2E`).
fn decoded(level: &str) -> String {
    let name = utf7::decode(level).unwrap_or_else(|| level.to_owned());
    let mut text = String::with_capacity(name.len());
    let mut rest = name.as_str();
    while let Some(at) = rest.find(['\\', '%']) {
        let (before, escape) = rest.split_at(at);
        text.push_str(before);
        let found = ESCAPES.iter().find(|(code, _)| escape.starts_with(code));
        let (c, next) = match found {
            Some((code, c)) => (*c, escape.get(code.len()..)),
            None => (escape.chars().next().unwrap_or('_'), escape.get(1..)),
        };
        text.push(c);
        rest = next.unwrap_or_default();
    }
    text.push_str(rest);
    text
}

/// Escapes in names, and what they stand for.
const ESCAPES: [(&str, char); 9] = [
    ("\\2e", '.'),
    ("\\2f", '/'),
    ("\\26", '&'),
    ("\\7e", '~'),
    ("\\5c", '\\'),
    ("%2E", '.'),
    ("%26", '&'),
    ("%25", '%'),
    ("%5C", '\\'),
];

fn clean(level: &str) -> String {
    let level = level.trim();
    let forbidden =
        |c: char| c.is_control() || c == SEPARATOR || matches!(c, '\u{2028}' | '\u{2029}');
    level
        .chars()
        .map(|c| if forbidden(c) { '_' } else { c })
        .collect()
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
pub(super) fn file_name(level: &str) -> String {
    let mut name = level.replace('%', "%25");
    name = name.replace('\\', "%5C");
    if is_taken_for_utf7(&name) {
        name = name.replace('&', "%26");
    }
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

/// Whether a name that is plain text would be read as modified UTF-7.
fn is_taken_for_utf7(name: &str) -> bool {
    utf7::decode(name).is_some_and(|decoded| decoded != name)
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

/// How names of folders are written to disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NameEncoding {
    /// Modified UTF-7, as Courier and Dovecot expect it.
    #[default]
    Utf7,
    /// UTF-8, for a Dovecot that is set up for it.
    Utf8,
}

/// The Maildir++ folder for a mailbox: `.Projects.2026`; empty for INBOX.
pub(super) fn maildir_name(mailbox: &MailboxPath, encoding: NameEncoding) -> String {
    if mailbox.is_inbox() {
        return String::new();
    }
    let mut name = String::new();
    for level in mailbox.levels() {
        name.push('.');
        // A dot would part levels; what looks like an escape has to come back as it was.
        let level = level.replace('\\', "\\5c").replace('.', "\\2e");
        let level = level.replace("%2", "%252").replace("%5C", "%255C");
        name.push_str(&match encoding {
            NameEncoding::Utf7 => utf7::encode(&level),
            NameEncoding::Utf8 if is_taken_for_utf7(&level) => level.replace('&', "\\26"),
            NameEncoding::Utf8 => level,
        });
    }
    shortened(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> MailboxPath {
        MailboxPath::parse(text).unwrap()
    }

    fn of_maildir(name: &str) -> MailboxPath {
        mailbox_of_levels(name.split('.'))
    }

    #[test]
    fn maildir_names_come_back() {
        for (name, utf7, utf8) in [
            ("Sent", ".Sent", ".Sent"),
            ("案件/会議", ".&aEhO9g-.&TxqLcA-", ".案件.会議"),
            ("v1.2/a&b", ".v1\\2e2.a&-b", ".v1\\2e2.a&b"),
            ("a&-b", ".a&--b", ".a\\26-b"),
            ("C:\\2e", ".C:\\5c2e", ".C:\\5c2e"),
            ("100%25", ".100%2525", ".100%2525"),
            ("100%", ".100%", ".100%"),
        ] {
            for (encoding, expected) in [(NameEncoding::Utf7, utf7), (NameEncoding::Utf8, utf8)] {
                let encoded = maildir_name(&path(name), encoding);
                assert_eq!(encoded, expected);
                assert_eq!(of_maildir(&encoded[1..]), path(name), "{encoded}");
            }
        }
        assert_eq!(maildir_name(&MailboxPath::inbox(), NameEncoding::Utf7), "");
    }

    #[test]
    fn foreign_names_are_understood() {
        for (name, expected) in [
            ("案件.会議", "案件/会議"),
            ("a&b", "a&b"),
            ("a..b", "a/b"),
            ("a\nb", "a_b"),
            ("v1&AC4-2", "v1.2"),
            ("...", "Imported"),
        ] {
            assert_eq!(of_maildir(name), path(expected), "{name:?}");
        }
        assert_eq!(of_maildir(&"x".repeat(300)), path("Imported"));
    }

    #[test]
    fn no_mailbox_leaves_the_folder_it_is_written_to() {
        let root = Path::new("/out");
        for (name, expected) in [
            ("a/b", "/out/a/b.mbox"),
            ("../../etc", "/out/%2E./%2E./etc.mbox"),
            (".", "/out/%2E.mbox"),
            ("50%", "/out/50%25.mbox"),
            ("a&-b", "/out/a%26-b.mbox"),
            ("A & B", "/out/A & B.mbox"),
            ("C:\\2e", "/out/C:%5C2e.mbox"),
            ("a.mbox/b.sbd", "/out/a%2Embox/b%2Esbd.mbox"),
            // Else it would be taken for the unfinished file of `a`, and an import passes over it.
            ("a.mbox.part/b", "/out/a.mbox%2Epart/b.mbox"),
            ("a.mbox.note/b", "/out/a.mbox%2Enote/b.mbox"),
        ] {
            assert_eq!(mbox_path(root, &path(name)), Path::new(expected));
            let within = expected
                .trim_start_matches("/out/")
                .trim_end_matches(".mbox");
            assert_eq!(
                mailbox_of_levels(within.split('/')),
                path(name),
                "{expected}"
            );
        }
        let long = mbox_path(root, &path(&"会".repeat(85)));
        assert!(long.file_name().unwrap().len() <= 255);
        let long = path(&["会議".repeat(30), "会議".repeat(30)].join("/"));
        assert!(maildir_name(&long, NameEncoding::Utf7).len() <= 255);
    }
}
