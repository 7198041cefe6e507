//! Reading ahead: most clients retrieve one message after the other, and a visit to the database
//! for each costs more than the message itself.
//!
//! A message that follows the one retrieved before it brings the next ones along. They wait in
//! memory, few and for a short time: what another session deletes meanwhile must not be shown
//! for long, and a client that pauses must not cost memory.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use hikyaku_mailstore::{CONTENTS_MAX, MailError, Mailstore, RawContent, RawContents};
use hikyaku_types::MessageId;

use crate::{maildrop::Maildrop, request::MessageNumber};

/// Octets of messages that one session reads ahead (256 KiB): some 60 ordinary messages.
const AHEAD_BYTES: u64 = 256 * 1024;

/// How long a message that was read ahead is good (5 seconds); after that it is read again.
const AHEAD_TIME: Duration = Duration::from_secs(5);

/// What a session has read ahead.
#[derive(Debug, Default)]
pub(crate) struct ReadAhead {
    /// The message that was retrieved last.
    last: Option<MessageNumber>,
    batch: Option<Batch>,
}

/// The messages after the last one.
#[derive(Debug)]
struct Batch {
    read_at: Instant,
    waiting: VecDeque<MessageId>,
    contents: RawContents,
}

impl ReadAhead {
    /// The content of a message of the session, not yet decoded.
    pub(crate) async fn read(
        &mut self,
        mail: &Mailstore,
        maildrop: &Maildrop,
        number: MessageNumber,
        message: MessageId,
    ) -> Result<RawContent, MailError> {
        let follows = self.last.is_some_and(|last| last < number);
        self.last = Some(number);
        if let Some(content) = self.take(message) {
            return Ok(content);
        }
        let budget = if follows { AHEAD_BYTES } else { 0 };
        let messages: Vec<MessageId> = maildrop.run(number, budget, CONTENTS_MAX).collect();
        let mut contents = mail.contents_of(maildrop.scope, messages.clone()).await?;
        let content = contents.take(message);
        let waiting: VecDeque<MessageId> = messages.into_iter().skip(1).collect();
        self.batch = (!waiting.is_empty()).then(|| Batch {
            read_at: Instant::now(),
            waiting,
            contents,
        });
        Ok(content)
    }

    /// Takes a message out of the batch if it is the next one. Whoever asks for another one does
    /// not read in order, and what was read ahead for it goes.
    fn take(&mut self, message: MessageId) -> Option<RawContent> {
        let mut batch = self.batch.take()?;
        if batch.read_at.elapsed() > AHEAD_TIME || batch.waiting.pop_front() != Some(message) {
            return None;
        }
        let content = batch.contents.take(message);
        if !batch.waiting.is_empty() {
            self.batch = Some(batch);
        }
        Some(content)
    }
}
