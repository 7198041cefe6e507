//! The recursive descent over entities (RFC 2045 §2.5). Its depth is bounded by
//! [`MAX_DEPTH`].

use super::{
    boundary::{Boundaries, Delimiter, Kind, Tail},
    fields::{self, Shared},
};
use crate::{
    envelope::Envelope,
    header::{Ending, Field, FieldScanner, Scanned},
    limits::{MAX_ADDRESSES_OF_MESSAGE, MAX_DEPTH, MAX_HEADER_BYTES, MAX_HEADER_FIELDS, MAX_PARTS},
    problem::{Problem, Problems},
    range::ByteRange,
    structure::{Content, ContentType, Embedded, ParameterForm, Part},
};

/// Parser state for one message.
#[derive(Debug)]
pub(super) struct Parser<'a> {
    message: &'a [u8],
    boundaries: Boundaries<'a>,
    shared: Shared,
    parts: usize,
    depth: usize,
    lines: LineCounter<'a>,
}

/// A scanned header.
#[derive(Debug)]
struct Header {
    range: ByteRange,
    fields: Vec<Field>,
    /// The boundary line at which the header ended; then there is no body.
    stop: Option<Delimiter>,
}

/// What ended an entity: a boundary line, or the end of the message.
type Stop = Option<Delimiter>;

impl<'a> Parser<'a> {
    pub(super) fn new(message: &'a [u8], problems: Problems) -> Self {
        Self {
            message,
            boundaries: Boundaries::new(message),
            shared: Shared {
                problems,
                addresses_left: MAX_ADDRESSES_OF_MESSAGE,
            },
            parts: 0,
            depth: 0,
            lines: LineCounter {
                message,
                pos: 0,
                count: 0,
            },
        }
    }

    pub(super) fn into_problems(self) -> Problems {
        self.shared.problems
    }

    /// The message itself.
    pub(super) fn message(&mut self) -> (Part, Envelope, Vec<Field>) {
        let header = self.header(0);
        let envelope = fields::envelope(self.message, &header.fields, &mut self.shared);
        let (part, _) = self.entity(&header, ContentType::default());
        (part, envelope, header.fields)
    }

    /// Scans a header that starts at `start`. A boundary line ends it, as the empty line does.
    fn header(&mut self, start: usize) -> Header {
        let mut scanner = FieldScanner::new(self.message, start);
        let mut fields = Vec::with_capacity(16);
        let mut dropped = false;
        loop {
            let pos = scanner.pos();
            if let Some(stop) = self.boundaries.at(pos) {
                return Header {
                    range: ByteRange::new(start, pos),
                    fields,
                    stop: Some(stop),
                };
            }
            match scanner.next() {
                Scanned::Field(_) if dropped => {}
                Scanned::Field(field) => {
                    let problem = if fields.len() >= MAX_HEADER_FIELDS {
                        Problem::TooManyHeaderFields
                    } else if field.whole.end() - start > MAX_HEADER_BYTES {
                        Problem::HeaderTooLarge
                    } else {
                        fields.push(field);
                        continue;
                    };
                    self.shared.problems.report(problem, pos);
                    dropped = true;
                }
                Scanned::MboxLine => {}
                Scanned::Junk => self.shared.problems.report(Problem::StrayLine, pos),
                Scanned::End { body, ending } => {
                    if ending == Ending::NotAField {
                        self.shared.problems.report(Problem::MissingBlankLine, body);
                    }
                    return Header {
                        range: ByteRange::new(start, body),
                        fields,
                        stop: None,
                    };
                }
            }
        }
    }

    /// An entity, after its header.
    fn entity(&mut self, header: &Header, default: ContentType) -> (Part, Stop) {
        self.parts += 1;
        let mut part = fields::part(self.message, &header.fields, default, &mut self.shared);
        part.header = header.range;
        let start = header.range.end();
        let lines_before = self.lines.up_to(start);
        let stop = match header.stop {
            Some(stop) => Some(stop),
            None => self.body(&mut part, start),
        };
        part.body = ByteRange::new(start, stop.map_or(self.message.len(), |stop| stop.body_end));
        part.lines = self.lines.up_to(part.body.end()) - lines_before;
        fill_composite(&mut part);
        (part, stop)
    }

    /// The body of `part`, which starts at `start`; fills in its content.
    fn body(&mut self, part: &mut Part, start: usize) -> Stop {
        let composite = part.content_type.is_multipart() || part.content_type.is_message();
        if !composite {
            return self.boundaries.find(start);
        }
        if self.depth >= MAX_DEPTH {
            self.shared.problems.report(Problem::TooDeep, start);
            return self.boundaries.find(start);
        }
        self.depth += 1;
        let stop = if part.content_type.is_multipart() {
            self.multipart(part, start)
        } else {
            self.embedded(part, start)
        };
        self.depth -= 1;
        stop
    }

