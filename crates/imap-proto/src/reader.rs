//! Cutting the byte stream of a client into commands: a state machine without I/O.
//!
//! The session feeds what it read and does what the event says. A command is one line, or several
//! pieces of line joined by literals; the reader buffers all of it except the message of an
//! APPEND, which is handed through so that the session can collect or stream it. The reader trusts
//! no announced size: it reserves nothing before bytes arrive, and a literal over its limit is
//! refused before the client sends it, or thrown away when the client does not wait (`{n+}`).

mod discard;
mod event;
mod marker;
#[cfg(test)]
mod tests;

use crate::{AppendHead, Limits, MailboxName, ParseErrorKind, Tag, command::is_append, parse};
use discard::Discard;
pub use event::{Event, RawCommand, Refusal, RefusalKind};
pub use marker::{Literal, LiteralSync};

#[derive(Debug)]
enum State {
    /// In a line.
    Line,
    /// In a buffered literal, with that many bytes to come.
    Literal { left: usize },
    /// [`Event::Message`] was given; the session has not answered.
    Undecided { literal: Literal },
    /// In an accepted message.
    Message { left: u64 },
    /// Throwing away the rest of a refused command.
    Discard(Discard),
    /// After [`Event::Fatal`].
    Dead(Refusal),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Command,
    /// One bare line (an AUTHENTICATE response, or DONE), in which `{n}` means nothing.
    PlainLine,
}

/// The state machine.
#[derive(Debug)]
pub struct CommandReader {
    limits: Limits,
    state: State,
    mode: Mode,
    buffer: Vec<u8>,
    /// Where the current line began in `buffer`.
    line_start: usize,
    /// How many literals the current command has had.
    literals: usize,
    /// Where the messages of an APPEND stand that were accepted so far.
    messages_at: Vec<usize>,
    /// Where the messages of the current APPEND go, once one was announced.
    appending: Option<MailboxName>,
}

impl CommandReader {
    /// A reader at the start of a connection.
    pub const fn new(limits: Limits) -> Self {
        Self {
            limits,
            state: State::Line,
            mode: Mode::Command,
            buffer: Vec::new(),
            line_start: 0,
            literals: 0,
            messages_at: Vec::new(),
            appending: None,
        }
    }

    /// Other limits from the next command on (after sign-in).
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// The limits in force.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The next line is no command: a SASL response or DONE. Holds for one line.
    pub fn expect_line(&mut self) {
        self.mode = Mode::PlainLine;
    }

    /// Whether no byte of a command has arrived since the last one was complete.
    pub fn is_between_commands(&self) -> bool {
        matches!(self.state, State::Line) && self.buffer.is_empty()
    }

    /// Forgets a command begun: what was sent before STARTTLS completes is not trusted
    /// (RFC 3501 §6.2.1).
    pub fn reset(&mut self) {
        self.state = State::Line;
        self.mode = Mode::Command;
        self.start_command();
    }

    /// Reads on; returns how many bytes of `input` were consumed, and what to do. Call again with
    /// the rest until [`Event::NeedMore`].
    pub fn feed(&mut self, input: &[u8]) -> (usize, Event) {
        let mut consumed = 0;
        loop {
            let (taken, event) = self.step(input.get(consumed..).unwrap_or_default());
            consumed += taken;
            if !matches!(event, Event::NeedMore) || consumed == input.len() {
                return (consumed, event);
            }
        }
    }

    /// Reads on to the next event or change of state.
    fn step(&mut self, input: &[u8]) -> (usize, Event) {
        match &mut self.state {
            State::Line => self.feed_line(input),
            State::Literal { .. } => self.feed_literal(input),
            State::Message { left } => {
                let taken = usize::try_from(*left)
                    .unwrap_or(usize::MAX)
                    .min(input.len());
                if taken == 0 {
                    return (0, Event::NeedMore);
                }
                *left -= taken as u64;
                if *left == 0 {
                    self.state = State::Line;
                }
                (taken, Event::MessageData)
            }
            State::Undecided { .. } => {
                debug_assert!(
                    false,
                    "the session answers Event::Message before it feeds on"
                );
                let refusal = Refusal {
                    tag: self.tag(),
                    kind: RefusalKind::Message,
                };
                (0, self.die(refusal))
            }
            State::Discard(discard) => match discard.feed(input) {
                discard::Step::More => (input.len(), Event::NeedMore),
                discard::Step::Done(consumed) => {
                    let refusal = discard.refusal();
                    self.restart();
                    (consumed, Event::Refused(refusal))
                }
                discard::Step::TooMuch => {
                    let refusal = discard.refusal();
                    (input.len(), self.die(refusal))
                }
            },
            State::Dead(refusal) => (0, Event::Fatal(refusal.clone())),
        }
    }

