//! Reading messages from an mbox file.
//!
//! All dialects at once: a message begins at a `From ` line with a whole date. Where Content-Length
//! leads to such a line or to the end of the file, it is believed (mboxcl2, whose bodies are not
//! quoted); everywhere else one `>` is taken from `>From ` and `>>From ` (mboxo, mboxrd).

use std::{
    collections::{HashMap, VecDeque},
    fs::File,
    path::{Path, PathBuf},
};

use bytes::Bytes;

use crate::name::MailboxPath;

use super::{
    super::{
        FileKey, Found, FoundFolder, Place, Position, SkipReason, Source, SourceMessage,
        SourceName, SourceUnit, TransferError, import::IMPORT_MESSAGE_BYTES_MAX, opening,
        subscribed::Subscribed, text::push_crlf,
    },
    arrival::arrival,
    from_line::{self, FromLine},
    header,
    pieces::Pieces,
    tree::{self, MboxFile},
};

/// Messages from one mbox file, or from all mbox files of a folder.
#[derive(Debug)]
pub struct MboxSource {
    name: SourceName,
    waiting: VecDeque<MboxFile>,
    subscribed: Subscribed,
    positions: HashMap<FileKey, Position>,
    current: Option<Reader>,
    /// What is wrong with the file whose folder was found last.
    broken: Option<(Place, SkipReason)>,
    done: u64,
    total: u64,
    limit: u64,
}

impl MboxSource {
    /// The messages of the file at `path`, for one folder.
    pub fn file(path: &Path, folder: MailboxPath) -> Result<Self, TransferError> {
        // The one that was named may be a link; those found in a folder may not.
        let path = path.canonicalize().map_err(TransferError::file(path))?;
        let file = opening::regular(&path).map_err(TransferError::file(&path))?;
        let length = file.metadata().map_err(TransferError::file(&path))?.len();
        let name = SourceName::new("mbox", &path, folder.as_str());
        let file = MboxFile {
            within: PathBuf::new(),
            mailbox: folder,
            path,
        };
        Ok(Self::new(name, vec![file], Subscribed::All, length))
    }

    /// The messages of all mbox files below a folder, each in a folder named after its file,
    /// without `.mbox`. Files that are no mbox are passed over.
    pub fn folder(path: &Path) -> Result<Self, TransferError> {
        let path = path.canonicalize().map_err(TransferError::file(path))?;
        let files = tree::find(&path)?;
        let length = |file: &MboxFile| file.path.metadata().map_or(0, |facts| facts.len());
        let total = files.iter().map(length).sum();
        let name = SourceName::new("mbox", &path, "");
        let subscribed = Subscribed::of_mbox_folder(&path);
        Ok(Self::new(name, files, subscribed, total))
    }

