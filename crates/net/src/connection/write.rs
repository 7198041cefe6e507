//! Writing with deadlines, and the ends of a connection.

use std::{future::poll_fn, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::{Instant, timeout, timeout_at},
};

use super::{
    Connection, MAX_PIECE_OCTETS, Transport, WriteError, output::MAX_OUTPUT_OCTETS,
    rewound::Rewound,
};

/// Longest time spent on reading away what a client still sends after the last reply.
pub const LINGER_TIMEOUT: Duration = Duration::from_secs(2);
/// Most octets read away after the last reply.
pub const MAX_LINGER_OCTETS: usize = 1024 * 1024;

impl Connection {
    /// Adds to the output. It leaves when [`MAX_OUTPUT_OCTETS`] is full, on [`Connection::flush`],
    /// and whenever the session waits for input; large slices are sent without being copied.
    /// Must not be cancelled.
    pub async fn write(&mut self, octets: &[u8]) -> Result<(), WriteError> {
        if octets.len() <= self.output.room() {
            self.output.push(octets);
            return Ok(());
        }
        if octets.len() < MAX_OUTPUT_OCTETS {
            self.flush().await?;
            self.output.push(octets);
            return Ok(());
        }
        self.flush().await?;
        for piece in octets.chunks(MAX_PIECE_OCTETS) {
            self.write_piece(piece).await?;
        }
        Ok(())
    }

    /// Sends everything written so far. May be cancelled and called again.
    pub async fn flush(&mut self) -> Result<(), WriteError> {
        if self.output.is_clean() {
            return Ok(());
        }
        let Self {
            transport, output, ..
        } = self;
        let sending = poll_fn(|cx| output.poll_flush(&mut **transport, cx));
        match timeout(self.options.write_timeout, sending).await {
            Ok(result) => result.map_err(WriteError::Io),
            Err(_) => Err(WriteError::TimedOut),
        }
    }

    /// Sends what is pending and closes: the ordinary end of a session.
    pub async fn close(mut self) -> Result<(), WriteError> {
        self.flush().await?;
        self.shut_down().await
    }

    /// Sends what is pending and closes while the client may still be sending. Its octets are
    /// read away for a moment ([`LINGER_TIMEOUT`], [`MAX_LINGER_OCTETS`]): closing a socket with
    /// unread input resets the connection, and the client would never see the reply that tells it
    /// why.
    pub async fn close_lingering(mut self) -> Result<(), WriteError> {
        self.flush().await?;
        self.shut_down().await?;
        let deadline = Instant::now() + LINGER_TIMEOUT;
        let mut left = MAX_LINGER_OCTETS;
        let mut room = Vec::with_capacity(INPUT_ROOM);
        while left > 0 {
            room.clear();
            match timeout_at(deadline, self.transport.read_buf(&mut room)).await {
                Ok(Ok(count)) if count > 0 => left = left.saturating_sub(count),
                _ => break,
            }
        }
        Ok(())
    }

    /// The bare transport, for a protocol with its own reader (HTTP). What has been read already
    /// comes first.
    pub fn into_transport(mut self) -> Box<dyn Transport> {
        let unread = self.input.take_all();
        if unread.is_empty() {
            self.transport
        } else {
            Box::new(Rewound::new(unread.freeze(), self.transport))
        }
    }

    async fn write_piece(&mut self, mut piece: &[u8]) -> Result<(), WriteError> {
        let deadline = Instant::now() + self.options.write_timeout;
        while !piece.is_empty() {
            let Self {
                transport, output, ..
            } = self;
            let sending = poll_fn(|cx| output.poll_direct(&mut **transport, cx, piece));
            let count = match timeout_at(deadline, sending).await {
                Ok(result) => result?,
                Err(_) => return Err(WriteError::TimedOut),
            };
            piece = piece.get(count..).unwrap_or_default();
        }
        Ok(())
    }

    async fn shut_down(&mut self) -> Result<(), WriteError> {
        match timeout(self.options.write_timeout, self.transport.shutdown()).await {
            Ok(result) => result.map_err(WriteError::Io),
            Err(_) => Err(WriteError::TimedOut),
        }
    }
}

/// Room for one read while lingering.
const INPUT_ROOM: usize = 4 * 1024;
