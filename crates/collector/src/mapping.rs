//! Which folders are taken, and which mailboxes they go to.

use hikyaku_mailstore::{INBOX, MailboxPath, SEPARATOR, SpecialUse};

use crate::{Pattern, Selection};

/// A folder of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Folder {
    /// Its name on the wire.
    pub(crate) wire: Vec<u8>,
    /// Its whole name in UTF-8, as people there know it.
    pub(crate) name: String,
    /// The levels of its name, without the prefix that stands before all of the user's folders.
    pub(crate) levels: Vec<String>,
    /// What separates levels there.
    pub(crate) separator: char,
    /// What it is for, as the source says.
    pub(crate) use_: Option<Use>,
    /// Whether it is another user's, or shared.
    pub(crate) is_foreign: bool,
}

/// What a folder is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// Something that we have too.
    Known(SpecialUse),
    /// It shows messages of other folders once more (`\All`, `\Flagged`, `\Important`).
    Virtual,
}

/// The mailboxes here that have a special use.
pub(crate) type Uses = Vec<(SpecialUse, MailboxPath)>;

/// What becomes of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    Taken(MailboxPath),
    Passed(&'static str),
}

/// Names by which programs and providers call folders of a special use, for sources that do not
/// tell it. They count on the first level only.
const USUAL_NAMES: &[(&str, SpecialUse)] = &[
    ("Sent", SpecialUse::Sent),
    ("Sent Items", SpecialUse::Sent),
    ("Sent Messages", SpecialUse::Sent),
    ("Sent Mail", SpecialUse::Sent),
    ("送信済み", SpecialUse::Sent),
    ("送信済みアイテム", SpecialUse::Sent),
    ("送信済みトレイ", SpecialUse::Sent),
    ("Draft", SpecialUse::Drafts),
    ("Drafts", SpecialUse::Drafts),
    ("下書き", SpecialUse::Drafts),
    ("Trash", SpecialUse::Trash),
    ("Deleted", SpecialUse::Trash),
    ("Deleted Items", SpecialUse::Trash),
    ("Deleted Messages", SpecialUse::Trash),
    ("ごみ箱", SpecialUse::Trash),
    ("ゴミ箱", SpecialUse::Trash),
    ("削除済みアイテム", SpecialUse::Trash),
    ("Junk", SpecialUse::Junk),
    ("Junk E-mail", SpecialUse::Junk),
    ("Junk Email", SpecialUse::Junk),
    ("Spam", SpecialUse::Junk),
    ("Bulk Mail", SpecialUse::Junk),
    ("迷惑メール", SpecialUse::Junk),
    ("Archive", SpecialUse::Archive),
    ("Archives", SpecialUse::Archive),
    ("アーカイブ", SpecialUse::Archive),
];

/// Decides about folders.
#[derive(Debug)]
pub(crate) struct Mapping<'a> {
    selection: &'a Selection,
    /// Where folders of the source that have a use go, by their levels.
    special: Vec<(Vec<String>, MailboxPath)>,
}

impl<'a> Mapping<'a> {
    /// For the folders of a source and the special mailboxes of an account.
    pub(crate) fn new(selection: &'a Selection, folders: &[Folder], uses: &Uses) -> Self {
        let mut special = Vec::new();
        if selection.into.is_none() {
            for (use_, path) in uses {
                let told = folders
                    .iter()
                    .find(|folder| folder.use_ == Some(Use::Known(*use_)));
                let usual = || folders.iter().find(|folder| is_usual(folder, *use_));
                if let Some(folder) = told.or_else(usual) {
                    special.push((folder.levels.clone(), path.clone()));
                }
            }
        }
        Self { selection, special }
    }

    /// What becomes of a folder.
    pub(crate) fn fate(&self, folder: &Folder) -> Fate {
        let is_in = |patterns: &[Pattern]| {
            patterns
                .iter()
                .any(|pattern| pattern.matches(&folder.name, folder.separator))
        };
        if is_in(&self.selection.exclude) {
            return Fate::Passed("excluded");
        }
        if !self.selection.folders.is_empty() {
            return if is_in(&self.selection.folders) {
                Fate::Taken(self.path(folder))
            } else {
                Fate::Passed("not among the folders asked for")
            };
        }
        if folder.is_foreign {
            return Fate::Passed("another user's, or shared; name it to have it");
        }
        if folder.use_ == Some(Use::Virtual) {
            let why = "shows messages of other folders once more; name it to have it";
            return Fate::Passed(why);
        }
        Fate::Taken(self.path(folder))
    }

    /// The mailbox that a folder goes to.
    fn path(&self, folder: &Folder) -> MailboxPath {
        if let Some(path) = self.mapped(folder) {
            return path;
        }
        if let Some(into) = &self.selection.into {
            return below(into, &folder.levels);
        }
        let is_above = |levels: &[String]| folder.levels.starts_with(levels);
        let special = self.special.iter().filter(|(levels, _)| is_above(levels));
        match special.max_by_key(|(levels, _)| levels.len()) {
            Some((levels, path)) => {
                below(path, folder.levels.get(levels.len()..).unwrap_or_default())
            }
            None => clean(&folder.levels),
        }
    }

    /// Where the operator wants it, or one above it, to go.
    fn mapped(&self, folder: &Folder) -> Option<MailboxPath> {
        let map = self.selection.map.iter().filter_map(|(old, new)| {
            let rest = folder.name.strip_prefix(old.as_str())?;
            let rest = match rest.strip_prefix(folder.separator) {
                Some(rest) => rest,
                None if rest.is_empty() => rest,
                None => return None,
            };
            Some((old.len(), rest, new))
        });
        let (_, rest, new) = map.max_by_key(|(length, _, _)| *length)?;
        let levels: Vec<String> = rest.split(folder.separator).map(str::to_owned).collect();
        Some(below(new, &levels))
    }
}

