//! FETCH answers.

use bytes::Bytes;
use hikyaku_message::{Envelope, Structure};
use hikyaku_types::{MessageId, ModSeq, OffsetTimestamp, ThreadId, Uid};

use super::{Extensions, ResponseBuf, envelope, status, structure};
use crate::{FetchItem, Partial, Section, date, object_id, sequence::write_number};

/// How a piece of content is named in the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SectionName<'a> {
    /// `BODY[…]`, with `<offset>` for a cut.
    Body(&'a Section, Option<Partial>),
    /// `RFC822`
    Rfc822,
    /// `RFC822.HEADER`
    Rfc822Header,
    /// `RFC822.TEXT`
    Rfc822Text,
}

impl<'a> SectionName<'a> {
    /// The name for an item that asks for content.
    pub fn of(item: &'a FetchItem) -> Option<Self> {
        match item {
            FetchItem::Rfc822 => Some(Self::Rfc822),
            FetchItem::Rfc822Header => Some(Self::Rfc822Header),
            FetchItem::Rfc822Text => Some(Self::Rfc822Text),
            FetchItem::Section {
                section, partial, ..
            } => Some(Self::Body(section, *partial)),
            _ => None,
        }
    }

    fn write(self, out: &mut Vec<u8>) {
        match self {
            Self::Body(section, partial) => {
                out.extend_from_slice(b"BODY");
                section.write(out);
                if let Some(partial) = partial {
                    out.push(b'<');
                    write_number(partial.offset, out);
                    out.push(b'>');
                }
            }
            Self::Rfc822 => out.extend_from_slice(b"RFC822"),
            Self::Rfc822Header => out.extend_from_slice(b"RFC822.HEADER"),
            Self::Rfc822Text => out.extend_from_slice(b"RFC822.TEXT"),
        }
    }
}

/// One FETCH answer being written; [`FetchResponse::end`] completes it.
#[derive(Debug)]
#[must_use = "the line is not complete before `end`"]
pub struct FetchResponse<'b> {
    buffer: &'b mut ResponseBuf,
    first: bool,
}

impl ResponseBuf {
    /// Starts `* 3 FETCH (…)` for the message of that sequence number.
    pub fn fetch(&mut self, sequence: u32) -> FetchResponse<'_> {
        self.push("* ");
        write_number(sequence, &mut self.text);
        self.push(" FETCH (");
        FetchResponse {
            buffer: self,
            first: true,
        }
    }
}

impl FetchResponse<'_> {
    /// `UID 7`
    pub fn uid(&mut self, uid: Uid) {
        let out = self.item("UID ");
        write_number(uid.get(), out);
    }

    /// `FLAGS (\Seen)`
    pub fn flags<'a>(&mut self, flags: impl IntoIterator<Item = &'a str>) {
        let out = self.item("FLAGS (");
        status::write_words(flags, out);
        out.push(b')');
    }

    /// `MODSEQ (624140003)` (RFC 7162 §3.1.4.2)
    pub fn modseq(&mut self, modseq: ModSeq) {
        let out = self.item("MODSEQ (");
        write_number(modseq.0, out);
        out.push(b')');
    }

    /// `EMAILID (M123)` (RFC 8474 §5.1).
    pub fn email_id(&mut self, id: MessageId) {
        object_id::write_email_id(id, self.item(""));
    }

    /// `THREADID (T123)`; NIL for a message in no conversation (RFC 8474 §5.2).
    pub fn thread_id(&mut self, id: Option<ThreadId>) {
        object_id::write_thread_id(id, self.item(""));
    }

    /// `INTERNALDATE "17-Jul-1996 02:44:25 -0700"`
    pub fn internal_date(&mut self, when: OffsetTimestamp) {
        let out = self.item("INTERNALDATE ");
        date::write_date_time(when, out);
    }

    /// `RFC822.SIZE 4286`
    pub fn size(&mut self, bytes: u64) {
        let out = self.item("RFC822.SIZE ");
        write_number(bytes, out);
    }

    /// `ENVELOPE (…)`
    pub fn envelope(&mut self, envelope: &Envelope) {
        let out = self.item("ENVELOPE ");
        envelope::write_envelope(envelope, out);
    }

    /// `BODYSTRUCTURE (…)`, or `BODY (…)` without extension data.
    pub fn structure(&mut self, structure: &Structure, extensions: Extensions) {
        let out = self.item(match extensions {
            Extensions::Shown => "BODYSTRUCTURE ",
            Extensions::Hidden => "BODY ",
        });
        structure::write_part(&structure.root, extensions, out);
    }

    /// `BODY[…] {n}` and the content; NIL where there is no such part.
    pub fn content(&mut self, name: SectionName<'_>, content: Option<Bytes>) {
        let out = self.item("");
        name.write(out);
        out.push(b' ');
        match content {
            Some(content) => self.buffer.literal(content),
            None => self.buffer.push("NIL"),
        }
    }

    /// Completes the line.
    pub fn end(self) {
        self.buffer.push(")\r\n");
    }

    fn item(&mut self, name: &str) -> &mut Vec<u8> {
        if !self.first {
            self.buffer.push(" ");
        }
        self.first = false;
        self.buffer.push(name);
        &mut self.buffer.text
    }
}
