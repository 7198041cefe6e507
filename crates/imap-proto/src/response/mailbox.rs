//! Answers about mailboxes: FLAGS, LIST, LSUB, STATUS.

use hikyaku_types::{MailboxId, ModSeq, Uid, UidValidity};

use super::{ResponseBuf, status, string};
use crate::{
    ListSelect, NameEncoding, SpecialUse, StatusItem, object_id, sequence::write_number, utf7,
};

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
    /// The largest message that can be appended, in bytes.
    pub append_limit: u64,
    /// The number of messages with `\Deleted`.
    pub deleted: u32,
    /// The sizes of those together, in bytes.
    pub deleted_storage: u64,
    /// The highest modification sequence in it.
    pub highest_modseq: ModSeq,
    /// The mailbox's id.
    pub mailbox_id: MailboxId,
    /// The number of messages.
    pub messages: u32,
    /// The number of messages that are recent.
    pub recent: u32,
    /// The sizes of all messages together, in bytes.
    pub size: u64,
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
        self.list_start(line, attributes, name);
        self.end_line();
    }

    /// The same for a name with others below it that `selected` is true for (RFC 5258 §3.5).
    pub fn list_parent(
        &mut self,
        attributes: impl IntoIterator<Item = MailboxAttribute>,
        name: &str,
        selected: impl IntoIterator<Item = ListSelect>,
    ) {
        self.list_start(ListLine::List, attributes, name);
        self.push(" (\"CHILDINFO\" (");
        for (index, option) in selected.into_iter().enumerate() {
            self.push(if index == 0 { "\"" } else { " \"" });
            self.push(option.as_str());
            self.push("\"");
        }
        self.push("))");
        self.end_line();
    }

    fn list_start(
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
            let number: u64 = match item {
                StatusItem::MailboxId => {
                    object_id::write_mailbox_id(counts.mailbox_id, &mut self.text);
                    continue;
                }
                StatusItem::AppendLimit => counts.append_limit,
                StatusItem::Deleted => counts.deleted.into(),
                StatusItem::DeletedStorage => counts.deleted_storage,
                StatusItem::HighestModSeq => counts.highest_modseq.0,
                StatusItem::Messages => counts.messages.into(),
                StatusItem::Recent => counts.recent.into(),
                StatusItem::Size => counts.size,
                StatusItem::UidNext => counts.uid_next.get().into(),
                StatusItem::UidValidity => counts.uid_validity.0.into(),
                StatusItem::Unseen => counts.unseen.into(),
            };
            self.push(item.as_str());
            self.push(" ");
            write_number(number, &mut self.text);
        }
        self.push(")\r\n");
    }

    /// A mailbox name as an atom or quoted, in the encoding in force.
    pub(super) fn mailbox_name(&mut self, name: &str) {
        if self.names == NameEncoding::Utf8 {
            string::write_utf8(name, &mut self.text);
            return;
        }
        let mut wire = Vec::with_capacity(name.len());
        utf7::encode(name, &mut wire);
        string::write_astring(&wire, &mut self.text);
    }
}