    /// The message may come; the session sends a continuation request if the literal is
    /// [`LiteralSync::Waits`].
    pub fn accept_message(&mut self) {
        if let State::Undecided { literal } = self.state {
            self.messages_at.push(self.buffer.len());
            self.literals += 1;
            self.line_start = self.buffer.len();
            self.state = match literal.size {
                0 => State::Line,
                left => State::Message { left },
            };
        }
    }

    /// The message is not wanted. Returns an event to act upon at once: [`Event::Refused`] when
    /// the client waits, [`Event::NeedMore`] when it sends anyway and the rest of the command has
    /// to be read away first ([`Event::Refused`] follows), or [`Event::Fatal`].
    pub fn refuse_message(&mut self) -> Event {
        match self.state {
            State::Undecided { literal } => self.refuse_literal(literal, RefusalKind::Message),
            _ => Event::NeedMore,
        }
    }

    fn feed_line(&mut self, input: &[u8]) -> (usize, Event) {
        let end = input.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(input.len(), |at| at + 1);
        let piece = input.get(..taken).unwrap_or(input);
        // The line end itself does not count.
        let line_room = self.line_start + self.limits.line + 2;
        let command_room = self.limits.command + 2;
        let (room, kind) = if line_room <= command_room {
            (line_room, RefusalKind::LineTooLong(self.limits.line))
        } else {
            (
                command_room,
                RefusalKind::CommandTooLong(self.limits.command),
            )
        };
        let fits = room.saturating_sub(self.buffer.len());
        if let Some(start) = piece.get(..fits).filter(|start| start.len() < piece.len()) {
            // The start may hold the tag.
            self.buffer.extend_from_slice(start);
            self.discard(kind);
            return (start.len(), Event::NeedMore);
        }
        self.buffer.extend_from_slice(piece);
        if end.is_none() {
            return (taken, Event::NeedMore);
        }
        (taken, self.line_complete())
    }

    fn line_complete(&mut self) -> Event {
        if self.mode == Mode::PlainLine {
            let mut line = std::mem::take(&mut self.buffer);
            let length = marker::without_line_end(&line).len();
            line.truncate(length);
            self.restart();
            return Event::Line(line);
        }
        let line = self.buffer.get(self.line_start..).unwrap_or_default();
        if let Some(literal) = Literal::at_line_end(line) {
            return self.literal_announced(literal);
        }
        let bytes = std::mem::take(&mut self.buffer);
        let messages_at = std::mem::take(&mut self.messages_at);
        self.restart();
        Event::Command(RawCommand { bytes, messages_at })
    }

    fn literal_announced(&mut self, literal: Literal) -> Event {
        if let Some(mailbox) = &self.appending {
            let line = self.buffer.get(self.line_start..).unwrap_or_default();
            let next = AppendHead::parse_next(line, mailbox, &self.limits);
            return self.further_message(next, literal);
        }
        // Only the mailbox name of an APPEND can be a literal before its first message.
        if self.literals <= 1 && is_append(&self.buffer) {
            match AppendHead::parse(&self.buffer, &self.limits) {
                Ok((tag, head)) => return self.message_announced(tag, head, literal),
                Err(error) if error.kind() == ParseErrorKind::Incomplete => {}
                Err(error) => return self.refuse_literal(literal, RefusalKind::Syntax(error)),
            }
        }
        let limit = self.limits.literal;
        let size = match usize::try_from(literal.size) {
            Ok(size) if size <= limit => size,
            _ => return self.refuse_literal(literal, RefusalKind::LiteralTooLarge(limit)),
        };
        if self.buffer.len() + size > self.limits.command {
            let kind = RefusalKind::CommandTooLong(self.limits.command);
            return self.refuse_literal(literal, kind);
        }
        self.literals += 1;
        self.line_start = self.buffer.len() + size;
        self.state = match size {
            0 => State::Line,
            left => State::Literal { left },
        };
        match literal.sync {
            LiteralSync::Waits => Event::NeedContinuation { size: literal.size },
            LiteralSync::SendsAtOnce => Event::NeedMore,
        }
    }

