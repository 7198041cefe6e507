//! Answers: everything the server writes.
//!
//! A [`ResponseBuf`] collects lines; the session sends and clears it whenever it holds enough. All
//! numbers and strings are written straight into it. Large message contents are not copied: they
//! are attached, and come out of [`ResponseBuf::chunks`] in their place.
//!
//! Writing is strict: no CR, LF or 8-bit character can get into a line other than inside a
//! literal, whatever the strings given hold.

mod envelope;
mod fetch;
mod mailbox;
mod quota;
mod search;
mod status;
mod string;
mod structure;
#[cfg(test)]
mod tests;

use bytes::Bytes;

use crate::{NameEncoding, sequence::write_number};
pub use fetch::{FetchResponse, SectionName};
pub use mailbox::{ListLine, MailboxAttribute, StatusCounts};
pub use quota::{QuotaLine, QuotaResource};
pub use status::{Code, Condition};
pub(crate) use string::{write_astring, write_string};
pub use structure::Extensions;

/// From this size on contents are attached rather than copied, in bytes.
const ATTACH_FROM: usize = 4096;

/// Lines to send.
#[derive(Debug, Default)]
pub struct ResponseBuf {
    text: Vec<u8>,
    /// Contents and before which offset of `text` each goes, in order.
    attached: Vec<(usize, Bytes)>,
    attached_bytes: usize,
    names: NameEncoding,
}

impl ResponseBuf {
    /// An empty one.
    pub const fn new() -> Self {
        Self {
            text: Vec::new(),
            attached: Vec::new(),
            attached_bytes: 0,
            names: NameEncoding::Utf7,
        }
    }

    /// How mailbox names are written from here on.
    pub fn set_names(&mut self, names: NameEncoding) {
        self.names = names;
    }

    /// How many bytes it holds, attached contents included.
    pub fn len(&self) -> usize {
        self.text.len() + self.attached_bytes
    }

    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty() && self.attached.is_empty()
    }

    /// Empties it; keeps at most `capacity` bytes of memory.
    pub fn clear(&mut self, capacity: usize) {
        self.text.clear();
        self.text.shrink_to(capacity);
        self.attached.clear();
        self.attached_bytes = 0;
    }

    /// What to send, in order.
    pub fn chunks(&self) -> impl Iterator<Item = &[u8]> {
        let mut at = 0;
        let pieces = self.attached.iter().flat_map(move |(before, content)| {
            let text = self.text.get(at..*before).unwrap_or_default();
            at = *before;
            [text, content.as_ref()]
        });
        let last = self.attached.last().map_or(0, |(before, _)| *before);
        let rest = self.text.get(last..).unwrap_or_default();
        pieces.chain([rest]).filter(|chunk| !chunk.is_empty())
    }

    /// All of it in one piece.
    pub fn to_vec(&self) -> Vec<u8> {
        let mut all = Vec::with_capacity(self.len());
        for chunk in self.chunks() {
            all.extend_from_slice(chunk);
        }
        all
    }

    /// `* 3 EXISTS`: how many messages the mailbox has now.
    pub fn exists(&mut self, count: u32) {
        self.numbered(count, "EXISTS");
    }

    /// `* 3 RECENT`: how many messages are recent.
    pub fn recent(&mut self, count: u32) {
        self.numbered(count, "RECENT");
    }

    /// `* 3 EXPUNGE`: the message of that number is gone, the later ones move down.
    pub fn expunge(&mut self, sequence: u32) {
        self.numbered(sequence, "EXPUNGE");
    }

    /// Ends a line begun with [`ResponseBuf::search_start`] or [`ResponseBuf::esearch_start`].
    pub fn end_line(&mut self) {
        self.push("\r\n");
    }

    /// `* CAPABILITY …`.
    pub fn capability<'a>(&mut self, capabilities: impl IntoIterator<Item = &'a str>) {
        self.push("* ");
        status::write_capabilities(capabilities, &mut self.text);
        self.end_line();
    }

    /// `* ENABLED …`: what is in force from now on; possibly nothing new (RFC 5161 §3.2).
    pub fn enabled<'a>(&mut self, extensions: impl IntoIterator<Item = &'a str>) {
        self.push("* ENABLED");
        for extension in extensions {
            self.push(" ");
            self.push(extension);
        }
        self.end_line();
    }

    /// `* ID (…)` (RFC 2971 §3.2).
    pub fn id<'a>(&mut self, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) {
        self.push("* ID ");
        let start = self.text.len();
        for (field, value) in pairs {
            self.text
                .push(if self.text.len() == start { b'(' } else { b' ' });
            string::write_string(field.as_bytes(), &mut self.text);
            self.text.push(b' ');
            string::write_string(value.as_bytes(), &mut self.text);
        }
        self.push(if self.text.len() == start { "NIL" } else { ")" });
        self.end_line();
    }

    /// `* NAMESPACE (("" "/")) NIL NIL`: one personal namespace without a prefix (RFC 2342 §5).
    pub fn namespace(&mut self) {
        self.push("* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n");
    }

    fn numbered(&mut self, number: u32, word: &str) {
        self.push("* ");
        write_number(number, &mut self.text);
        self.text.push(b' ');
        self.push(word);
        self.end_line();
    }

    fn push(&mut self, text: &str) {
        self.text.extend_from_slice(text.as_bytes());
    }

    /// Writes content as a literal. NUL cannot travel in a literal (RFC 3501 §9 `CHAR8`); it
    /// becomes 0x80, so that the size stays what RFC822.SIZE says.
    fn literal(&mut self, content: Bytes) {
        string::write_marker(content.len(), &mut self.text);
        let content = if content.contains(&0) {
            let replaced = content
                .iter()
                .map(|byte| if *byte == 0 { 0x80 } else { *byte });
            replaced.collect()
        } else {
            content
        };
        if content.len() < ATTACH_FROM {
            self.text.extend_from_slice(&content);
        } else {
            self.attached_bytes += content.len();
            self.attached.push((self.text.len(), content));
        }
    }
}
