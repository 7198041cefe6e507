//! Reading messages from an mbox file.
//!
//! All dialects at once: a message begins at a `From ` line with a whole date. Where Content-Length
//! leads to such a line or to the end of the file, it is believed (mboxcl2, whose bodies are not
//! quoted); everywhere else one `>` is taken from `>From ` and `>>From ` (mboxo, mboxrd).

use std::{
    collections::VecDeque,
    fs::File,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use hikyaku_types::OffsetTimestamp;

use crate::name::MailboxPath;

use super::{
    super::{
        FailureReason, Found, Source, SourceMessage, TransferError,
        import::IMPORT_MESSAGE_BYTES_MAX, names, text::push_crlf,
    },
    from_line::{self, FromLine},
    header,
    pieces::Pieces,
};

/// Messages from one mbox file, or from all mbox files of a folder.
#[derive(Debug)]
pub struct MboxSource {
    waiting: VecDeque<(PathBuf, MailboxPath)>,
    current: Option<Reader>,
    done: u64,
    total: u64,
    limit: u64,
}

impl MboxSource {
    /// The messages of the file at `path`, for one folder.
    pub fn file(path: &Path, folder: MailboxPath) -> Result<Self, TransferError> {
        let length = path.metadata().map_err(TransferError::file(path))?.len();
        Ok(Self::new(
            VecDeque::from([(path.to_owned(), folder)]),
            length,
        ))
    }

    /// The messages of all mbox files below a folder, each in a folder named after its file,
    /// without `.mbox`; Thunderbird's `.sbd` folders count as the folder they belong to. Files that
    /// are no mbox are passed over.
    pub fn folder(path: &Path) -> Result<Self, TransferError> {
        let mut files = Vec::new();
        let mut total = 0;
        names::mbox_files(path, &mut files)?;
        for (file, _) in &files {
            total += file.metadata().map_err(TransferError::file(file))?.len();
        }
        Ok(Self::new(files.into(), total))
    }

    fn new(waiting: VecDeque<(PathBuf, MailboxPath)>, total: u64) -> Self {
        Self {
            waiting,
            current: None,
            done: 0,
            total,
            limit: IMPORT_MESSAGE_BYTES_MAX,
        }
    }

    /// The same with another limit for one message.
    #[must_use]
    pub fn with_message_limit(self, limit: u64) -> Self {
        Self { limit, ..self }
    }
}

impl Source for MboxSource {
    fn next(&mut self) -> Result<Option<Found>, TransferError> {
        if let Some(reader) = &mut self.current {
            if let Some(found) = reader.next(self.limit)? {
                return Ok(Some(found));
            }
            self.done += reader.pieces.length();
            self.current = None;
        }
        let Some((path, folder)) = self.waiting.pop_front() else {
            return Ok(None);
        };
        self.current = Some(Reader::open(path, folder.clone())?);
        Ok(Some(Found::Folder(folder)))
    }

    fn done(&self) -> u64 {
        self.done
            + self
                .current
                .as_ref()
                .map_or(0, |reader| reader.pieces.offset())
    }

    fn total(&self) -> Option<u64> {
        Some(self.total)
    }
}

/// One file.
#[derive(Debug)]
struct Reader {
    path: PathBuf,
    folder: MailboxPath,
    pieces: Pieces,
    /// The `From ` line of the next message, and where it stands.
    ahead: Option<(FromLine, u64)>,
}

/// A message as it is being read.
#[derive(Debug, Default)]
struct Message {
    bytes: Vec<u8>,
    in_body: bool,
    too_large: bool,
    /// Where the body ends, if Content-Length says so.
    ends_at: Option<u64>,
}

impl Reader {
    fn open(path: PathBuf, folder: MailboxPath) -> Result<Self, TransferError> {
        let file = File::open(&path).map_err(TransferError::file(&path))?;
        let pieces = Pieces::new(file).map_err(TransferError::file(&path))?;
        let mut reader = Self {
            path,
            folder,
            pieces,
            ahead: None,
        };
        reader.find_first()?;
        Ok(reader)
    }

    /// Finds the first `From ` line. An empty file is an empty mbox.
    fn find_first(&mut self) -> Result<(), TransferError> {
        loop {
            let offset = self.pieces.offset();
            let piece = self
                .pieces
                .next()
                .map_err(TransferError::file(&self.path))?;
            let Some((piece, _)) = piece else {
                return Ok(());
            };
            let line = piece.strip_prefix(b"\xef\xbb\xbf").unwrap_or(piece);
            if line.trim_ascii().is_empty() {
                continue;
            }
            let Some(from) = from_line::parse(line) else {
                return Err(TransferError::NotMbox {
                    path: self.path.clone(),
                });
            };
            self.ahead = Some((from, offset));
            return Ok(());
        }
    }

    fn next(&mut self, limit: u64) -> Result<Option<Found>, TransferError> {
        loop {
            let Some((from, offset)) = self.ahead.take() else {
                return Ok(None);
            };
            let place = format!("{}, byte {offset}", self.path.display());
            let mut message = self.read_message(limit)?;
            if message.too_large {
                let reason = FailureReason::TooLarge { limit };
                return Ok(Some(Found::Unusable { place, reason }));
            }
            let marks = header::take_marks(&mut message.bytes);
            if marks.is_ghost {
                continue;
            }
            return Ok(Some(Found::Message(SourceMessage {
                folder: self.folder.clone(),
                key: offset.to_string().into_bytes(),
                place,
                internal_date: Some(arrival(&message.bytes, from)),
                content: Bytes::from(message.bytes),
                flags: marks.flags,
            })));
        }
    }

    /// Reads up to the next `From ` line, which goes into `ahead`, or to the end.
    fn read_message(&mut self, limit: u64) -> Result<Message, TransferError> {
        let mut message = Message::default();
        loop {
            let offset = self.pieces.offset();
            let within_body = message.ends_at.is_some_and(|end| offset < end);
            let piece = self
                .pieces
                .next()
                .map_err(TransferError::file(&self.path))?;
            let Some((piece, starts_line)) = piece else {
                break;
            };
            if starts_line
                && !within_body
                && let Some(from) = from_line::parse(piece)
            {
                self.ahead = Some((from, offset));
                break;
            }
            message.push(piece, starts_line, limit);
            if message.at_body() {
                message.in_body = true;
                let length = header::content_length(&message.bytes);
                let end = length.and_then(|length| self.pieces.offset().checked_add(length));
                message.ends_at = end.filter(|end| self.pieces.ends_message(*end));
            }
        }
        message.drop_separator();
        Ok(message)
    }
}

impl Message {
    fn push(&mut self, piece: &[u8], starts_line: bool, limit: u64) {
        let piece = match piece {
            [b'>', rest @ ..] if starts_line && self.ends_at.is_none() && is_quoted(rest) => rest,
            _ => piece,
        };
        if !self.too_large {
            push_crlf(&mut self.bytes, piece);
        }
        if self.bytes.len() as u64 > limit {
            self.too_large = true;
            self.bytes = Vec::new();
        }
    }

    /// Whether the header has just ended.
    fn at_body(&self) -> bool {
        !self.in_body && (self.bytes.ends_with(b"\r\n\r\n") || self.bytes == b"\r\n")
    }

    /// Takes the empty line away that stands before the next `From ` line.
    fn drop_separator(&mut self) {
        let ends_blank = self.bytes.ends_with(b"\n\r\n");
        // The empty line after a header is no separator.
        let header_only = self.bytes.len() == self.header_length();
        if ends_blank && !header_only {
            self.bytes.truncate(self.bytes.len() - 2);
        }
    }

    fn header_length(&self) -> usize {
        if self.bytes.starts_with(b"\r\n") {
            return 2;
        }
        let end = memchr::memmem::find(&self.bytes, b"\r\n\r\n");
        end.map_or(self.bytes.len(), |at| at + 4)
    }
}

/// Whether a line, without its first `>`, is a quoted `From ` line.
fn is_quoted(rest: &[u8]) -> bool {
    let quotes = rest.iter().take_while(|byte| **byte == b'>').count();
    rest.get(quotes..)
        .is_some_and(|line| line.starts_with(b"From "))
}

/// When a message arrived: a `From ` line's date that names its offset, else the topmost Received
/// field, else the `From ` line's date.
fn arrival(message: &[u8], from: FromLine) -> OffsetTimestamp {
    if from.has_offset {
        return from.date;
    }
    let header = message
        .get(..message.len().min(RECEIVED_WITHIN))
        .unwrap_or_default();
    let parsed = hikyaku_message::ParsedMessage::parse(header);
    let received = parsed.field(header, "Received").and_then(|field| {
        let value = hikyaku_message::header::unfold(field.value.of(header)).into_owned();
        let date = value.rsplit(|byte| *byte == b';').next()?;
        hikyaku_message::header::date::parse(date)
    });
    received.unwrap_or(from.date)
}

/// How far into a message the topmost Received field is looked for (16 KiB).
const RECEIVED_WITHIN: usize = 16 * 1024;
