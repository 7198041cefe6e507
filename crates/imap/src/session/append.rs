//! Deciding on each message of an APPEND before the client sends it.

use hikyaku_imap_proto::{AppendHead, Code, Event, Literal, LiteralSync, Tag};
use hikyaku_mailstore::{MailError, Overshoot, QuotaKind, Room};

use super::Session;
use crate::{
    flags,
    names::{self, Missing},
    reply::{End, Failure, Reply},
};

impl Session<'_> {
    /// Accepts the message, or answers why not: a client that waits need not send it at all.
    pub(super) async fn decide_append(
        &mut self,
        tag: Tag,
        head: &AppendHead,
        literal: Literal,
    ) -> Result<(), End> {
        let reply = match self.may_append(head, literal.size).await {
            Ok(()) => {
                self.wire.accept_message(&self.imap.appending);
                if literal.sync == LiteralSync::Waits {
                    self.wire.out.continuation("Go ahead");
                }
                return Ok(());
            }
            Err(Failure::Reply(reply)) => reply,
            Err(Failure::End(end)) => return Err(end),
        };
        match self.wire.refuse_message() {
            // The message comes anyway; it is answered when all of it has been read away.
            Event::NeedMore => {
                self.refused = Some(reply);
                Ok(())
            }
            Event::Fatal(_) => {
                self.answer(Some(&tag), &reply)?;
                Err(End::Overflow)
            }
            _ => self.answer(Some(&tag), &reply),
        }
    }

    async fn may_append(&mut self, head: &AppendHead, size: u64) -> Result<(), Failure> {
        let user = self.state.user()?;
        flags::from_client(&head.flags)?;
        names::mailbox(self.imap, user, &head.mailbox, Missing::TryCreate).await?;
        if size == 0 {
            // RFC 3502 §6.3.11: this is how a client gives up all messages of the command.
            return Err(Reply::no_with(Code::Cannot, "An empty message cannot be stored").into());
        }
        let (count, bytes) = self.wire.brought();
        let usage = self.imap.mail.usage(user.scope).await?;
        match usage.room(bytes.saturating_add(size), count + 1, Overshoot::Refuse) {
            Room::Ok => Ok(()),
            Room::Full(kind) => Err(over_quota(kind).into()),
        }
    }
}

fn over_quota(kind: QuotaKind) -> Reply {
    Reply::from(MailError::OverQuota(kind))
}