    fn new(name: SourceName, waiting: Vec<MboxFile>, subscribed: Subscribed, total: u64) -> Self {
        Self {
            name,
            waiting: waiting.into(),
            subscribed,
            positions: HashMap::new(),
            current: None,
            broken: None,
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

    /// Begins with a file. One of several that cannot be read is reported; the others go on.
    fn open(&mut self, file: MboxFile) -> Result<Found, TransferError> {
        let key = FileKey::new(&file.within);
        let mut found = FoundFolder {
            is_subscribed: self.subscribed.contains(&file.mailbox),
            folder: file.mailbox,
            file: key,
            resumed: None,
        };
        let opened = opening::regular(&file.path);
        match opened {
            Ok(opened) => {
                let known = self.positions.get(&key).copied();
                let (reader, resumed) = Reader::open(file.path, opened, known)?;
                found.resumed = resumed;
                self.current = Some(reader);
            }
            Err(error) => {
                let place = Place {
                    file: file.path.display().to_string(),
                    offset: None,
                };
                self.broken = Some((place, SkipReason::Unreadable(error.to_string())));
            }
        }
        Ok(Found::Folder(found))
    }
}

impl Source for MboxSource {
    fn name(&self) -> SourceName {
        self.name.clone()
    }

    fn resume(&mut self, positions: HashMap<FileKey, Position>) {
        self.positions = positions;
    }

    fn next(&mut self) -> Result<Option<Found>, TransferError> {
        if let Some((place, reason)) = self.broken.take() {
            return Ok(Some(Found::Unusable { place, reason }));
        }
        if let Some(reader) = &mut self.current {
            if let Some(found) = reader.next(self.limit)? {
                return Ok(Some(found));
            }
            self.done += reader.pieces.length();
            self.current = None;
        }
        match self.waiting.pop_front() {
            Some(file) => self.open(file).map(Some),
            None => Ok(None),
        }
    }

    fn position(&self) -> Result<Position, TransferError> {
        match &self.current {
            Some(reader) => reader.position(),
            None => Ok(Position::default()),
        }
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

    fn unit(&self) -> SourceUnit {
        SourceUnit::Bytes
    }
}

/// One file.
#[derive(Debug)]
struct Reader {
    path: PathBuf,
    pieces: Pieces,
    /// The `From ` line of the next message, and where it stands.
    ahead: Option<(FromLine, u64)>,
    /// Messages found, those before a position that it goes on from included.
    messages: u64,
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
    /// Opens a file, and goes on at a known position if what stands before it is as it was and a
    /// message begins there.
    fn open(
        path: PathBuf,
        file: File,
        known: Option<Position>,
    ) -> Result<(Self, Option<Position>), TransferError> {
        let mut reader = Self {
            pieces: Pieces::new(file).map_err(TransferError::file(&path))?,
            path,
            ahead: None,
            messages: 0,
        };
        if let Some(known) = known
            && reader.goes_on_at(known)?
        {
            reader.messages = known.messages;
            return Ok((reader, Some(known)));
        }
        reader.seek(0)?;
        if reader.find_first()? {
            return Ok((reader, None));
        }
        Err(TransferError::NotMbox { path: reader.path })
    }

    fn seek(&mut self, offset: u64) -> Result<(), TransferError> {
        let sought = self.pieces.seek(offset);
        sought.map_err(TransferError::file(&self.path))
    }

    fn goes_on_at(&mut self, known: Position) -> Result<bool, TransferError> {
        if known.place > self.pieces.length() || self.mark(known.place)? != known.mark {
            return Ok(false);
        }
        self.seek(known.place)?;
        self.find_first()
    }

    fn mark(&self, offset: u64) -> Result<[u8; 16], TransferError> {
        let mark = self.pieces.mark(offset);
        mark.map_err(TransferError::file(&self.path))
    }

    /// Behind the message that was found last.
    fn position(&self) -> Result<Position, TransferError> {
        let place = match &self.ahead {
            Some((_, offset)) => *offset,
            None => self.pieces.offset(),
        };
        Ok(Position {
            place,
            mark: self.mark(place)?,
            messages: self.messages,
        })
    }

    /// Finds the next `From ` line, before which nothing but empty lines may stand. At the end of
    /// the file there is none, and none is needed.
    fn find_first(&mut self) -> Result<bool, TransferError> {
        loop {
            let offset = self.pieces.offset();
            let piece = self
                .pieces
                .next()
                .map_err(TransferError::file(&self.path))?;
            let Some((piece, _)) = piece else {
                return Ok(true);
            };
            let line = piece.strip_prefix(b"\xef\xbb\xbf").unwrap_or(piece);
            if line.trim_ascii().is_empty() {
                continue;
            }
            let from = from_line::parse(line);
            self.ahead = from.map(|from| (from, offset));
            return Ok(from.is_some());
        }
    }

    fn next(&mut self, limit: u64) -> Result<Option<Found>, TransferError> {
        let Some((from, offset)) = self.ahead.take() else {
            return Ok(None);
        };
        let place = Place {
            file: self.path.display().to_string(),
            offset: Some(offset),
        };
        let mut message = self.read_message(limit)?;
        if message.too_large {
            let reason = SkipReason::TooLarge { limit };
            return Ok(Some(Found::Unusable { place, reason }));
        }
        let marks = header::take_marks(&mut message.bytes);
        if marks.is_ghost {
            return Ok(Some(Found::Dropped));
        }
        self.messages += 1;
        Ok(Some(Found::Message(SourceMessage {
            place,
            internal_date: Some(arrival(&message.bytes, from)),
            content: Bytes::from(message.bytes),
            flags: marks.flags,
        })))
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
