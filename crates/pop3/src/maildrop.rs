//! The messages of one session: what INBOX held at sign-in.

use hikyaku_directory::AccountScope;
use hikyaku_mailstore::{
    Fields, MailError, MailboxPath, Mailstore, MessageRow, PAGE_ROWS_MAX, UidSet,
};
use hikyaku_types::{MailboxId, MessageId, Uid};

use crate::request::MessageNumber;

/// A numbered list of messages, with the marks of this session.
#[derive(Debug)]
pub(crate) struct Maildrop {
    pub(crate) scope: AccountScope,
    pub(crate) mailbox: MailboxId,
    entries: Vec<Entry>,
}

/// One message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) uid: Uid,
    pub(crate) message: MessageId,
    /// Octets of the message.
    pub(crate) size: u64,
    /// Another entry before this one is the same message.
    is_copy: bool,
    mark: Mark,
}

/// What this session did to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    None,
    Retrieved,
    Deleted,
    /// Retrieved before it was deleted: RSET brings the mark back.
    RetrievedAndDeleted,
}

/// Why a number names no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoMessage {
    #[error("no such message, the mailbox has {messages}")]
    Unknown {
        /// Messages of the session, deleted ones included.
        messages: usize,
    },
    #[error("this message is deleted")]
    Deleted,
}

impl Maildrop {
    /// Reads INBOX, up to `limit` messages.
    pub(crate) async fn open(
        mail: &Mailstore,
        scope: AccountScope,
        limit: usize,
    ) -> Result<Self, MailError> {
        let inbox = mail
            .mailbox(scope, &MailboxPath::inbox())
            .await?
            .ok_or(MailError::NoSuchMailbox)?;
        let everything = UidSet::from_ranges([Uid::MIN..=Uid::MAX]);
        let mut entries: Vec<Entry> = Vec::new();
        while entries.len() < limit {
            let after = entries.last().map(|entry| entry.uid);
            let page = PAGE_ROWS_MAX.min(limit - entries.len());
            let rows = mail
                .rows(scope, inbox.id, &everything, after, page, Fields::PLACEMENT)
                .await?;
            entries.extend(rows.iter().map(Entry::new));
            if rows.len() < page {
                break;
            }
        }
        mark_copies(&mut entries);
        Ok(Self {
            scope,
            mailbox: inbox.id,
            entries,
        })
    }

    /// The message of that number, unless it is deleted.
    pub(crate) fn entry(&self, number: MessageNumber) -> Result<&Entry, NoMessage> {
        let entry = index(number).and_then(|index| self.entries.get(index));
        let entry = entry.ok_or(NoMessage::Unknown {
            messages: self.entries.len(),
        })?;
        if entry.is_deleted() {
            return Err(NoMessage::Deleted);
        }
        Ok(entry)
    }

    /// The messages that are not deleted, with their numbers.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (usize, &Entry)> {
        (1..)
            .zip(&self.entries)
            .filter(|(_, entry)| !entry.is_deleted())
    }

    /// The message of that number and those after it: as many as have `budget` octets together, and
    /// at most `limit`, but always the first.
    pub(crate) fn run(
        &self,
        number: MessageNumber,
        budget: u64,
        limit: usize,
    ) -> impl Iterator<Item = MessageId> {
        let from = index(number).unwrap_or(usize::MAX);
        let mut octets = 0_u64;
        let mut is_first = true;
        self.entries
            .iter()
            .skip(from)
            .filter(|entry| !entry.is_deleted())
            .take(limit)
            .take_while(move |entry| {
                octets = octets.saturating_add(entry.size);
                std::mem::take(&mut is_first) || octets <= budget
            })
            .map(|entry| entry.message)
    }

    /// How many messages are not deleted, and their octets together.
    pub(crate) fn totals(&self) -> (usize, u64) {
        self.entries().fold((0, 0), |(count, octets), (_, entry)| {
            (count + 1, octets.saturating_add(entry.size))
        })
    }

    pub(crate) fn mark_retrieved(&mut self, number: MessageNumber) {
        self.change(number, |mark| match mark {
            Mark::None => Mark::Retrieved,
            other => other,
        });
    }

    pub(crate) fn mark_deleted(&mut self, number: MessageNumber) {
        self.change(number, |mark| match mark {
            Mark::None | Mark::Deleted => Mark::Deleted,
            Mark::Retrieved | Mark::RetrievedAndDeleted => Mark::RetrievedAndDeleted,
        });
    }

    /// Takes all marks of deletion away.
    pub(crate) fn undelete_all(&mut self) {
        for entry in &mut self.entries {
            entry.mark = match entry.mark {
                Mark::Deleted => Mark::None,
                Mark::RetrievedAndDeleted => Mark::Retrieved,
                other => other,
            };
        }
    }

    /// What QUIT has to delete.
    pub(crate) fn deleted_uids(&self) -> Vec<Uid> {
        let deleted = self.entries.iter().filter(|entry| entry.is_deleted());
        deleted.map(|entry| entry.uid).collect()
    }

    /// What was retrieved and stays.
    pub(crate) fn retrieved_uids(&self) -> Vec<Uid> {
        let retrieved = self.entries.iter().filter(|e| e.mark == Mark::Retrieved);
        retrieved.map(|entry| entry.uid).collect()
    }

    fn change(&mut self, number: MessageNumber, change: impl FnOnce(Mark) -> Mark) {
        if let Some(entry) = index(number).and_then(|index| self.entries.get_mut(index)) {
            entry.mark = change(entry.mark);
        }
    }
}

impl Entry {
    fn new(row: &MessageRow) -> Self {
        Self {
            uid: row.uid,
            message: row.message,
            size: row.size,
            is_copy: false,
            mark: Mark::None,
        }
    }

    /// The unique id (RFC 1939 §7, UIDL): at most 30 of the 70 octets there may be.
    pub(crate) fn unique_id(&self) -> String {
        if self.is_copy {
            format!("{}.{}", self.message, self.uid)
        } else {
            self.message.to_string()
        }
    }

    fn is_deleted(&self) -> bool {
        matches!(self.mark, Mark::Deleted | Mark::RetrievedAndDeleted)
    }
}

/// Finds the messages that are in the mailbox more than once: all but the first are copies.
fn mark_copies(entries: &mut [Entry]) {
    let mut by_message: Vec<(MessageId, u32)> = (0..)
        .zip(entries.iter())
        .map(|(index, entry)| (entry.message, index))
        .collect();
    by_message.sort_unstable();
    let pairs = by_message.iter().zip(by_message.iter().skip(1));
    for (_, (_, index)) in pairs.filter(|((first, _), (second, _))| first == second) {
        if let Some(entry) = usize::try_from(*index)
            .ok()
            .and_then(|i| entries.get_mut(i))
        {
            entry.is_copy = true;
        }
    }
}

fn index(number: MessageNumber) -> Option<usize> {
    usize::try_from(number.0.checked_sub(1)?).ok()
}
