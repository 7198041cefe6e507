//! A transport compressed in both directions: raw DEFLATE streams (RFC 1951), as RFC 4978 has it.
//!
//! Invariants:
//! - What arrives is decompressed only as far as the reader has room. So memory does not depend on
//!   how far the client's octets expand, and the limits of lines, literals and commands hold for
//!   what they expand to.
//! - What is flushed can be decompressed by the client at once (RFC 4978 §3).
//! - The compressor, which is large (about 300 KiB), exists only while there is something to
//!   send and for [`COMPRESSOR_REST`] afterwards. After a flush the stream stands at the border of
//!   an octet, and a new compressor refers to nothing that came before: the client notices nothing
//!   but a little less compression. The decompressor (about 40 KiB) stays, because the client's
//!   next octets may refer to all it sent before.

#[cfg(test)]
mod tests;

use std::{
    future::Future as _,
    io,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
    time::Duration,
};

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

use super::Transport;

/// How long the compressor is kept after the last output (5 seconds): commands that follow one
/// another share its memory of what was sent, an idle session holds none.
pub const COMPRESSOR_REST: Duration = Duration::from_secs(5);

/// Most octets compressed at once (16 KiB): what is compressed and has not left is not much more.
const PIECE: usize = 16 * 1024;

/// Most compressed octets read at once (4 KiB), and so most that are held.
const ARRIVAL: usize = 4 * 1024;

/// Most octets decompressed at once (8 KiB): a client that sends octet by octet must not have large
/// rooms prepared for each.
const EXPANSION: usize = 8 * 1024;

/// Room for the end of a flush, which takes a few octets.
const FLUSH_ROOM: usize = 64;

/// See the module.
pub(super) struct Deflated {
    transport: Box<dyn Transport>,
    incoming: Incoming,
    outgoing: Outgoing,
}

impl Deflated {
    pub(super) fn new(transport: Box<dyn Transport>) -> Self {
        Self {
            transport,
            incoming: Incoming::new(),
            outgoing: Outgoing::default(),
        }
    }
}

/// The client's stream.
struct Incoming {
    inflate: Decompress,
    /// Compressed octets from `at` on.
    arrived: Vec<u8>,
    at: usize,
    /// The decompressor filled all the room it had, and may have more.
    has_more: bool,
    /// The client ended its stream.
    ended: bool,
}

impl Incoming {
    fn new() -> Self {
        Self {
            inflate: Decompress::new(false),
            arrived: Vec::new(),
            at: 0,
            has_more: false,
            ended: false,
        }
    }

    /// Decompresses into `room`; how many octets came out.
    fn expand(&mut self, room: &mut ReadBuf<'_>) -> io::Result<usize> {
        let input = self.arrived.get(self.at..).unwrap_or_default();
        if input.is_empty() && !self.has_more {
            return Ok(0);
        }
        let (taken, given) = (self.inflate.total_in(), self.inflate.total_out());
        let size = room.remaining().min(EXPANSION);
        let output = room.initialize_unfilled_to(size);
        let status = self
            .inflate
            .decompress(input, output, FlushDecompress::None)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        let taken = (self.inflate.total_in() - taken) as usize;
        let given = (self.inflate.total_out() - given) as usize;
        if status == Status::StreamEnd {
            self.ended = true;
        } else if taken == 0 && given == 0 && !input.is_empty() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "a compressed stream that makes no sense",
            ));
        }
        self.at += taken;
        if self.at >= self.arrived.len() {
            (self.arrived, self.at) = (Vec::new(), 0);
        }
        self.has_more = given == size;
        room.advance(given);
        Ok(given)
    }

    /// Reads compressed octets; at the end of the stream there are none.
    fn poll_arrival(
        &mut self,
        transport: &mut dyn Transport,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let mut octets = [0; ARRIVAL];
        let mut room = ReadBuf::new(&mut octets);
        ready!(Pin::new(transport).poll_read(cx, &mut room))?;
        self.ended |= room.filled().is_empty();
        self.arrived.extend_from_slice(room.filled());
        Poll::Ready(Ok(()))
    }
}

/// Our stream.
#[derive(Default)]
struct Outgoing {
    deflate: Option<Box<Compress>>,
    /// When the compressor is given back.
    rest: Option<Pin<Box<Sleep>>>,
    /// Compressed octets from `sent` on.
    leaving: Vec<u8>,
    sent: usize,
    /// The compressor holds octets that are not in `leaving` yet.
    held_back: bool,
}

impl Outgoing {
    fn push(&mut self, octets: &[u8]) -> io::Result<()> {
        self.rest = None;
        self.held_back = true;
        let mut octets = octets;
        while !octets.is_empty() {
            let taken = self.run(octets, FlushCompress::None)?;
            octets = octets.get(taken..).unwrap_or_default();
        }
        Ok(())
    }

    /// Brings out all that was compressed, up to the border of an octet.
    fn end_block(&mut self) -> io::Result<()> {
        while self.held_back {
            self.run(&[], FlushCompress::Sync)?;
            // All of it fitted.
            self.held_back = self.leaving.len() == self.leaving.capacity();
        }
        Ok(())
    }

    /// Compresses as far as there is room; how many octets were taken.
    fn run(&mut self, octets: &[u8], flush: FlushCompress) -> io::Result<usize> {
        self.leaving.reserve(octets.len() + FLUSH_ROOM);
        let deflate = self
            .deflate
            .get_or_insert_with(|| Box::new(Compress::new(Compression::fast(), false)));
        let before = deflate.total_in();
        deflate
            .compress_vec(octets, &mut self.leaving, flush)
            .map_err(io::Error::other)?;
        Ok((deflate.total_in() - before) as usize)
    }

    /// Sends what is compressed and releases its memory.
    fn poll_leave(
        &mut self,
        transport: &mut dyn Transport,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while let Some(rest) = self
            .leaving
            .get(self.sent..)
            .filter(|rest| !rest.is_empty())
        {
            let count = ready!(Pin::new(&mut *transport).poll_write(cx, rest))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.sent += count;
        }
        (self.leaving, self.sent) = (Vec::new(), 0);
        Poll::Ready(Ok(()))
    }

    /// Gives the compressor back when nothing was sent for a while. Asked while there is nothing
    /// to read.
    fn poll_rest(&mut self, cx: &mut Context<'_>) {
        if self.deflate.is_none() || self.held_back || !self.leaving.is_empty() {
            return;
        }
        let rest = self
            .rest
            .get_or_insert_with(|| Box::pin(sleep(COMPRESSOR_REST)));
        if rest.as_mut().poll(cx).is_ready() {
            self.deflate = None;
            self.rest = None;
        }
    }
}

impl AsyncRead for Deflated {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        room: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        while room.remaining() > 0 {
            if this.incoming.expand(room)? > 0 || this.incoming.ended {
                break;
            }
            if this.incoming.arrived.is_empty() {
                match this.incoming.poll_arrival(&mut *this.transport, cx) {
                    Poll::Pending => {
                        this.outgoing.poll_rest(cx);
                        return Poll::Pending;
                    }
                    Poll::Ready(arrived) => arrived?,
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Deflated {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        ready!(this.outgoing.poll_leave(&mut *this.transport, cx))?;
        let piece = octets.get(..PIECE).unwrap_or(octets);
        this.outgoing.push(piece)?;
        Poll::Ready(Ok(piece.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        this.outgoing.end_block()?;
        ready!(this.outgoing.poll_leave(&mut *this.transport, cx))?;
        pin!(&mut this.transport).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_flush(cx))?;
        Pin::new(&mut self.transport).poll_shutdown(cx)
    }
}
