//! Asking for messages, some at a time, and handing on what comes.

use std::collections::{BTreeSet, VecDeque};

use hikyaku_imap_proto::client::{Body, Fetched, Response, uid_set};
use tokio::sync::mpsc;

use crate::{
    CollectError, Limits,
    arrived::{Arrived, Message, flags_of},
    limits::{COMMAND_BYTES, COMMAND_MESSAGES, COMMANDS_UNDER_WAY, HANDED_BYTES},
    report::SkipReason,
};

use super::{
    listing::{Wanted, name_of},
    session::{Next, Session},
};

/// How many messages one command asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// As many as the limits allow.
    Full,
    /// One, and the next when it has come: after a trouble.
    Careful,
}

/// How a pass ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pass {
    /// All that was asked for has an outcome.
    Complete,
    /// The source refused a command that asked for several.
    Refused,
}

/// One pass over messages that are to come.
pub(super) struct Fetching<'a> {
    session: &'a mut Session,
    limits: &'a Limits,
    pace: Pace,
    chunk: usize,
    sender: mpsc::Sender<Vec<Arrived>>,
    /// Commands under way and what they asked for that has not come.
    under_way: VecDeque<(String, BTreeSet<u32>)>,
    batch: Vec<Arrived>,
    bytes: u64,
    unasked: u32,
}

impl<'a> Fetching<'a> {
    pub(super) fn new(
        session: &'a mut Session,
        (limits, chunk): (&'a Limits, usize),
        pace: Pace,
        sender: mpsc::Sender<Vec<Arrived>>,
    ) -> Self {
        Self {
            session,
            limits,
            pace,
            chunk,
            sender,
            under_way: VecDeque::new(),
            batch: Vec::new(),
            bytes: 0,
            unasked: 0,
        }
    }

    /// Asks for these messages. What has come is handed on also when this fails.
    pub(super) async fn run(mut self, wanted: &[Wanted]) -> Result<Pass, CollectError> {
        let result = self.ask_for(wanted).await;
        self.hand_on().await;
        result
    }

    async fn ask_for(&mut self, wanted: &[Wanted]) -> Result<Pass, CollectError> {
        let mut wanted = wanted;
        let most_under_way = match self.pace {
            Pace::Full => COMMANDS_UNDER_WAY,
            Pace::Careful => 1,
        };
        loop {
            while self.under_way.len() < most_under_way && !wanted.is_empty() {
                wanted = self.ask_next(wanted).await?;
            }
            if self.under_way.is_empty() {
                return Ok(Pass::Complete);
            }
            match self.session.next().await? {
                Next::Data(Response::Fetch(fetched)) => self.take(fetched).await?,
                Next::Data(_) => self.count_unasked()?,
                Next::Ended(reply) => {
                    // Servers may answer in another order.
                    let mut under_way = self.under_way.iter();
                    let at = under_way.position(|(tag, _)| *tag == reply.tag);
                    let Some((_, missing)) = at.and_then(|at| self.under_way.remove(at)) else {
                        return Err(CollectError::Protocol("an answer to nothing"));
                    };
                    let asked_one = self.pace == Pace::Careful;
                    let reason = match reply.check("UID FETCH") {
                        Ok(_) => SkipReason::NotSent,
                        Err(CollectError::Refused { said, .. }) if asked_one => {
                            SkipReason::Refused(said)
                        }
                        Err(CollectError::Refused { .. }) => return Ok(Pass::Refused),
                        Err(error) => return Err(error),
                    };
                    for uid in missing {
                        self.put(uid, Err(reason.clone())).await?;
                    }
                }
            }
        }
    }

    /// Sends the next command; returns what is left to ask for.
    async fn ask_next<'w>(&mut self, wanted: &'w [Wanted]) -> Result<&'w [Wanted], CollectError> {
        let most = match self.pace {
            Pace::Full => COMMAND_MESSAGES,
            Pace::Careful => 1,
        };
        let (mut uids, mut bytes, mut taken) = (BTreeSet::new(), 0_u64, 0);
        for message in wanted {
            let is_full = uids.len() == most
                || (!uids.is_empty() && bytes.saturating_add(message.size) > COMMAND_BYTES);
            if is_full {
                break;
            }
            taken += 1;
            if message.size > self.limits.message_bytes {
                let (size, limit) = (message.size, self.limits.message_bytes);
                self.put(message.uid, Err(SkipReason::TooLarge { size, limit }))
                    .await?;
                continue;
            }
            bytes = bytes.saturating_add(message.size);
            uids.insert(message.uid);
        }
        if !uids.is_empty() {
            let set = uid_set(uids.iter().copied());
            let words = format!("UID FETCH {set} (UID FLAGS INTERNALDATE BODY.PEEK[])");
            let command = self.session.command(&words);
            let tag = self.session.start(command).await?;
            self.under_way.push_back((tag, uids));
        }
        Ok(wanted.get(taken..).unwrap_or_default())
    }

    /// Takes what FETCH says, if it is the content of a message that was asked for.
    async fn take(&mut self, fetched: Fetched) -> Result<(), CollectError> {
        let (Some(uid), Some(body)) = (fetched.uid, fetched.body) else {
            return self.count_unasked();
        };
        let mut asked = self.under_way.iter_mut();
        if !asked.any(|(_, missing)| missing.remove(&uid)) {
            return self.count_unasked();
        }
        let outcome = match body {
            Body::Whole(content) if !content.is_empty() => Ok(Message {
                content,
                flags: flags_of(fetched.flags.as_deref().unwrap_or_default()),
                internal_date: fetched.internal_date,
            }),
            Body::Whole(_) | Body::Missing => Err(SkipReason::Empty),
            Body::TooLarge(size) => {
                let limit = self.limits.message_bytes;
                Err(SkipReason::TooLarge { size, limit })
            }
        };
        self.put(uid, outcome).await
    }

    async fn put(
        &mut self,
        uid: u32,
        outcome: Result<Message, SkipReason>,
    ) -> Result<(), CollectError> {
        let arrived = Arrived {
            number: uid,
            name: name_of(uid),
            outcome,
        };
        self.bytes += arrived.bytes();
        self.batch.push(arrived);
        if self.batch.len() >= self.chunk || self.bytes >= HANDED_BYTES {
            self.hand_on().await;
        }
        if self.sender.is_closed() {
            // The writer has ended, and knows why.
            return Err(CollectError::Lost(None));
        }
        Ok(())
    }

    async fn hand_on(&mut self) {
        self.bytes = 0;
        let batch = std::mem::take(&mut self.batch);
        if !batch.is_empty() {
            // A writer that has ended needs no more.
            let _ = self.sender.send(batch).await;
        }
    }

    fn count_unasked(&mut self) -> Result<(), CollectError> {
        self.unasked += 1;
        if self.unasked > self.limits.unasked {
            return Err(CollectError::Protocol("it talks without end"));
        }
        Ok(())
    }
}
