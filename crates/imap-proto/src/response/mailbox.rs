//! Answers about mailboxes: FLAGS, LIST, LSUB, STATUS.

use hikyaku_types::{ModSeq, Uid, UidValidity};

use super::{ResponseBuf, status, string};
use crate::{SpecialUse, StatusItem, sequence::write_number, utf7};

/// An attribute of a mailbox name (RFC 3501 §7.2.2, RFC 5258 §3, RFC 6154 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MailboxAttribute {
    /// There are mailboxes below it.
    HasChildren,
    /// There are none.
    HasNoChildren,
    /// It is not there; other names below it are.
    NonExistent,
    /// It cannot be selected.
    NoSelect,
    /// It is subscribed to.
    Subscribed,
    /// It has a special use.
    SpecialUse(SpecialUse),
}

impl MailboxAttribute {
    const fn as_str(self) -> &'static str {
        match self {
            Self::HasChildren => "\\HasChildren",
            Self::HasNoChildren => "\\HasNoChildren",
            Self::NonExistent => "\\NonExistent",
            Self::NoSelect => "\\Noselect",
            Self::Subscribed => "\\Subscribed",
            Self::SpecialUse(special_use) => special_use.as_str(),
        }
    }
}

/// Which command a line answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListLine {
    /// LIST.
    List,
    /// LSUB.
    Lsub,
}

/// What STATUS can tell about a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusCounts {
    /// The highest modification sequence in it.
    pub highest_modseq: ModSeq,
    /// The number of messages.
    pub messages: u32,
    /// The number of messages that are recent.
    pub recent: u32,
    /// The UID that the next message gets.
    pub uid_next: Uid,
    /// The mailbox's UIDVALIDITY.
    pub uid_validity: UidValidity,
    /// The number of messages without `\Seen`.
    pub unseen: u32,
}

impl ResponseBuf {
    /// `* FLAGS (…)`: the flags in use.
    pub fn flags<'a>(&mut self, flags: impl IntoIterator<Item = &'a str>) {
        self.push("* FLAGS (");
        status::write_words(flags, &mut self.text);
        self.push(")\r\n");
    }

    /// `* LIST (…) "/" name`.
    pub fn list(
        &mut self,
        line: ListLine,
        attributes: impl IntoIterator<Item = MailboxAttribute>,
        name: &str,
    ) {
        self.push(match line {
            ListLine::List => "* LIST (",
            ListLine::Lsub => "* LSUB (",
        });
        let attributes = attributes.into_iter().map(MailboxAttribute::as_str);
        status::write_words(attributes, &mut self.text);
        self.push(") \"/\" ");
        self.mailbox_name(name);
        self.end_line();
    }

    /// The answer to an empty pattern: the hierarchy delimiter and the root (RFC 3501 §6.3.8).
    pub fn list_root(&mut self, line: ListLine) {
        self.push(match line {
            ListLine::List => "* LIST (\\Noselect) \"/\" \"\"\r\n",
            ListLine::Lsub => "* LSUB (\\Noselect) \"/\" \"\"\r\n",
        });
    }

    /// `* STATUS name (…)` with the items asked for.
    pub fn status(&mut self, name: &str, items: &[StatusItem], counts: &StatusCounts) {
        self.push("* STATUS ");
        self.mailbox_name(name);
        self.push(" (");
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.push(" ");
            }
            self.push(item.as_str());
            self.push(" ");
            let number: u64 = match item {
                StatusItem::HighestModSeq => counts.highest_modseq.0,
                StatusItem::Messages => counts.messages.into(),
                StatusItem::Recent => counts.recent.into(),
                StatusItem::UidNext => counts.uid_next.get().into(),
                StatusItem::UidValidity => counts.uid_validity.0.into(),
                StatusItem::Unseen => counts.unseen.into(),
            };
            write_number(number, &mut self.text);
        }
        self.push(")\r\n");
    }

    /// A mailbox name in modified UTF-7, as an atom or quoted.
    fn mailbox_name(&mut self, name: &str) {
        let mut wire = Vec::with_capacity(name.len());
        utf7::encode(name, &mut wire);
        string::write_astring(&wire, &mut self.text);
    }
}
