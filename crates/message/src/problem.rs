//! What was wrong with a message that was read all the same (design §1: read leniently).

use crate::limits::MAX_PROBLEMS;

/// One thing that was wrong with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The message is larger than [`MAX_MESSAGE_BYTES`](crate::limits::MAX_MESSAGE_BYTES).
    #[error("message larger than byte ranges can describe")]
    MessageTooLarge,
    /// A header ended without the empty line, at a line that is no header field.
    #[error("no empty line between header and body")]
    MissingBlankLine,
    /// A line within a header that belongs to no field, as of a field that was folded wrongly.
    #[error("stray line in a header")]
    StrayLine,
    /// More fields than [`MAX_HEADER_FIELDS`](crate::limits::MAX_HEADER_FIELDS).
    #[error("too many header fields")]
    TooManyHeaderFields,
    /// A header longer than [`MAX_HEADER_BYTES`](crate::limits::MAX_HEADER_BYTES).
    #[error("header too large")]
    HeaderTooLarge,
    /// A field longer than what is looked at; the rest of it was ignored.
    #[error("header field too long")]
    FieldTooLong,
    /// A field that may occur once occurs again.
    #[error("header field repeated")]
    RepeatedField,
    /// More addresses than [`MAX_ADDRESSES`](crate::limits::MAX_ADDRESSES) in one field.
    #[error("too many addresses")]
    TooManyAddresses,
    /// More parameters than [`MAX_PARAMETERS`](crate::limits::MAX_PARAMETERS), or one too long.
    #[error("too many or too long parameters")]
    TooManyParameters,
    /// The Date field holds no date.
    #[error("unreadable date")]
    BadDate,
    /// The Content-Type field holds no media type.
    #[error("unreadable content type")]
    BadContentType,
    /// A multipart without a boundary parameter.
    #[error("multipart without boundary parameter")]
    MissingBoundary,
    /// A multipart whose boundary does not occur in its body.
    #[error("multipart without a single part")]
    NoParts,
    /// A multipart that ends without its closing boundary.
    #[error("multipart without closing boundary")]
    UnclosedMultipart,
    /// A boundary line with something after the boundary.
    #[error("text after the boundary on its line")]
    TextAfterBoundary,
    /// A multipart or embedded message in base64 or quoted-printable, which RFC 2045 §6.4 forbids.
    #[error("composite part with a transfer encoding")]
    EncodedComposite,
    /// More parts than [`MAX_PARTS`](crate::limits::MAX_PARTS).
    #[error("too many parts")]
    TooManyParts,
    /// Deeper nesting than [`MAX_DEPTH`](crate::limits::MAX_DEPTH).
    #[error("parts nested too deeply")]
    TooDeep,
}

/// A problem and where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Located {
    /// What is wrong.
    pub problem: Problem,
    /// Offset in the message at which it was noticed.
    pub at: u32,
}

/// The problems of one message, at most [`MAX_PROBLEMS`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Problems {
    list: Vec<Located>,
    more: bool,
}

impl Problems {
    /// The problems in the order in which they were noticed.
    pub fn iter(&self) -> impl Iterator<Item = Located> + '_ {
        self.list.iter().copied()
    }

    /// Whether nothing was wrong.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether there were more problems than are listed.
    pub fn has_more(&self) -> bool {
        self.more
    }

    /// Whether `problem` is listed.
    pub fn contains(&self, problem: Problem) -> bool {
        self.list.iter().any(|located| located.problem == problem)
    }

    pub(crate) fn report(&mut self, problem: Problem, at: usize) {
        if self.list.len() < MAX_PROBLEMS {
            let at = u32::try_from(at).unwrap_or(u32::MAX);
            self.list.push(Located { problem, at });
        } else {
            self.more = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_bounded_and_says_so() {
        let mut problems = Problems::default();
        for at in 0..MAX_PROBLEMS {
            problems.report(Problem::BadDate, at);
        }
        assert!(!problems.has_more());
        problems.report(Problem::BadDate, 99);
        assert!(problems.has_more());
        assert_eq!(problems.iter().count(), MAX_PROBLEMS);
    }
}
