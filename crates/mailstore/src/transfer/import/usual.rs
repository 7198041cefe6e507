//! Usual names of folders, in English and Japanese, as mail programs and servers call them.

use std::collections::HashMap;

use crate::{Mailbox, SpecialUse, name::MailboxPath};

/// Names in lower case, as found in Thunderbird, Outlook, Apple Mail, Becky!, Shuriken, Roundcube,
/// Gmail and the servers' own defaults.
const USUAL: [(SpecialUse, &[&str]); 5] = [
    (
        SpecialUse::Sent,
        &[
            "sent",
            "sent items",
            "sent messages",
            "sent mail",
            "sent-mail",
            "送信済み",
            "送信済",
            "送信済みトレイ",
            "送信済みアイテム",
            "送信済みメール",
            "送信済メール",
            "送信控",
            "送信控え",
        ],
    ),
    (
        SpecialUse::Drafts,
        &["drafts", "draft", "下書き", "下書きトレイ", "草稿"],
    ),
    (
        SpecialUse::Trash,
        &[
            "trash",
            "deleted",
            "deleted items",
            "deleted messages",
            "bin",
            "ごみ箱",
            "ゴミ箱",
            "削除済み",
            "削除済みアイテム",
            "削除済みメール",
        ],
    ),
    (
        SpecialUse::Junk,
        &[
            "junk",
            "junk mail",
            "junk e-mail",
            "junk email",
            "spam",
            "bulk mail",
            "迷惑メール",
            "迷惑メールトレイ",
            "迷惑メールフォルダ",
            "迷惑メールフォルダー",
            "スパム",
        ],
    ),
    (
        SpecialUse::Archive,
        &["archive", "archives", "アーカイブ", "保管", "保管トレイ"],
    ),
];

/// What a folder with this name is for, when the name is a usual one.
fn usual(name: &str) -> Option<SpecialUse> {
    let lower = name.to_lowercase();
    let found = USUAL
        .iter()
        .find(|(_, names)| names.contains(&lower.as_str()));
    found.map(|(role, _)| *role)
}

/// The mailboxes of an account that have a special use.
#[derive(Debug, Default)]
pub(super) struct Usual {
    mailboxes: HashMap<SpecialUse, MailboxPath>,
}

impl Usual {
    pub(super) fn of(mailboxes: &[Mailbox]) -> Self {
        let with_role = mailboxes
            .iter()
            .filter_map(|mailbox| mailbox.role.map(|role| (role, mailbox.path.clone())));
        Self {
            mailboxes: with_role.collect(),
        }
    }

    /// Where a folder goes, and the special use of its mailbox if that has to be made: a usual name
    /// at the top leads to the mailbox with that use, folders below it to folders below that.
    pub(super) fn target(&self, folder: &MailboxPath) -> (MailboxPath, Option<SpecialUse>) {
        let (top, rest) = match folder.as_str().split_once(crate::SEPARATOR) {
            Some((top, rest)) => (top, Some(rest)),
            None => (folder.as_str(), None),
        };
        let Some(role) = usual(top) else {
            return (folder.clone(), None);
        };
        match (self.mailboxes.get(&role), rest) {
            (Some(mailbox), None) => (mailbox.clone(), None),
            // A name that gets too long this way stays what it was.
            (Some(mailbox), Some(rest)) => {
                (mailbox.child(rest).unwrap_or_else(|_| folder.clone()), None)
            }
            (None, None) => (folder.clone(), Some(role)),
            (None, Some(_)) => (folder.clone(), None),
        }
    }

    /// Remembers a mailbox that was made.
    pub(super) fn made(&mut self, role: SpecialUse, mailbox: &MailboxPath) {
        self.mailboxes.insert(role, mailbox.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> MailboxPath {
        MailboxPath::parse(text).unwrap()
    }

    #[test]
    fn usual_names_lead_to_the_mailbox_for_it() {
        let mut known = Usual::default();
        known.made(SpecialUse::Sent, &path("Sent"));
        known.made(SpecialUse::Trash, &path("INBOX/Trash"));
        for (folder, expected, role) in [
            ("送信済みトレイ", "Sent", None),
            ("Sent Items", "Sent", None),
            ("SENT", "Sent", None),
            ("送信済みアイテム/2025", "Sent/2025", None),
            ("ゴミ箱", "INBOX/Trash", None),
            ("下書き", "下書き", Some(SpecialUse::Drafts)),
            ("下書き/古い", "下書き/古い", None),
            ("Projects/Sent", "Projects/Sent", None),
            ("Sentences", "Sentences", None),
            ("INBOX", "INBOX", None),
        ] {
            assert_eq!(
                known.target(&path(folder)),
                (path(expected), role),
                "{folder}"
            );
        }
    }

    #[test]
    fn no_name_is_usual_for_two_things() {
        let mut all: Vec<&str> = USUAL
            .iter()
            .flat_map(|(_, names)| names.iter().copied())
            .collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
        for name in all {
            assert_eq!(name, name.to_lowercase(), "compared in lower case");
        }
    }
}
