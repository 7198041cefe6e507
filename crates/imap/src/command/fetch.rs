//! FETCH (RFC 3501 §6.4.5, RFC 7162 §3.1.4): a page of rows, some stored contents and one message
//! in memory at a time.

mod section;

use std::collections::HashMap;

use bytes::Bytes;
use hikyaku_imap_proto::{
    Code, Extensions, Fetch, FetchItem, FetchResponse, Numbering, SectionName,
};
use hikyaku_mailstore::{
    CONTENTS_MAX, Fields, FlagChange, FlagState, Flags, MailError, MessageRow, RawContent,
    RawContents, SystemFlags, UidSet, Window,
};
use hikyaku_types::{ModSeq, Uid};

use super::Context;
use crate::{
    enabled::Extension,
    flags,
    limits::{CONTENTS_BYTES, SMALL_ROWS, WIDE_ROWS},
    reply::{Failure, Reply, chain},
    selected::{Access, Selected},
    state::User,
};

pub(crate) async fn run(
    context: &mut Context<'_>,
    user: &User,
    selected: &mut Selected,
    fetch: &Fetch,
) -> Result<Reply, Failure> {
    let set = super::messages(selected, &fetch.set, fetch.numbering)?;
    let sets_seen =
        selected.access == Access::ReadWrite && fetch.items.iter().any(FetchItem::sets_seen);
    if sets_seen {
        super::catch_up(context, user, selected).await?;
    }
    let plan = Plan::new(fetch, sets_seen);
    let expected = selected.view.count(&set);
    let mut tally = Tally::default();
    let mut after = None;
    loop {
        let rows = plan.page(context, user, selected, &set, after).await?;
        after = rows.last().map(|row| row.uid);
        let seen = plan.mark_seen(context, user, selected, &rows).await?;
        let mut rest = rows.as_slice();
        while !rest.is_empty() {
            let (batch, later) = plan.batch(rest);
            let mut contents = plan.contents(context, user, batch).await?;
            for row in batch {
                let content = contents.as_mut().map(|all| all.take(row.message));
                let message = Message {
                    row,
                    seen: seen.get(&row.uid),
                };
                plan.answer(context, selected, message, content, &mut tally)
                    .await?;
                context.wire.send_if_full().await?;
            }
            rest = later;
        }
        if rows.len() < plan.rows {
            break;
        }
    }
    let expected = fetch.changed_since.is_none().then_some(expected);
    Ok(tally.reply(expected, fetch.numbering))
}

/// What became of the messages that were asked for.
#[derive(Debug, Default)]
struct Tally {
    sent: u32,
    damaged: u32,
}

impl Tally {
    /// Nothing is expected of messages that may not have changed.
    fn reply(&self, expected: Option<u32>, numbering: Numbering) -> Reply {
        if self.damaged > 0 {
            let text = "Some of the stored messages are damaged";
            return Reply::no_with(Code::Corruption, text);
        }
        if expected.is_some_and(|expected| self.sent < expected) && numbering == Numbering::Sequence
        {
            return Reply::ok_with(Code::ExpungeIssued, "Some of the messages are gone");
        }
        Reply::ok("Fetched")
    }
}

/// What a FETCH needs for each message.
struct Plan<'a> {
    items: &'a [FetchItem],
    numbering: Numbering,
    fields: Fields,
    rows: usize,
    changed_since: Option<ModSeq>,
    content: bool,
    sets_seen: bool,
}

impl<'a> Plan<'a> {
    fn new(fetch: &'a Fetch, sets_seen: bool) -> Self {
        let mut fields = Fields::PLACEMENT;
        for item in &fetch.items {
            fields = fields.and(match item {
                FetchItem::Envelope => Fields::ENVELOPE,
                FetchItem::ThreadId => Fields::THREAD,
                FetchItem::Body
                | FetchItem::BodyStructure
                | FetchItem::Rfc822Header
                | FetchItem::Rfc822Text => Fields::STRUCTURE,
                FetchItem::Section { section, .. } if !section::is_whole(section) => {
                    Fields::STRUCTURE
                }
                _ => Fields::PLACEMENT,
            });
        }
        let content = fetch.needs_content();
        let narrow = fields == Fields::PLACEMENT;
        Self {
            items: &fetch.items,
            numbering: fetch.numbering,
            fields,
            // Not too many are marked as read that a client may never take.
            rows: if narrow && !sets_seen {
                SMALL_ROWS
            } else {
                WIDE_ROWS
            },
            changed_since: fetch.changed_since,
            content,
            sets_seen,
        }
    }

