//! The octets of one message on their way in.

/// What a message may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentLimits {
    /// Octets at most, line ends included, stuffed dots not (C-04).
    pub size: u64,
    /// Octets of a line at most.
    pub line: LineLimit,
}

/// How long a line of a message may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LineLimit {
    /// Any length that the message may have. The default: RFC 5321 §4.5.3.1.6 has 1,000 octets,
    /// but newsletters and devices send longer lines, and refusing them loses wanted mail.
    #[default]
    Unlimited,
    /// So many octets without the CRLF.
    Octets(u32),
}

/// Why a message is not taken though all of it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A CR without LF behind it (RFC 5321 §2.3.8 forbids it).
    #[error("bare CR")]
    BareCr,
    /// A LF without CR before it.
    #[error("bare LF")]
    BareLf,
    /// Over [`ContentLimits::size`].
    #[error("message too big")]
    TooBig,
    /// Over [`ContentLimits::line`].
    #[error("line too long")]
    LineTooLong,
    /// Given up by the session, for want of memory.
    #[error("given up")]
    Abandoned,
}

/// What was read of a message. From the first fault on nothing is kept; the rest is counted only.
#[derive(Debug)]
pub(crate) struct Content {
    limits: ContentLimits,
    bytes: Vec<u8>,
    received: u64,
    line: u64,
    fault: Option<Fault>,
}

impl Content {
    pub(crate) fn new(limits: ContentLimits) -> Self {
        Self {
            limits,
            bytes: Vec::new(),
            received: 0,
            line: 0,
            fault: None,
        }
    }

    /// Takes octets of the message, dots removed.
    pub(crate) fn append(&mut self, run: &[u8]) {
        self.received += run.len() as u64;
        if self.received > self.limits.size {
            self.refuse(Fault::TooBig);
        }
        if self.fault.is_none() {
            self.bytes.extend_from_slice(run);
        }
    }

    /// Whether the lengths of lines matter.
    pub(crate) fn counts_lines(&self) -> bool {
        self.limits.line != LineLimit::Unlimited
    }

    /// Notes that the current line has so many octets more.
    pub(crate) fn lengthen_line(&mut self, octets: usize) {
        self.line += octets as u64;
        if let LineLimit::Octets(limit) = self.limits.line
            && self.line > u64::from(limit)
        {
            self.refuse(Fault::LineTooLong);
        }
    }

    /// Notes the end of a line.
    pub(crate) fn end_line(&mut self) {
        self.line = 0;
    }

    /// Notes that the message cannot be taken. The first reason stays.
    pub(crate) fn refuse(&mut self, fault: Fault) {
        if self.fault.is_none() {
            self.fault = Some(fault);
            self.bytes = Vec::new();
        }
    }

    pub(crate) fn fault(&self) -> Option<Fault> {
        self.fault
    }

    /// Octets that came, kept or not.
    pub(crate) fn received(&self) -> u64 {
        self.received
    }

    /// Octets of memory in use.
    pub(crate) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// The message, with a CRLF at its end: DATA has one there by itself, and of the last chunk
    /// RFC 3030 §2 does not ask for it.
    pub(crate) fn finish(mut self) -> Result<Vec<u8>, Fault> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        if !self.bytes.is_empty() && !self.bytes.ends_with(b"\r\n") {
            self.bytes.extend_from_slice(b"\r\n");
        }
        Ok(self.bytes)
    }
}
