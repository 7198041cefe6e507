//! FETCH (RFC 3501 §6.4.5): a page of rows and one message in memory at a time.

mod section;

use std::collections::HashMap;

use bytes::Bytes;
use hikyaku_imap_proto::{
    Code, Extensions, Fetch, FetchItem, FetchResponse, Numbering, SectionName,
};
use hikyaku_mailstore::{
    Fields, FlagChange, FlagState, Flags, MailError, MessageRow, SystemFlags, UidSet,
};
use hikyaku_types::Uid;

use super::Context;
use crate::{
    flags,
    limits::{SMALL_ROWS, WIDE_ROWS},
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
        let full = rows.len() == plan.rows;
        let seen = plan.mark_seen(context, user, selected, &rows).await?;
        for row in rows {
            plan.answer(
                context,
                user,
                selected,
                &row,
                seen.get(&row.uid),
                &mut tally,
            )
            .await?;
            context.wire.send_if_full().await?;
        }
        if !full {
            break;
        }
    }
    Ok(tally.reply(expected, fetch.numbering))
}

/// What became of the messages that were asked for.
#[derive(Debug, Default)]
struct Tally {
    sent: u32,
    damaged: u32,
}

impl Tally {
    fn reply(&self, expected: u32, numbering: Numbering) -> Reply {
        if self.damaged > 0 {
            let text = "Some of the stored messages are damaged";
            return Reply::no_with(Code::Corruption, text);
        }
        if self.sent < expected && numbering == Numbering::Sequence {
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
    content: bool,
    sets_seen: bool,
}

impl<'a> Plan<'a> {
    fn new(fetch: &'a Fetch, sets_seen: bool) -> Self {
        let mut fields = Fields::PLACEMENT;
        for item in &fetch.items {
            fields = fields.and(match item {
                FetchItem::Envelope => Fields::ENVELOPE,
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
        let narrow = fields == Fields::PLACEMENT && !content;
        Self {
            items: &fetch.items,
            numbering: fetch.numbering,
            fields,
            rows: if narrow { SMALL_ROWS } else { WIDE_ROWS },
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
        let rows = mail.rows(
            user.scope,
            selected.mailbox,
            set,
            after,
            self.rows,
            self.fields,
        );
        Ok(rows.await?)
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
        user: &User,
        selected: &mut Selected,
        row: &MessageRow,
        seen: Option<&FlagState>,
        tally: &mut Tally,
    ) -> Result<(), Failure> {
        let Some(sequence) = selected.view.sequence(row.uid) else {
            return Ok(());
        };
        let content = match self.content(context, user, row).await {
            Ok(content) => content,
            Err(MailError::NoSuchMessage) => return Ok(()),
            Err(error @ (MailError::Content(_) | MailError::Damaged { .. }))
                if !error.is_temporary() =>
            {
                // The others are still worth sending.
                tracing::error!(message.id = %row.message, error = chain(&error), "damaged mail");
                tally.damaged += 1;
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        let flags = seen.map_or(&row.flags, |state| &state.flags);
        if seen.is_some() || self.items.contains(&FetchItem::Flags) {
            selected.introduce(flags, &mut context.wire.out);
        }
        let octets = content.as_ref().map_or(0, Bytes::len);
        if content.is_some() {
            context.imap.metrics.fetched(octets as u64);
        }
        let mut response = context.wire.out.fetch(sequence);
        if self.numbering == Numbering::Uid {
            response.uid(row.uid);
        }
        let recent = selected.recent(row.uid);
        let message = Message {
            row,
            content: content.as_ref(),
            flags,
            recent,
        };
        for item in self.items {
            message.write(item, self.numbering, &mut response);
        }
        if seen.is_some() && !self.items.contains(&FetchItem::Flags) {
            response.flags(flags::names(flags, recent));
        }
        response.end();
        tally.sent += 1;
        Ok(())
    }

    async fn content(
        &self,
        context: &Context<'_>,
        user: &User,
        row: &MessageRow,
    ) -> Result<Option<Bytes>, MailError> {
        if !self.content {
            return Ok(None);
        }
        context
            .imap
            .mail
            .content(user.scope, row.message)
            .await
            .map(Some)
    }
}

/// One message with all that the answer needs.
struct Message<'a> {
    row: &'a MessageRow,
    content: Option<&'a Bytes>,
    flags: &'a Flags,
    recent: flags::Recent,
}

impl Message<'_> {
    fn write(&self, item: &FetchItem, numbering: Numbering, response: &mut FetchResponse<'_>) {
        let row = self.row;
        match item {
            // Written first already.
            FetchItem::Uid if numbering == Numbering::Uid => {}
            FetchItem::Uid => response.uid(row.uid),
            FetchItem::Flags => response.flags(flags::names(self.flags, self.recent)),
            FetchItem::InternalDate => response.internal_date(row.internal_date),
            FetchItem::ModSeq => response.modseq(row.modseq),
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
        if let Some(structure) = &self.row.structure {
            response.structure(structure, extensions);
        }
    }
}