    async fn page(
        &self,
        context: &Context<'_>,
        user: &User,
        selected: &Selected,
        set: &UidSet,
        after: Option<Uid>,
    ) -> Result<Vec<MessageRow>, Failure> {
        let mail = &context.imap.mail;
        let window = Window {
            after,
            limit: self.rows,
            fields: self.fields,
            changed_since: self.changed_since,
        };
        let rows = mail.rows_in(user.scope, selected.mailbox, set, window);
        Ok(rows.await?)
    }

    /// The rows whose contents are read together, at least one, and the others.
    fn batch<'r>(&self, rows: &'r [MessageRow]) -> (&'r [MessageRow], &'r [MessageRow]) {
        if !self.content {
            return (rows, &[]);
        }
        let mut bytes = 0_u64;
        let fits = rows.iter().take_while(|row| {
            bytes = bytes.saturating_add(row.size);
            bytes <= CONTENTS_BYTES
        });
        let count = fits.count().clamp(1, CONTENTS_MAX);
        rows.split_at_checked(count).unwrap_or((rows, &[]))
    }

    /// The contents of a batch, if the answers need them.
    async fn contents(
        &self,
        context: &Context<'_>,
        user: &User,
        batch: &[MessageRow],
    ) -> Result<Option<RawContents>, Failure> {
        if !self.content {
            return Ok(None);
        }
        let messages = batch.iter().map(|row| row.message).collect();
        let contents = context.imap.mail.contents_of(user.scope, messages);
        Ok(Some(contents.await?))
    }

    /// Sets `\Seen` on the messages of a page that do not have it, in one transaction before they
    /// are sent; gives the new flags.
    async fn mark_seen(
        &self,
        context: &Context<'_>,
        user: &User,
        selected: &mut Selected,
        rows: &[MessageRow],
    ) -> Result<HashMap<Uid, FlagState>, Failure> {
        if !self.sets_seen {
            return Ok(HashMap::new());
        }
        let unseen = rows
            .iter()
            .filter(|row| !row.flags.is_seen())
            .map(|row| row.uid);
        let unseen: Vec<Uid> = unseen.collect();
        if unseen.is_empty() {
            return Ok(HashMap::new());
        }
        let change = FlagChange::Add(Flags::from(SystemFlags::SEEN));
        let mail = &context.imap.mail;
        let stored = mail
            .store(user.scope, selected.mailbox, &unseen, change)
            .await;
        let states = match stored {
            // A full disk is no reason not to read mail (design §4): it stays unseen.
            Err(error) if error.is_storage_full() => return Ok(HashMap::new()),
            stored => stored?,
        };
        for state in &states {
            selected.knows(state);
        }
        Ok(states.into_iter().map(|state| (state.uid, state)).collect())
    }

    /// Writes one message's answer; nothing if it is gone or damaged.
    async fn answer(
        &self,
        context: &mut Context<'_>,
        selected: &mut Selected,
        message: Message<'_>,
        content: Option<RawContent>,
        tally: &mut Tally,
    ) -> Result<(), Failure> {
        let row = message.row;
        let Some(sequence) = selected.view.sequence(row.uid) else {
            return Ok(());
        };
        let Opened::Ready(content) = open(context, row, content, tally).await? else {
            return Ok(());
        };
        let tells_flags = self.items.contains(&FetchItem::Flags);
        if message.seen.is_some() || tells_flags {
            selected.introduce(message.flags(), &mut context.wire.out);
        }
        let tells_modseq = context.wire.enabled.contains(Extension::Condstore);
        let mut response = context.wire.out.fetch(sequence);
        if self.numbering == Numbering::Uid {
            response.uid(row.uid);
        }
        let shown = Shown {
            message,
            content: content.as_ref(),
            recent: selected.recent(row.uid),
            numbering: self.numbering,
        };
        for item in self.items {
            shown.write(item, &mut response);
        }
        if message.seen.is_some() {
            // The client learns what its FETCH did.
            if !tells_flags {
                response.flags(flags::names(message.flags(), shown.recent));
            }
            if tells_modseq && !self.items.contains(&FetchItem::ModSeq) {
                response.modseq(message.modseq());
            }
        }
        response.end();
        tally.sent += 1;
        Ok(())
    }
}

