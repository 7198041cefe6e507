//! Octets waiting to leave.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use super::Transport;

/// Most octets collected before they are sent: one TLS record.
pub const MAX_OUTPUT_OCTETS: usize = 16 * 1024;
/// Most octets handed to the transport under one write deadline. With the default deadline a
/// client has to take about half a KiB per second.
pub const MAX_PIECE_OCTETS: usize = 64 * 1024;

/// The output buffer: never more than [`MAX_OUTPUT_OCTETS`] octets, no memory once it is empty.
#[derive(Debug, Default)]
pub(super) struct Output {
    buffer: Vec<u8>,
    /// Octets at the start of the buffer that have left.
    sent: usize,
    /// Something was handed to the transport and not flushed there (TLS keeps records back).
    unflushed: bool,
}

impl Output {
    pub(super) fn len(&self) -> usize {
        self.buffer.len() - self.sent
    }

    pub(super) fn is_clean(&self) -> bool {
        self.buffer.is_empty() && !self.unflushed
    }

    /// Memory held, for tests of "an idle session holds none".
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.buffer.capacity()
    }

    /// Room left before the buffer must be sent.
    pub(super) fn room(&self) -> usize {
        MAX_OUTPUT_OCTETS.saturating_sub(self.buffer.len())
    }

    /// Appends what the caller has checked to fit into [`Self::room`].
    pub(super) fn push(&mut self, octets: &[u8]) {
        debug_assert!(octets.len() <= self.room());
        self.buffer.extend_from_slice(octets);
    }

    /// Sends everything and releases the buffer.
    pub(super) fn poll_flush(
        &mut self,
        transport: &mut dyn Transport,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while let Some(rest) = self.buffer.get(self.sent..).filter(|rest| !rest.is_empty()) {
            let count = ready!(Pin::new(&mut *transport).poll_write(cx, rest))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.sent += count;
            self.unflushed = true;
        }
        self.sent = 0;
        self.buffer = Vec::new();
        ready!(Pin::new(transport).poll_flush(cx))?;
        self.unflushed = false;
        Poll::Ready(Ok(()))
    }

    /// Hands `piece` to the transport without copying it, as far as it goes.
    pub(super) fn poll_direct(
        &mut self,
        transport: &mut dyn Transport,
        cx: &mut Context<'_>,
        piece: &[u8],
    ) -> Poll<io::Result<usize>> {
        let count = ready!(Pin::new(transport).poll_write(cx, piece))?;
        if count == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        self.unflushed = true;
        Poll::Ready(Ok(count))
    }
}