    /// Another message of the same APPEND (RFC 3502).
    fn further_message(
        &mut self,
        next: Result<AppendHead, crate::ParseError>,
        literal: Literal,
    ) -> Event {
        let limit = self.limits.append_messages;
        if self.messages_at.len() >= limit {
            return self.refuse_literal(literal, RefusalKind::TooManyMessages(limit));
        }
        match (self.tag(), next) {
            (Some(tag), Ok(head)) => self.message_announced(tag, head, literal),
            (_, Err(error)) => self.refuse_literal(literal, RefusalKind::Syntax(error)),
            // Its first message was announced, so it has a tag.
            (None, Ok(_)) => self.refuse_literal(literal, RefusalKind::Message),
        }
    }

    fn message_announced(&mut self, tag: Tag, head: AppendHead, literal: Literal) -> Event {
        if literal.size > self.limits.message {
            let kind = RefusalKind::MessageTooLarge(self.limits.message);
            return self.refuse_literal(literal, kind);
        }
        self.state = State::Undecided { literal };
        self.appending = Some(head.mailbox.clone());
        Event::Message { tag, head, literal }
    }

    fn feed_literal(&mut self, input: &[u8]) -> (usize, Event) {
        let State::Literal { left } = &mut self.state else {
            return (0, Event::NeedMore);
        };
        let taken = (*left).min(input.len());
        *left -= taken;
        if *left == 0 {
            self.state = State::Line;
        }
        self.buffer
            .extend_from_slice(input.get(..taken).unwrap_or_default());
        (taken, Event::NeedMore)
    }

    /// Refuses a command at an announced literal.
    fn refuse_literal(&mut self, literal: Literal, kind: RefusalKind) -> Event {
        let refusal = Refusal {
            tag: self.tag(),
            kind,
        };
        match literal.sync {
            // The client reads the tagged answer instead of sending (RFC 3501 §7.5).
            LiteralSync::Waits => {
                self.restart();
                Event::Refused(refusal)
            }
            LiteralSync::SendsAtOnce if literal.size > self.limits.discard => self.die(refusal),
            LiteralSync::SendsAtOnce => {
                self.start_command();
                let limit = self.limits.discard;
                self.state = State::Discard(Discard::literal(refusal, literal.size, limit));
                Event::NeedMore
            }
        }
    }

    /// Refuses a command in the middle of a line: the rest of the line is thrown away.
    fn discard(&mut self, kind: RefusalKind) {
        let refusal = Refusal {
            tag: self.tag(),
            kind,
        };
        let line = self.buffer.get(self.line_start..).unwrap_or_default();
        let mut discard = Discard::line(refusal, self.limits.discard);
        discard.remember(line);
        if self.mode == Mode::PlainLine {
            discard.ignore_literals();
        }
        self.start_command();
        self.state = State::Discard(discard);
    }

    fn tag(&self) -> Option<Tag> {
        match self.mode {
            Mode::Command => parse::tag_of(&self.buffer),
            Mode::PlainLine => None,
        }
    }

    fn die(&mut self, refusal: Refusal) -> Event {
        self.start_command();
        self.state = State::Dead(refusal.clone());
        Event::Fatal(refusal)
    }

    fn restart(&mut self) {
        self.state = State::Line;
        self.mode = Mode::Command;
        self.start_command();
    }

    /// Gives the buffer back too: an idle session holds none.
    fn start_command(&mut self) {
        self.buffer = Vec::new();
        self.line_start = 0;
        self.literals = 0;
        self.messages_at = Vec::new();
        self.appending = None;
    }
}
