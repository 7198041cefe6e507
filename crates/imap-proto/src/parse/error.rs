//! What is wrong with a command.

use crate::Tag;

/// Which kind of mistake a [`ParseError`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseErrorKind {
    /// The bytes are not what the grammar wants there.
    Syntax,
    /// The command ends too early.
    Incomplete,
    /// There is no command of that name.
    UnknownCommand,
    /// A list, a nesting or a value is over its limit.
    TooMuch,
}

/// Why a command is refused with BAD. Its text goes to the client: it names what was expected
/// and where, and never repeats what the client sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    tag: Option<Tag>,
    kind: ParseErrorKind,
    what: &'static str,
    /// Byte offset in the command.
    at: usize,
}

impl ParseError {
    pub(crate) const fn new(kind: ParseErrorKind, what: &'static str, at: usize) -> Self {
        Self {
            tag: None,
            kind,
            what,
            at,
        }
    }

    pub(crate) fn with_tag(mut self, tag: &Tag) -> Self {
        self.tag.get_or_insert_with(|| tag.clone());
        self
    }

    /// The tag to answer with; none when the tag itself is wrong.
    pub const fn tag(&self) -> Option<&Tag> {
        self.tag.as_ref()
    }

    /// Which kind of mistake it is.
    pub const fn kind(&self) -> ParseErrorKind {
        self.kind
    }

    /// Where, as a byte offset in the command.
    pub const fn at(&self) -> usize {
        self.at
    }
}

impl std::error::Error for ParseError {}

impl std::fmt::Display for ParseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // People count columns from one.
        let column = self.at + 1;
        match self.kind {
            ParseErrorKind::Syntax => write!(f, "expected {} at column {column}", self.what),
            ParseErrorKind::Incomplete => {
                write!(
                    f,
                    "expected {}, but the command ends at column {column}",
                    self.what
                )
            }
            ParseErrorKind::UnknownCommand => f.write_str("unknown command"),
            ParseErrorKind::TooMuch => write!(f, "too many or too long: {}", self.what),
        }
    }
}