    fn multipart(&mut self, part: &mut Part, start: usize) -> Stop {
        if !part.encoding.is_identity() {
            self.shared
                .problems
                .report(Problem::EncodedComposite, part.header.start());
        }
        let boundary = boundary_of(&part.content_type);
        if boundary.is_empty() {
            self.shared
                .problems
                .report(Problem::MissingBoundary, part.header.start());
            return self.boundaries.find(start);
        }
        let default = if part.content_type.is("multipart", "digest") {
            ContentType::new("message", "rfc822")
        } else {
            ContentType::default()
        };
        let level = self.boundaries.push(&boundary);
        let mut children = Vec::new();
        let mut stop = self.boundaries.find(start);
        let mut closing = None;
        while let Some(found) = stop
            && found.level == level
        {
            if found.tail == Tail::Text {
                self.shared
                    .problems
                    .report(Problem::TextAfterBoundary, found.start);
            }
            if found.kind == Kind::Close {
                closing = Some(found);
                break;
            }
            let child;
            (child, stop) = self.child(found.next, default.clone());
            children.push(child);
        }
        self.boundaries.pop();
        match closing {
            Some(closing) => stop = self.boundaries.find_beyond(&closing),
            None if children.is_empty() => {}
            None => self
                .shared
                .problems
                .report(Problem::UnclosedMultipart, part.header.start()),
        }
        if children.is_empty() {
            self.shared
                .problems
                .report(Problem::NoParts, part.header.start());
        } else {
            part.content = Content::Multipart(children);
        }
        stop
    }

    /// A child of a multipart, from `start` on.
    fn child(&mut self, start: usize, default: ContentType) -> (Part, Stop) {
        if self.parts >= MAX_PARTS {
            return (self.opaque_rest(start), None);
        }
        let header = self.header(start);
        self.entity(&header, default)
    }

    fn embedded(&mut self, part: &mut Part, start: usize) -> Stop {
        if !part.encoding.is_identity() {
            self.shared
                .problems
                .report(Problem::EncodedComposite, part.header.start());
            return self.boundaries.find(start);
        }
        if self.parts >= MAX_PARTS {
            let root = self.opaque_rest(start);
            let embedded = Embedded {
                envelope: Envelope::default(),
                root,
            };
            part.content = Content::Message(Box::new(embedded));
            return None;
        }
        let header = self.header(start);
        let envelope = fields::envelope(self.message, &header.fields, &mut self.shared);
        let (root, stop) = self.entity(&header, ContentType::default());
        part.content = Content::Message(Box::new(Embedded { envelope, root }));
        stop
    }

    /// Everything from `start` to the end of the message as one part, once there are too many.
    fn opaque_rest(&mut self, start: usize) -> Part {
        self.shared.problems.report(Problem::TooManyParts, start);
        let lines_before = self.lines.up_to(start);
        let end = self.message.len();
        Part {
            header: ByteRange::empty_at(start),
            body: ByteRange::new(start, end),
            lines: self.lines.up_to(end) - lines_before,
            content_type: ContentType::new("application", "octet-stream"),
            ..Part::default()
        }
    }
}

/// The boundary as its lines have it; empty when there is none. It cannot end in blanks
/// (RFC 2046 §5.1.1).
fn boundary_of(content_type: &ContentType) -> Vec<u8> {
    let parameter = content_type
        .parameters
        .iter()
        .find(|found| &*found.name == "boundary");
    let bytes = match parameter {
        Some(found) if found.form == ParameterForm::Extended => {
            found.value.decoded().as_bytes().to_vec()
        }
        Some(found) => found.value.raw().to_vec(),
        None => Vec::new(),
    };
    bytes.trim_ascii_end().to_vec()
}

/// Gives a multipart or message part without content its whole body as the only content, so that
/// the invariants of [`Part`] hold and a reader sees what is there.
fn fill_composite(part: &mut Part) {
    if part.content != Content::Single {
        return;
    }
    let stand_in = Part {
        header: ByteRange::empty_at(part.body.start()),
        body: part.body,
        lines: part.lines,
        encoding: part.encoding.clone(),
        ..Part::default()
    };
    if part.content_type.is_multipart() {
        part.content = Content::Multipart(vec![stand_in]);
    } else if part.content_type.is_message() {
        let envelope = Envelope::default();
        part.content = Content::Message(Box::new(Embedded {
            envelope,
            root: stand_in,
        }));
    }
}

/// Counts line feeds, passing each byte once: it is asked with growing positions.
#[derive(Debug)]
struct LineCounter<'a> {
    message: &'a [u8],
    pos: usize,
    count: u32,
}

impl LineCounter<'_> {
    /// Line feeds before `pos`.
    fn up_to(&mut self, pos: usize) -> u32 {
        if let Some(passed) = self.message.get(self.pos..pos) {
            let lines = memchr::memchr_iter(b'\n', passed).count();
            self.count = self
                .count
                .saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
            self.pos = pos;
        }
        self.count
    }
}
