//! Lines with limits.

use super::{ReadError, input::Input};

/// What ends a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineEnding {
    /// CRLF only. A lone CR or LF is [`ReadError::BareLineEnd`]: SMTP must refuse it, or two
    /// servers may see different messages (RFC 5321 §2.3.8, "SMTP smuggling").
    Strict,
    /// LF, with or without a CR before it.
    Lenient,
}

/// The rule for one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineRule {
    /// Most octets of a line, with its line end.
    pub max_octets: usize,
    /// What ends it.
    pub ending: LineEnding,
}

impl LineRule {
    /// Most octets thrown away while looking for the end of a line that is too long: 64 KiB, far
    /// beyond any honest mistake, little enough to read.
    pub const MAX_DISCARDED_OCTETS: usize = 64 * 1024;

    /// Lines that end in CRLF and nothing else.
    pub const fn strict(max_octets: usize) -> Self {
        Self {
            max_octets,
            ending: LineEnding::Strict,
        }
    }

    /// Lines that end in LF or CRLF.
    pub const fn lenient(max_octets: usize) -> Self {
        Self {
            max_octets,
            ending: LineEnding::Lenient,
        }
    }
}

/// A line that was longer than its rule allows and has been thrown away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineTooLong {
    /// Its first octets ([`LineTooLong::MAX_KEPT`] at most), so that a protocol with tags can
    /// answer with the right one.
    pub start: Vec<u8>,
}

impl LineTooLong {
    /// How much of the line is kept.
    pub const MAX_KEPT: usize = 64;
}

/// The state of throwing a line away.
#[derive(Debug, Default)]
pub(super) struct Discarding {
    start: Vec<u8>,
    octets: usize,
}

impl Input {
    /// The next complete line without its line end, if the buffer has one.
    pub(super) fn take_line(&mut self, rule: LineRule) -> Option<Result<Vec<u8>, ReadError>> {
        let found = self
            .octets()
            .get(self.scanned..)
            .unwrap_or_default()
            .iter()
            .position(|&octet| octet == b'\n');
        match found {
            Some(offset) => {
                let end = self.scanned + offset;
                Some(self.finish_line(end, rule))
            }
            None => self.keep_partial_line(rule),
        }
    }

    /// Takes the line whose LF is at `end`.
    fn finish_line(&mut self, end: usize, rule: LineRule) -> Result<Vec<u8>, ReadError> {
        if let Some(mut discarding) = self.discarding.take() {
            discarding.keep(self.octets().get(..end).unwrap_or_default());
            self.consume(end + 1);
            return Err(discarding.into_error());
        }
        let line = self.octets().get(..end).unwrap_or_default();
        let result = if end >= rule.max_octets {
            let mut discarding = Discarding::default();
            discarding.keep(line);
            Err(discarding.into_error())
        } else {
            match (line.strip_suffix(b"\r"), rule.ending) {
                (Some(text), LineEnding::Strict) if !text.contains(&b'\r') => Ok(text.to_vec()),
                (_, LineEnding::Strict) => Err(ReadError::BareLineEnd),
                (text, LineEnding::Lenient) => Ok(text.unwrap_or(line).to_vec()),
            }
        };
        self.consume(end + 1);
        result
    }

    /// Looks at a buffer without LF: it may be too much already.
    fn keep_partial_line(&mut self, rule: LineRule) -> Option<Result<Vec<u8>, ReadError>> {
        let have = self.len();
        if self.discarding.is_none() && have < rule.max_octets {
            self.scanned = have;
            return None;
        }
        let mut discarding = self.discarding.take().unwrap_or_default();
        discarding.keep(self.octets());
        self.consume(have);
        if discarding.octets > LineRule::MAX_DISCARDED_OCTETS.max(rule.max_octets) {
            return Some(Err(ReadError::EndlessLine));
        }
        self.discarding = Some(discarding);
        None
    }
}

impl Discarding {
    /// Counts more of the line, and keeps it as long as it belongs to the start.
    fn keep(&mut self, octets: &[u8]) {
        let room = LineTooLong::MAX_KEPT.saturating_sub(self.start.len());
        self.start.extend(octets.iter().take(room));
        self.octets += octets.len();
    }

    fn into_error(mut self) -> ReadError {
        if self.start.len() == self.octets && self.start.ends_with(b"\r") {
            self.start.pop();
        }
        ReadError::LineTooLong(LineTooLong { start: self.start })
    }
}
