//! Lists of subscribed folders, as servers keep them beside the mail.

use std::{collections::HashSet, io::Read as _, path::Path};

use crate::name::MailboxPath;

use super::{names, opening};

/// Most bytes of a list of subscriptions that are read (1 MiB, some 20,000 names).
const SUBSCRIPTIONS_BYTES_MAX: u64 = 1 << 20;

/// Which folders their owner wants to see.
#[derive(Debug, Clone)]
pub(super) enum Subscribed {
    /// The source does not say: all.
    All,
    /// These.
    Only(HashSet<MailboxPath>),
}

impl Subscribed {
    /// What stands in the lists of Dovecot (`subscriptions`) and Courier (`courierimapsubscribed`)
    /// in a Maildir.
    pub(super) fn of_maildir(root: &Path) -> Self {
        let dovecot = read(&root.join("subscriptions"));
        let courier = read(&root.join("courierimapsubscribed"));
        // Maildir++ parts levels by dots, Dovecot's other layout by slashes.
        dovecot
            .map(|text| Self::parse(&text, |name| from_levels(name, &['.', '/'])))
            .or_else(|| courier.map(|text| Self::parse(&text, of_courier)))
            .unwrap_or(Self::All)
    }

    /// What stands in the lists of Dovecot (`.subscriptions`) and UW-IMAP (`.mailboxlist`) beside
    /// mbox files.
    pub(super) fn of_mbox_folder(root: &Path) -> Self {
        [".subscriptions", ".mailboxlist"]
            .iter()
            .find_map(|name| read(&root.join(name)))
            .map_or(Self::All, |text| {
                Self::parse(&text, |name| from_levels(name, &['/']))
            })
    }

    fn parse(text: &str, name: impl Fn(&str) -> MailboxPath) -> Self {
        let mut lines = text.lines().peekable();
        // The second version of Dovecot's form says so, and parts levels by tabs.
        let levels_by_tabs = lines.next_if(|line| line.starts_with("V\t2")).is_some();
        let names = lines.map(str::trim_end).filter(|line| !line.is_empty());
        Self::Only(
            names
                .map(|line| {
                    if levels_by_tabs {
                        names::mailbox_of_levels(line.split('\t'))
                    } else {
                        name(line)
                    }
                })
                .collect(),
        )
    }

    pub(super) fn contains(&self, mailbox: &MailboxPath) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => mailbox.is_inbox() || names.contains(mailbox),
        }
    }
}

/// Courier shows `.Sent` as `INBOX.Sent`.
fn of_courier(name: &str) -> MailboxPath {
    from_levels(name.strip_prefix("INBOX.").unwrap_or(name), &['.'])
}

fn from_levels(name: &str, separators: &[char]) -> MailboxPath {
    names::mailbox_of_levels(name.split(|c| separators.contains(&c)))
}

fn read(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    let file = opening::regular(path).ok()?;
    file.take(SUBSCRIPTIONS_BYTES_MAX)
        .read_to_end(&mut bytes)
        .ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn path(text: &str) -> MailboxPath {
        MailboxPath::parse(text).unwrap()
    }

    #[test]
    fn lists_of_every_server() {
        for (name, text) in [
            ("subscriptions", "V\t2\n\n&kAFP4W4I-\nWork\t&TxqLcA-\n"),
            ("subscriptions", "&kAFP4W4I-\nWork.&TxqLcA-\n"),
            ("subscriptions", "送信済\nWork/会議\n"),
            (
                "courierimapsubscribed",
                "INBOX.&kAFP4W4I-\nINBOX.Work.&TxqLcA-\n",
            ),
        ] {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join(name), text).unwrap();
            let subscribed = Subscribed::of_maildir(folder.path());
            for wanted in ["送信済", "Work/会議", "INBOX"] {
                assert!(subscribed.contains(&path(wanted)), "{wanted}: {text}");
            }
            assert!(!subscribed.contains(&path("Work")), "{text}");
        }
        let folder = tempfile::tempdir().unwrap();
        assert!(Subscribed::of_maildir(folder.path()).contains(&path("x")));
        fs::write(folder.path().join(".subscriptions"), "a/b\n").unwrap();
        let subscribed = Subscribed::of_mbox_folder(folder.path());
        assert!(subscribed.contains(&path("a/b")) && !subscribed.contains(&path("a")));
        let long = "x".repeat(usize::try_from(SUBSCRIPTIONS_BYTES_MAX).unwrap());
        fs::write(
            folder.path().join(".subscriptions"),
            format!("a\n{long}\nb\n"),
        )
        .unwrap();
        let subscribed = Subscribed::of_mbox_folder(folder.path());
        assert!(subscribed.contains(&path("a")) && !subscribed.contains(&path("b")));
    }
}
