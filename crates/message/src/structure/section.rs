//! IMAP's part numbers: from a section path to bytes (RFC 9051 §6.4.5.1).

use super::{Content, Part, Structure};
use crate::range::ByteRange;

/// What of a part is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SectionPart {
    /// The body: `BODY[1.2]`; with an empty path the whole message: `BODY[]`.
    Content,
    /// The part's own MIME header: `BODY[1.2.MIME]`.
    Mime,
    /// The header of the message, or of the message embedded in the part: `BODY[2.HEADER]`.
    Header,
    /// The body of the message, or of the message embedded in the part: `BODY[2.TEXT]`.
    Text,
}

impl Structure {
    /// The part with the number `path`, counted from 1; the root for the empty path.
    ///
    /// A message that is no multipart has exactly one part, number 1: itself.
    pub fn part(&self, path: &[u32]) -> Option<&Part> {
        let Some((&first, rest)) = path.split_first() else {
            return Some(&self.root);
        };
        let mut part = part_of_message(&self.root, first)?;
        for &number in rest {
            part = match &part.content {
                Content::Single => return None,
                Content::Multipart(children) => nth(children, number)?,
                Content::Message(embedded) => part_of_message(&embedded.root, number)?,
            };
        }
        Some(part)
    }

    /// The bytes of a section; `None` when the message has no such section.
    pub fn section(&self, path: &[u32], wanted: SectionPart) -> Option<ByteRange> {
        if path.is_empty() {
            let root = &self.root;
            return match wanted {
                SectionPart::Content => Some(root.header.to(root.body)),
                SectionPart::Header => Some(root.header),
                SectionPart::Text => Some(root.body),
                SectionPart::Mime => None,
            };
        }
        let part = self.part(path)?;
        match wanted {
            SectionPart::Content => Some(part.body),
            SectionPart::Mime => Some(part.header),
            SectionPart::Header => part.embedded().map(|embedded| embedded.root.header),
            SectionPart::Text => part.embedded().map(|embedded| embedded.root.body),
        }
    }
}

/// Part `number` of the message whose root is `root`.
fn part_of_message(root: &Part, number: u32) -> Option<&Part> {
    match &root.content {
        Content::Multipart(children) => nth(children, number),
        Content::Single | Content::Message(_) => (number == 1).then_some(root),
    }
}

fn nth(children: &[Part], number: u32) -> Option<&Part> {
    children.get(usize::try_from(number).ok()?.checked_sub(1)?)
}
