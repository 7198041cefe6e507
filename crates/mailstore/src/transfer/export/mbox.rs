//! Writing an mbox (mboxrd): `Name.mbox`, and while it is being written `Name.mbox.part`.
//!
//! Beside the unfinished file stands a note of how far it is. A run that finds both cuts the file
//! back to the note and goes on.

use std::{
    fmt::Write as _,
    fs::{self, File},
    io::{BufWriter, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use hikyaku_message::Address;
use hikyaku_types::Uid;

use crate::{Flags, Mailbox, SystemFlags, row::MessageRow};

use super::{
    super::{
        TransferError,
        mbox::{own_marks, write_from_line},
        names,
        text::in_file,
    },
    private,
    run::Outgoing,
};

/// One mbox that is being written.
#[derive(Debug)]
pub(super) struct MboxWriter {
    path: PathBuf,
    part: PathBuf,
    note: PathBuf,
    file: BufWriter<File>,
    /// Which mailbox this is: another generation of UIDs is another file.
    generation: u32,
    last: Option<Uid>,
}

impl MboxWriter {
    pub(super) fn open(root: &Path, mailbox: &Mailbox) -> Result<Self, TransferError> {
        let path = names::mbox_path(root, &mailbox.path);
        let (part, note) = (
            with_suffix(&path, names::UNFINISHED),
            with_suffix(&path, names::NOTE),
        );
        if let Some(folder) = path.parent() {
            private::make_folders(folder).map_err(TransferError::file(folder))?;
        }
        let generation = mailbox.uid_validity.0;
        let found = Note::read(&note).filter(|note| note.generation == generation);
        let mut file = private::open_kept(&part).map_err(TransferError::file(&part))?;
        let length = file.metadata().map_err(TransferError::file(&part))?.len();
        let found = found.filter(|note| note.offset <= length);
        let offset = found.as_ref().map_or(0, |note| note.offset);
        file.set_len(offset).map_err(TransferError::file(&part))?;
        file.seek(SeekFrom::End(0))
            .map_err(TransferError::file(&part))?;
        Ok(Self {
            path,
            file: BufWriter::new(file),
            generation,
            last: found.and_then(|note| note.last),
            part,
            note,
        })
    }

    /// The last message of an earlier run.
    pub(super) fn written_up_to(&self) -> Option<Uid> {
        self.last
    }

    pub(super) fn write(&mut self, messages: &[Outgoing]) -> Result<(), TransferError> {
        for message in messages {
            let text = mbox_text(message);
            self.file
                .write_all(&text)
                .map_err(TransferError::file(&self.part))?;
            self.last = Some(message.row.uid);
        }
        self.file.flush().map_err(TransferError::file(&self.part))?;
        // The note must not be ahead of the file, whatever happens to the machine.
        let synced = self.file.get_ref().sync_data();
        synced.map_err(TransferError::file(&self.part))?;
        let offset = self
            .file
            .stream_position()
            .map_err(TransferError::file(&self.part))?;
        let note = Note {
            generation: self.generation,
            offset,
            last: self.last,
        };
        note.write(&self.note)
    }

    pub(super) fn finish(self) -> Result<(), TransferError> {
        let file = self.file.into_inner();
        let file = file.map_err(|error| TransferError::file(&self.part)(error.into_error()))?;
        file.sync_all().map_err(TransferError::file(&self.part))?;
        fs::rename(&self.part, &self.path).map_err(TransferError::file(&self.path))?;
        match fs::remove_file(&self.note) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(TransferError::file(&self.note)(error))
            }
            _ => Ok(()),
        }
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// How far an unfinished file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Note {
    generation: u32,
    offset: u64,
    last: Option<Uid>,
}

impl Note {
    fn read(path: &Path) -> Option<Self> {
        let text = fs::read_to_string(path).ok()?;
        let mut words = text.split_ascii_whitespace();
        Some(Self {
            generation: words.next()?.parse().ok()?,
            offset: words.next()?.parse().ok()?,
            last: Uid::new(words.next()?.parse().ok()?),
        })
    }

    /// Replaces the note at once, so that it is never half written.
    fn write(&self, path: &Path) -> Result<(), TransferError> {
        let last = self.last.map_or(0, Uid::get);
        let text = format!("{} {} {last}\n", self.generation, self.offset);
        private::replace(path, &text).map_err(TransferError::file(path))
    }
}

/// A message as it stands in an mbox.
fn mbox_text(message: &Outgoing) -> Vec<u8> {
    let mut text = Vec::with_capacity(message.content.len() + 256);
    let date = message.row.internal_date;
    let from = write_from_line(&sender(&message.row), date);
    text.extend(
        from.unwrap_or_else(|| "From - Thu Jan  1 00:00:00 1970".to_owned())
            .bytes(),
    );
    text.push(b'\n');
    let marks = marks(&message.row.flags);
    let count = marks.lines().count();
    text.extend(own_marks(count, message.content.len()).bytes());
    text.push(b'\n');
    text.extend(marks.bytes());
    let content = in_file(&message.content);
    for line in content.split_inclusive(|byte| *byte == b'\n') {
        let quotes = line.iter().take_while(|byte| **byte == b'>').count();
        if line
            .get(quotes..)
            .is_some_and(|rest| rest.starts_with(b"From "))
        {
            text.push(b'>');
        }
        text.extend_from_slice(line);
    }
    if !text.ends_with(b"\n") {
        text.push(b'\n');
    }
    text.push(b'\n');
    text
}

fn sender(row: &MessageRow) -> String {
    let from = row
        .envelope
        .as_ref()
        .map(|envelope| envelope.from.as_slice())
        .unwrap_or_default();
    from.iter()
        .find_map(Address::mailbox)
        .map(hikyaku_message::Mailbox::addr_spec)
        .unwrap_or_default()
}

/// Flags as header fields, which an import takes out again.
fn marks(flags: &Flags) -> String {
    let mut marks = String::from(if flags.is_seen() {
        "Status: RO\n"
    } else {
        "Status: O\n"
    });
    let letters: String = [
        (SystemFlags::ANSWERED, 'A'),
        (SystemFlags::FLAGGED, 'F'),
        (SystemFlags::DRAFT, 'T'),
        (SystemFlags::DELETED, 'D'),
    ]
    .iter()
    .filter(|(flag, _)| flags.system().contains(*flag))
    .map(|(_, letter)| *letter)
    .collect();
    if !letters.is_empty() {
        // Writing to a string cannot fail.
        let _ = writeln!(marks, "X-Status: {letters}");
    }
    if !flags.keywords().is_empty() {
        let _ = writeln!(marks, "X-Keywords: {}", flags.keyword_text());
    }
    marks
}
