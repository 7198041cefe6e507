//! Octets that have arrived and are not consumed yet.

use std::{
    io,
    mem::MaybeUninit,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
};

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncReadExt as _, ReadBuf};

use super::Transport;

/// Room made for one read while data flows: one TLS record.
pub const INPUT_STEP: usize = 16 * 1024;
/// Room on the stack for the read that ends an idle wait, so that waiting needs no buffer at all.
const FIRST_READ: usize = 4 * 1024;

/// The input buffer. It holds memory only while it holds octets, or while they keep coming.
#[derive(Debug, Default)]
pub(super) struct Input {
    buffer: BytesMut,
    /// Octets at the start of the buffer known to contain no line feed.
    pub(super) scanned: usize,
    /// Set while a line that is too long is being thrown away.
    pub(super) discarding: Option<super::line::Discarding>,
    /// The client closed its side.
    pub(super) ended: bool,
}

impl Input {
    pub(super) fn len(&self) -> usize {
        self.buffer.len()
    }

    pub(super) fn octets(&self) -> &[u8] {
        &self.buffer
    }

    /// Whether nothing of a line has been read yet.
    pub(super) fn is_at_line_start(&self) -> bool {
        self.buffer.is_empty() && self.discarding.is_none()
    }

    pub(super) fn consume(&mut self, count: usize) {
        let count = count.min(self.buffer.len());
        self.buffer.advance(count);
        self.scanned = 0;
    }

    pub(super) fn take_all(&mut self) -> BytesMut {
        self.scanned = 0;
        std::mem::take(&mut self.buffer)
    }

    /// Memory held, for tests of "an idle session holds none".
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.buffer.capacity()
    }

    /// Reads once. Ready with the number of new octets, 0 at the end of the stream.
    pub(super) fn poll_read(
        &mut self,
        transport: &mut dyn Transport,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if self.buffer.is_empty() && self.buffer.capacity() == 0 {
            return self.poll_first_read(transport, cx);
        }
        self.buffer.reserve(INPUT_STEP);
        let polled = pin!(transport.read_buf(&mut self.buffer)).poll(cx);
        match polled {
            Poll::Pending if self.buffer.is_empty() => {
                self.buffer = BytesMut::new();
                Poll::Pending
            }
            Poll::Ready(result) => Poll::Ready(self.note_end(result)),
            Poll::Pending => Poll::Pending,
        }
    }

    fn poll_first_read(
        &mut self,
        transport: &mut dyn Transport,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let mut room = [const { MaybeUninit::<u8>::uninit() }; FIRST_READ];
        let mut room = ReadBuf::uninit(&mut room);
        let result = ready!(Pin::new(transport).poll_read(cx, &mut room));
        let result = result.map(|()| {
            self.buffer.extend_from_slice(room.filled());
            room.filled().len()
        });
        Poll::Ready(self.note_end(result))
    }

    /// A client that drops the connection without TLS's closing alert has closed it all the same:
    /// every protocol here has its own end marks, so nothing can be cut off unnoticed.
    fn note_end(&mut self, result: io::Result<usize>) -> io::Result<usize> {
        match result {
            Ok(0) => {
                self.ended = true;
                Ok(0)
            }
            Err(error) if is_end(&error) => {
                self.ended = true;
                Ok(0)
            }
            other => other,
        }
    }
}

/// Whether an error is a client's way of going away.
pub(super) fn is_end(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset
    )
}
