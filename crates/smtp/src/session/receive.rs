//! Reading the octets of a message, within memory and time.

use hikyaku_net::ReadError;
use hikyaku_smtp_proto::{ContentLimits, DataReader, Fault, Progress, reply::table};
use tokio::time::{Duration, Instant};

use super::{Ending, Session};
use crate::{memory::Share, transaction::Chunks};

/// A message that was read to its end, and the memory that it holds.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) message: Vec<u8>,
    pub(crate) share: Share,
}

/// The time that is left for one message or chunk.
#[derive(Debug, Clone, Copy)]
struct Patience {
    until: Instant,
    each: Duration,
}

impl Patience {
    fn of(session: &Session) -> Self {
        let limits = &session.shared.options.limits;
        Self {
            until: Instant::now() + limits.message_time,
            each: limits.data_time,
        }
    }

    /// How long the next octets may take.
    fn next(self) -> Result<Duration, Ending> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Ending::Read(ReadError::TimedOut));
        }
        Ok(left.min(self.each))
    }
}

impl Session {
    /// What a message may be on this port.
    pub(crate) fn content_limits(&self) -> ContentLimits {
        let of_host = self.shared.rooms.transport.policy().max_message;
        let of_sender = self.in_force.map(|in_force| in_force.max_message);
        ContentLimits {
            size: of_sender.unwrap_or(of_host).bytes(),
            line: self.shared.options.limits.line,
        }
    }

    /// Reads the message behind DATA. A fault is found out only at its end, so that the connection
    /// stays in step.
    pub(crate) async fn receive_data(&mut self) -> Result<Result<Received, Fault>, Ending> {
        let limits = self.content_limits();
        let patience = Patience::of(self);
        let mut reader = DataReader::new(limits);
        let mut share = self.shared.rooms.memory.share();
        loop {
            let octets = self.connection.fill(patience.next()?).await?;
            let (progress, taken) = match reader.push(octets) {
                Progress::More => (Progress::More, octets.len()),
                Progress::Done(taken) => (Progress::Done(taken), taken),
            };
            self.connection.consume(taken);
            if share.cover(reader.capacity()).is_err() {
                reader.abandon();
            }
            if matches!(progress, Progress::Done(_)) {
                return Ok(reader.finish().map(|message| Received { message, share }));
            }
            self.check_discarded(reader.received())?;
        }
    }

    /// Reads one chunk behind BDAT into the message in the making.
    pub(crate) async fn receive_chunk(
        &mut self,
        chunks: &mut Chunks,
        octets: u64,
    ) -> Result<(), Ending> {
        // What is announced as more than anybody reads away is not waited for.
        self.check_discarded(chunks.reader.received().saturating_add(octets))?;
        let patience = Patience::of(self);
        chunks.reader.begin(octets);
        while chunks.reader.remaining() > 0 {
            let input = self.connection.fill(patience.next()?).await?;
            let taken = chunks.reader.push(input);
            self.connection.consume(taken);
            if chunks.share.cover(chunks.reader.capacity()).is_err() {
                chunks.reader.abandon();
            }
        }
        Ok(())
    }

    /// Reads away a chunk that nobody wants, so that what follows is a command again.
    pub(crate) async fn discard_chunk(&mut self, octets: u64) -> Result<(), Ending> {
        if octets > self.shared.options.limits.max_discarded.bytes() {
            return Err(Ending::Refused(table::out_of_sync()));
        }
        let patience = Patience::of(self);
        let mut left = usize::try_from(octets).unwrap_or(usize::MAX);
        while left > 0 {
            let taken = self
                .connection
                .fill(patience.next()?)
                .await?
                .len()
                .min(left);
            self.connection.consume(taken);
            left -= taken;
        }
        Ok(())
    }

    /// Ends the session of a client that goes on far beyond the limit.
    fn check_discarded(&self, octets: u64) -> Result<(), Ending> {
        let limit = self.content_limits().size;
        let discarded = self.shared.options.limits.max_discarded.bytes();
        if octets > limit.saturating_add(discarded) {
            return Err(Ending::Refused(table::too_big(limit)));
        }
        Ok(())
    }
}