fn is_usual(folder: &Folder, use_: SpecialUse) -> bool {
    let [name] = folder.levels.as_slice() else {
        return false;
    };
    USUAL_NAMES
        .iter()
        .any(|(usual, of)| *of == use_ && name.eq_ignore_ascii_case(usual))
}

/// The mailbox of these levels below another one.
fn below(path: &MailboxPath, levels: &[String]) -> MailboxPath {
    let mut all: Vec<String> = path.levels().map(str::to_owned).collect();
    all.extend_from_slice(levels);
    clean(&all)
}

/// The mailbox for levels of a foreign name: what no name may hold becomes `_`, and a name that no
/// mailbox can have becomes a short one of its own.
pub(crate) fn clean(levels: &[String]) -> MailboxPath {
    let allowed = |c: char| {
        let forbidden = c.is_control() || c == SEPARATOR || matches!(c, '\u{2028}' | '\u{2029}');
        if forbidden { '_' } else { c }
    };
    let levels: Vec<String> = levels
        .iter()
        .map(|level| level.trim().chars().map(allowed).collect::<String>())
        .filter(|level| !level.is_empty())
        .collect();
    let name = levels.join("/");
    MailboxPath::parse(&name).unwrap_or_else(|_| {
        if name.is_empty() {
            return MailboxPath::inbox();
        }
        let digits = blake3::hash(name.as_bytes()).to_hex();
        let short = format!("Folder {}", digits.get(..8).unwrap_or(INBOX));
        MailboxPath::parse(&short).unwrap_or_else(|_| MailboxPath::inbox())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str, separator: char, use_: Option<Use>) -> Folder {
        Folder {
            wire: name.as_bytes().to_vec(),
            name: name.to_owned(),
            levels: name.split(separator).map(str::to_owned).collect(),
            separator,
            use_,
            is_foreign: false,
        }
    }

    fn path(name: &str) -> MailboxPath {
        MailboxPath::parse(name).unwrap()
    }

    fn uses() -> Uses {
        vec![
            (SpecialUse::Sent, path("Sent")),
            (SpecialUse::Trash, path("Trash")),
        ]
    }

    fn fates(selection: &Selection, folders: &[Folder]) -> Vec<String> {
        let mapping = Mapping::new(selection, folders, &uses());
        let fate = |folder| match mapping.fate(folder) {
            Fate::Taken(path) => path.to_string(),
            Fate::Passed(why) => format!("- {}", why.split(' ').next().unwrap()),
        };
        folders.iter().map(fate).collect()
    }

    #[test]
    fn special_uses_meet_ours() {
        let sent = Some(Use::Known(SpecialUse::Sent));
        let folders = [
            folder("inbox", '/', None),
            folder("[Gmail]/送信済みメール", '/', sent),
            folder("[Gmail]/送信済みメール/2024", '/', None),
            folder("[Gmail]/All Mail", '/', Some(Use::Virtual)),
            folder("deleted items", '/', None),
            folder("Sent Items", '/', None),
            folder("a/Trash", '/', None),
        ];
        assert_eq!(
            fates(&Selection::default(), &folders),
            [
                "INBOX",
                "Sent",
                "Sent/2024",
                "- shows",
                "Trash",
                "Sent Items",
                "a/Trash"
            ]
        );
        let into = Selection {
            into: Some(path("Old")),
            ..Selection::default()
        };
        let below = fates(&into, &folders);
        assert_eq!(below[0], "Old/inbox");
        assert_eq!(below[1], "Old/[Gmail]/送信済みメール");
        assert_eq!(below[4], "Old/deleted items");
    }

    #[test]
    fn the_operator_chooses() {
        let mut foreign = folder("Public/x", '/', None);
        foreign.is_foreign = true;
        let folders = [
            folder("Projects", '/', None),
            folder("Projects/2026", '/', None),
            folder("Projects/2026/old", '/', None),
            folder("All Mail", '/', Some(Use::Virtual)),
            foreign,
        ];
        let patterns = |names: &[&str]| names.iter().map(|name| Pattern::new(name)).collect();
        let selection = Selection {
            exclude: patterns(&["*/old"]),
            map: vec![
                ("Projects".to_owned(), path("案件")),
                ("Projects/2026".to_owned(), path("今年")),
            ],
            ..Selection::default()
        };
        assert_eq!(
            fates(&selection, &folders),
            ["案件", "今年", "- excluded", "- shows", "- another"]
        );
        let named = Selection {
            folders: patterns(&["all mail", "Public"]),
            ..Selection::default()
        };
        assert_eq!(
            fates(&named, &folders),
            ["- not", "- not", "- not", "All Mail", "Public/x"]
        );
    }

    #[test]
    fn names_that_cannot_be_are_cleaned() {
        for (name, separator, expected) in [
            ("a/b.c", '.', "a_b/c"),
            ("a..b", '.', "a/b"),
            ("x\ty", '/', "x_y"),
            ("", '/', "INBOX"),
        ] {
            let folders = [folder(name, separator, None)];
            assert_eq!(fates(&Selection::default(), &folders), [expected], "{name}");
        }
        let long = clean(&["x".repeat(300)]);
        assert!(long.as_str().starts_with("Folder "), "{long}");
        assert_ne!(long, clean(&["y".repeat(300)]));
    }
}