/// The content of a message, if the answer needs it.
enum Opened {
    Ready(Option<Bytes>),
    /// The message is gone, or damaged.
    Missing,
}

async fn open(
    context: &Context<'_>,
    row: &MessageRow,
    content: Option<RawContent>,
    tally: &mut Tally,
) -> Result<Opened, Failure> {
    let Some(raw) = content else {
        return Ok(Opened::Ready(None));
    };
    match context.imap.mail.open(raw).await {
        Ok(content) => {
            context.imap.metrics.fetched(content.len() as u64);
            Ok(Opened::Ready(Some(content)))
        }
        Err(MailError::NoSuchMessage) => Ok(Opened::Missing),
        Err(error @ (MailError::Content(_) | MailError::Damaged { .. }))
            if !error.is_temporary() =>
        {
            // The others are still worth sending.
            let id = row.message;
            tracing::error!(message.id = %id, error = chain(&error), "damaged mail");
            tally.damaged += 1;
            Ok(Opened::Missing)
        }
        Err(error) => Err(error.into()),
    }
}

/// One message, and its flags if the command itself has set `\Seen`.
#[derive(Clone, Copy)]
struct Message<'a> {
    row: &'a MessageRow,
    seen: Option<&'a FlagState>,
}

impl<'a> Message<'a> {
    fn flags(&self) -> &'a Flags {
        self.seen.map_or(&self.row.flags, |state| &state.flags)
    }

    fn modseq(&self) -> ModSeq {
        self.seen.map_or(self.row.modseq, |state| state.modseq)
    }
}

/// One message with all that the answer needs.
struct Shown<'a> {
    message: Message<'a>,
    content: Option<&'a Bytes>,
    recent: flags::Recent,
    numbering: Numbering,
}

impl Shown<'_> {
    fn write(&self, item: &FetchItem, response: &mut FetchResponse<'_>) {
        let row = self.message.row;
        match item {
            // Written first already.
            FetchItem::Uid if self.numbering == Numbering::Uid => {}
            FetchItem::Uid => response.uid(row.uid),
            FetchItem::Flags => {
                response.flags(flags::names(self.message.flags(), self.recent));
            }
            FetchItem::InternalDate => response.internal_date(row.internal_date),
            FetchItem::ModSeq => response.modseq(self.message.modseq()),
            FetchItem::EmailId => response.email_id(row.message),
            FetchItem::ThreadId => response.thread_id(row.thread),
            FetchItem::Rfc822Size => response.size(row.size),
            FetchItem::Envelope => {
                if let Some(envelope) = &row.envelope {
                    response.envelope(envelope);
                }
            }
            FetchItem::Body => self.write_structure(Extensions::Hidden, response),
            FetchItem::BodyStructure => self.write_structure(Extensions::Shown, response),
            content => {
                if let (Some(name), Some(bytes)) = (SectionName::of(content), self.content) {
                    response.content(name, section::cut(content, row.structure.as_ref(), bytes));
                }
            }
        }
    }

    fn write_structure(&self, extensions: Extensions, response: &mut FetchResponse<'_>) {
        if let Some(structure) = &self.message.row.structure {
            response.structure(structure, extensions);
        }
    }
}
