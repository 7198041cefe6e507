//! Reading messages from a Maildir.
//!
//! The names of one folder's files are held in memory, sorted (they begin with the time of
//! arrival), so that messages come in the order in which they arrived; contents are read one by
//! one.

use std::{
    collections::VecDeque,
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use bytes::Bytes;
use hikyaku_types::{OffsetTimestamp, Timestamp};

use crate::flags::Keyword;

use super::{
    super::{
        FailureReason, Found, Source, SourceMessage, TransferError,
        import::IMPORT_MESSAGE_BYTES_MAX, text::push_crlf,
    },
    flags,
    folders::{self, Folder},
};

/// Messages from a Maildir and its folders.
#[derive(Debug)]
pub struct MaildirSource {
    folders: VecDeque<Folder>,
    current: Option<Current>,
    done: u64,
    total: u64,
    limit: u64,
}

/// The folder that is being read.
#[derive(Debug)]
struct Current {
    folder: Folder,
    files: VecDeque<(String, PathBuf)>,
    keywords: Vec<Option<Keyword>>,
}

impl MaildirSource {
    /// The messages below `root`, which is INBOX.
    pub fn open(root: &Path) -> Result<Self, TransferError> {
        let folders: VecDeque<Folder> = folders::find(root)?.into();
        let mut total = 0;
        for folder in &folders {
            total += count(&folder.path)?;
        }
        Ok(Self {
            folders,
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
}

impl Source for MaildirSource {
    fn next(&mut self) -> Result<Option<Found>, TransferError> {
        if let Some(current) = &mut self.current {
            if let Some((name, path)) = current.files.pop_front() {
                self.done += 1;
                return Ok(Some(current.read(&name, &path, self.limit)));
            }
            self.current = None;
        }
        let Some(folder) = self.folders.pop_front() else {
            return Ok(None);
        };
        let mailbox = folder.mailbox.clone();
        self.current = Some(Current {
            files: files(&folder.path)?.into(),
            keywords: flags::keywords_of(&folder.path),
            folder,
        });
        Ok(Some(Found::Folder(mailbox)))
    }

    fn done(&self) -> u64 {
        self.done
    }

    fn total(&self) -> Option<u64> {
        Some(self.total)
    }
}

impl Current {
    fn read(&self, name: &str, path: &Path, limit: u64) -> Found {
        let place = path.display().to_string();
        let (content, modified) = match read_file(path, limit) {
            Ok(Some(read)) => read,
            Ok(None) => {
                let reason = FailureReason::TooLarge { limit };
                return Found::Unusable { place, reason };
            }
            Err(error) => {
                let reason = FailureReason::Unreadable(error.to_string());
                return Found::Unusable { place, reason };
            }
        };
        let (unique, letters) = flags::info(name);
        Found::Message(SourceMessage {
            folder: self.folder.mailbox.clone(),
            key: unique.as_bytes().to_vec(),
            place,
            content,
            flags: flags::read(letters, &self.keywords),
            internal_date: modified.map(OffsetTimestamp::utc),
        })
    }
}

/// A file's bytes with CR LF, and when it was written, which is when the message arrived. Nothing
/// when there is more than the limit.
fn read_file(path: &Path, limit: u64) -> io::Result<Option<(Bytes, Option<Timestamp>)>> {
    let file = File::open(path)?;
    let facts = file.metadata()?;
    if facts.len() > limit {
        return Ok(None);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(facts.len()).unwrap_or(0));
    // The file may have grown since.
    file.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Ok(None);
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
    Ok(Some((Bytes::from(content), modified)))
}

/// The files of `cur` and `new`, by name.
fn files(folder: &Path) -> Result<Vec<(String, PathBuf)>, TransferError> {
    let mut files = Vec::new();
    each_file(folder, |name, path| files.push((name, path)))?;
    files.sort();
    Ok(files)
}

fn count(folder: &Path) -> Result<u64, TransferError> {
    let mut count = 0;
    each_file(folder, |_, _| count += 1)?;
    Ok(count)
}

/// Calls for each regular file. Links are not followed: they may lead out of what was meant.
fn each_file(folder: &Path, mut call: impl FnMut(String, PathBuf)) -> Result<(), TransferError> {
    for part in ["cur", "new"] {
        let part = folder.join(part);
        let entries = match fs::read_dir(&part) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries.map_err(TransferError::file(&part))?,
        };
        for entry in entries {
            let entry = entry.map_err(TransferError::file(&part))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
            if is_file && !name.starts_with('.') {
                call(name, entry.path());
            }
        }
    }
    Ok(())
}
