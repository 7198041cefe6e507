//! Reading messages from a Maildir.
//!
//! The names of one folder's files are held in memory, sorted, so that messages come in the order
//! in which they arrived; contents are read one by one.

use std::{
    collections::{HashMap, VecDeque},
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use bytes::Bytes;
use hikyaku_types::{OffsetTimestamp, Timestamp};

use crate::flags::Keyword;

use super::{
    super::{
        FileKey, Found, FoundFolder, Place, Position, SkipReason, Source, SourceMessage,
        SourceName, SourceUnit, TransferError, import::IMPORT_MESSAGE_BYTES_MAX, opening,
        subscribed::Subscribed, text::push_crlf,
    },
    flags,
    folders::{self, Folder},
    listing::{self, Entry, Listing},
};

/// Messages from a Maildir and its folders.
#[derive(Debug)]
pub struct MaildirSource {
    name: SourceName,
    folders: VecDeque<Folder>,
    subscribed: Subscribed,
    positions: HashMap<FileKey, Position>,
    current: Option<Current>,
    done: u64,
    total: u64,
    limit: u64,
}

/// The folder that is being read.
#[derive(Debug)]
struct Current {
    folder: Folder,
    listing: Listing,
    keywords: Vec<Option<Keyword>>,
    /// Messages found, those before a position that it goes on from included.
    messages: u64,
}

impl MaildirSource {
    /// The messages below `root`, which is INBOX.
    pub fn open(root: &Path) -> Result<Self, TransferError> {
        let root = root.canonicalize().map_err(TransferError::file(root))?;
        let folders: VecDeque<Folder> = folders::find(&root)?.into();
        let mut total = 0;
        for folder in &folders {
            total += listing::count_files(&folder.path)?;
        }
        Ok(Self {
            name: SourceName::new("maildir", &root, ""),
            folders,
            subscribed: Subscribed::of_maildir(&root),
            positions: HashMap::new(),
            current: None,
            done: 0,
            total,
            limit: IMPORT_MESSAGE_BYTES_MAX,
        })
    }

    /// The same with another limit for one message.
    #[must_use]
    pub fn with_message_limit(self, limit: u64) -> Self {
        Self { limit, ..self }
    }

    /// Begins with a folder.
    fn enter(&mut self, folder: Folder) -> Result<Found, TransferError> {
        let key = FileKey::new(&folder.within);
        let mut listing = Listing::of(&folder.path)?;
        let known = self.positions.get(&key).copied();
        let resumed = known.filter(|known| listing.go_on_at(*known));
        self.done += resumed.map_or(0, |position| position.place);
        let found = FoundFolder {
            is_subscribed: self.subscribed.contains(&folder.mailbox),
            folder: folder.mailbox.clone(),
            file: key,
            resumed,
        };
        self.current = Some(Current {
            keywords: flags::keywords_of(&folder.path),
            folder,
            listing,
            messages: resumed.map_or(0, |position| position.messages),
        });
        Ok(Found::Folder(found))
    }
}

impl Source for MaildirSource {
    fn name(&self) -> SourceName {
        self.name.clone()
    }

    fn resume(&mut self, positions: HashMap<FileKey, Position>) {
        self.positions = positions;
    }

    fn next(&mut self) -> Result<Option<Found>, TransferError> {
        if let Some(current) = &mut self.current {
            if let Some(entry) = current.listing.next() {
                self.done += 1;
                return Ok(Some(current.read(entry, self.limit)));
            }
            self.current = None;
        }
        match self.folders.pop_front() {
            Some(folder) => self.enter(folder).map(Some),
            None => Ok(None),
        }
    }

    fn position(&self) -> Result<Position, TransferError> {
        let current = self.current.as_ref();
        Ok(current.map_or_else(Position::default, |current| {
            current.listing.position(current.messages)
        }))
    }

    fn done(&self) -> u64 {
        self.done
    }

    fn total(&self) -> Option<u64> {
        Some(self.total)
    }

    fn unit(&self) -> SourceUnit {
        SourceUnit::Files
    }
}

impl Current {
    fn read(&mut self, mut entry: Entry, limit: u64) -> Found {
        let mut opened = opening::regular(&entry.path);
        if is_gone(&opened) {
            // A server that is still at work renames files when their flags change.
            if let Some((name, path)) = listing::find_again(&self.folder.path, &entry.name) {
                opened = opening::regular(&path);
                (entry.name, entry.path) = (name, path);
            }
        }
        let place = Place {
            file: entry.path.display().to_string(),
            offset: None,
        };
        let read = match opened {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(SkipReason::Vanished),
            Err(error) => Err(SkipReason::Unreadable(error.to_string())),
            Ok(file) => read_file(file, limit),
        };
        let (content, modified) = match read {
            Ok(read) => read,
            Err(reason) => return Found::Unusable { place, reason },
        };
        self.messages += 1;
        let (_, letters) = flags::info(&entry.name);
        Found::Message(SourceMessage {
            place,
            content,
            flags: flags::read(letters, &self.keywords),
            internal_date: arrival(modified, &entry.name).map(OffsetTimestamp::utc),
        })
    }
}

fn is_gone(opened: &io::Result<File>) -> bool {
    matches!(opened, Err(error) if error.kind() == io::ErrorKind::NotFound)
}

/// A file's bytes with CR LF, and when it was written.
fn read_file(file: File, limit: u64) -> Result<(Bytes, Option<Timestamp>), SkipReason> {
    let unreadable = |error: io::Error| SkipReason::Unreadable(error.to_string());
    let facts = file.metadata().map_err(unreadable)?;
    if facts.len() > limit {
        return Err(SkipReason::TooLarge { limit });
    }
    let mut bytes = Vec::with_capacity(usize::try_from(facts.len()).unwrap_or(0));
    // The file may have grown since.
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > limit {
        return Err(SkipReason::TooLarge { limit });
    }
    if let Some((_, form)) = COMPRESSED
        .iter()
        .find(|(magic, _)| bytes.starts_with(magic))
    {
        return Err(SkipReason::Compressed(form));
    }
    let mut content = Vec::with_capacity(bytes.len() + bytes.len() / 32);
    push_crlf(&mut content, &bytes);
    let since = facts
        .modified()
        .ok()
        .and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    let modified = since
        .and_then(|since| i64::try_from(since.as_millis()).ok())
        .map(Timestamp);
    Ok((Bytes::from(content), modified))
}

/// How files begin that Dovecot's mail_compress wrote. No message begins so.
const COMPRESSED: [(&[u8], &str); 4] = [
    (b"\x1f\x8b\x08", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"BZh9", "bzip2"),
];

/// How much later than its name says a file may have been written (1 day).
const LATER_THAN_NAMED_MS: i64 = 24 * 60 * 60 * 1000;

/// When a message arrived: when its file was written, which is where servers keep it; but when that
/// is later than the time in the file's name, the files were copied without their times.
fn arrival(modified: Option<Timestamp>, name: &str) -> Option<Timestamp> {
    let seconds = name.split('.').next().filter(|digits| digits.len() >= 9);
    let named = seconds
        .and_then(|digits| digits.parse::<u32>().ok())
        .map(|seconds| Timestamp(i64::from(seconds) * 1000));
    match (modified, named) {
        (Some(modified), Some(named))
            if modified.millis() > named.millis() + LATER_THAN_NAMED_MS =>
        {
            Some(named)
        }
        (modified, named) => modified.or(named),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_that_a_copy_lost_are_in_the_names() {
        let at = |seconds: i64| Some(Timestamp(seconds * 1000));
        for (modified, name, expected) in [
            (
                at(1_700_000_000),
                "1700000003.M1P2.host:2,S",
                at(1_700_000_000),
            ),
            (
                at(1_600_000_000),
                "1700000003.M1P2.host:2,S",
                at(1_600_000_000),
            ),
            (
                at(1_790_000_000),
                "1700000003.M1P2.host:2,S",
                at(1_700_000_003),
            ),
            (at(1_790_000_000), "7.host:2,S", at(1_790_000_000)),
            (at(1_790_000_000), "mail:2,S", at(1_790_000_000)),
            (None, "1700000003.x", at(1_700_000_003)),
        ] {
            assert_eq!(arrival(modified, name), expected, "{name}");
        }
    }
}
