//! Reading with deadlines.

use std::{future::poll_fn, pin::pin, time::Duration};

use bytes::BufMut as _;
use tokio::{
    io::AsyncReadExt as _,
    time::{Instant, timeout_at},
};

use super::{Connection, INPUT_STEP, LineRule, ReadError, input::is_end};

/// Whether a stopping server may interrupt a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Interruptible {
    Yes,
    No,
}

impl Connection {
    /// Reads one line and returns it without its line end.
    ///
    /// The whole line has to arrive within `timeout`, however slowly its octets drip. While no
    /// octet of it has come, a stopping server interrupts the wait ([`ReadError::Draining`]).
    /// May be cancelled and called again.
    pub async fn read_line(
        &mut self,
        rule: LineRule,
        timeout: Duration,
    ) -> Result<Vec<u8>, ReadError> {
        let mut deadline = None;
        loop {
            if let Some(result) = self.input.take_line(rule) {
                return result;
            }
            let deadline = *deadline.get_or_insert_with(|| deadline_after(timeout));
            let interruptible = if self.input.is_at_line_start() {
                Interruptible::Yes
            } else {
                Interruptible::No
            };
            self.wait_for_input(deadline, interruptible).await?;
        }
    }

    /// What has arrived and is not consumed, waiting up to `timeout` if there is nothing. Never
    /// empty. The caller takes what it understands with [`Connection::consume`]. It sets a limit
    /// to the whole of what it reads in this way, octets and time. May be cancelled.
    pub async fn fill(&mut self, timeout: Duration) -> Result<&[u8], ReadError> {
        if self.input.len() == 0 {
            let deadline = deadline_after(timeout);
            self.wait_for_input(deadline, Interruptible::No).await?;
        }
        Ok(self.input.octets())
    }

    /// Waits for more than what [`Connection::buffered`] has now, for a caller that could not
    /// make sense of that yet. The caller limits how much it lets collect. May be cancelled.
    pub async fn fill_more(&mut self, timeout: Duration) -> Result<&[u8], ReadError> {
        let deadline = deadline_after(timeout);
        self.wait_for_input(deadline, Interruptible::No).await?;
        Ok(self.input.octets())
    }

    /// What has arrived and is not consumed, without waiting.
    pub fn buffered(&self) -> &[u8] {
        self.input.octets()
    }

    /// Takes `count` octets (at most what is buffered) away from the input.
    pub fn consume(&mut self, count: usize) {
        self.input.consume(count);
    }

    /// Reads exactly `count` octets; the caller has checked `count` against its own limit.
    ///
    /// `timeout` is the time for every 16 KiB ([`INPUT_STEP`]), so a client must keep a minimum
    /// speed. Memory grows with what arrives, not with what was announced. Must not be cancelled:
    /// what has been read would be lost.
    pub async fn read_exact(
        &mut self,
        count: usize,
        timeout: Duration,
    ) -> Result<Vec<u8>, ReadError> {
        let mut octets = Vec::with_capacity(count.min(INPUT_STEP));
        let mut step_end = 0;
        let mut deadline = Instant::now();
        while octets.len() < count {
            let have = octets.len();
            if have >= step_end {
                step_end = have + INPUT_STEP;
                deadline = deadline_after(timeout);
            }
            if self.input.len() > 0 {
                let buffered = self.input.octets();
                let take = buffered.len().min(count - have);
                octets.extend_from_slice(buffered.get(..take).unwrap_or_default());
                self.input.consume(take);
            } else if count - have >= INPUT_STEP {
                self.read_into(&mut octets, count, deadline).await?;
            } else {
                self.wait_for_input(deadline, Interruptible::No).await?;
            }
        }
        Ok(octets)
    }

    /// Reads past the buffer, straight into `octets`, up to `count` octets in all.
    async fn read_into(
        &mut self,
        octets: &mut Vec<u8>,
        count: usize,
        deadline: Instant,
    ) -> Result<(), ReadError> {
        self.flush().await.map_err(ReadError::Output)?;
        if octets.capacity() - octets.len() < INPUT_STEP {
            let room = octets.len().max(INPUT_STEP).min(count - octets.len());
            octets.reserve_exact(room);
        }
        let room = (octets.capacity() - octets.len()).min(count - octets.len());
        let mut target = octets.limit(room);
        match timeout_at(deadline, self.transport.read_buf(&mut target)).await {
            Err(_) => Err(ReadError::TimedOut),
            Ok(Ok(0)) => {
                self.input.ended = true;
                Err(ReadError::Truncated)
            }
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if is_end(&error) => {
                self.input.ended = true;
                Err(ReadError::Truncated)
            }
            Ok(Err(error)) => Err(ReadError::Io(error)),
        }
    }

    /// Sends what is pending, then waits for one more read's worth of input.
    async fn wait_for_input(
        &mut self,
        deadline: Instant,
        interruptible: Interruptible,
    ) -> Result<(), ReadError> {
        self.flush().await.map_err(ReadError::Output)?;
        if self.input.ended {
            return Err(self.end());
        }
        let Self {
            transport,
            input,
            options,
            ..
        } = self;
        let read = timeout_at(
            deadline,
            poll_fn(|cx| input.poll_read(&mut **transport, cx)),
        );
        let result = if interruptible == Interruptible::Yes {
            tokio::select! {
                biased;
                result = pin!(read) => result,
                () = options.drain.cancelled() => return Err(ReadError::Draining),
            }
        } else {
            read.await
        };
        match result {
            Err(_) => Err(ReadError::TimedOut),
            Ok(Ok(0)) => Err(self.end()),
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(ReadError::Io(error)),
        }
    }

    fn end(&self) -> ReadError {
        if self.input.is_at_line_start() {
            ReadError::Closed
        } else {
            ReadError::Truncated
        }
    }
}

/// What counts as forever where the clock cannot count so far: ten years.
const FOREVER: Duration = Duration::from_hours(10 * 365 * 24);

/// The end of a wait that begins now; [`Duration::MAX`] is a wait without an end.
fn deadline_after(timeout: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(timeout).unwrap_or_else(|| now + FOREVER)
}
