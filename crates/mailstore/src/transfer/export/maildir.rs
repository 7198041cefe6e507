//! Writing a Maildir++: file names follow from the messages, so a second run writes only what is
//! missing.

use std::{
    collections::HashSet,
    fmt::Write as _,
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use crate::{Keyword, Mailbox, row::MessageRow};

use super::{
    super::{
        NameEncoding, TransferError,
        maildir::{info, letters_for},
        names,
        text::in_file,
    },
    private,
    run::Outgoing,
};

/// One folder that is being written.
#[derive(Debug)]
pub(super) struct MaildirWriter {
    path: PathBuf,
    generation: u32,
    /// The unique names of the files that are there.
    written: HashSet<String>,
    keywords: Vec<Keyword>,
    known_keywords: usize,
    uid_next: u32,
    /// Keywords for which a folder has no letter any more.
    lost_keywords: u64,
}

/// Makes a folder with its `cur`, `new` and `tmp`.
pub(super) fn make_folder(path: &Path) -> Result<(), TransferError> {
    for part in ["cur", "new", "tmp"] {
        let part = path.join(part);
        private::make_folders(&part).map_err(TransferError::file(&part))?;
    }
    Ok(())
}

impl MaildirWriter {
    pub(super) fn open(
        root: &Path,
        mailbox: &Mailbox,
        encoding: NameEncoding,
    ) -> Result<Self, TransferError> {
        let path = match names::maildir_name(&mailbox.path, encoding) {
            name if name.is_empty() => root.to_owned(),
            name => root.join(name),
        };
        make_folder(&path)?;
        if path != root {
            // Marks a folder for servers that look for it.
            let mark = path.join("maildirfolder");
            private::create(&mark).map_err(TransferError::file(&mark))?;
        }
        let mut written = HashSet::new();
        let current = path.join("cur");
        for entry in fs::read_dir(&current).map_err(TransferError::file(&current))? {
            let name = entry.map_err(TransferError::file(&current))?.file_name();
            written.insert(info(&name.to_string_lossy()).0.to_owned());
        }
        let keywords = read_keywords(&path);
        Ok(Self {
            path,
            generation: mailbox.uid_validity.0,
            written,
            known_keywords: keywords.len(),
            keywords,
            uid_next: mailbox.uid_next.get(),
            lost_keywords: 0,
        })
    }

    /// Whether an earlier run wrote this message.
    pub(super) fn has(&self, row: &MessageRow) -> bool {
        self.written.contains(&self.unique_name(row))
    }

    pub(super) fn write(&mut self, messages: &[Outgoing]) -> Result<(), TransferError> {
        for message in messages {
            let waiting = self.path.join("tmp").join(self.unique_name(&message.row));
            write_file(&waiting, message).map_err(TransferError::file(&waiting))?;
        }
        // All contents are on disk before the first is seen under its name.
        let folder = File::open(&self.path).map_err(TransferError::file(&self.path))?;
        let synced = rustix::fs::syncfs(&folder).map_err(io::Error::from);
        synced.map_err(TransferError::file(&self.path))?;
        for message in messages {
            let unique = self.unique_name(&message.row);
            let (letters, lost) = letters_for(&message.row.flags, &mut self.keywords);
            self.lost_keywords += lost;
            let waiting = self.path.join("tmp").join(&unique);
            let target = self.path.join("cur").join(format!("{unique}:2,{letters}"));
            fs::rename(&waiting, &target).map_err(TransferError::file(&target))?;
            self.written.insert(unique);
        }
        if self.keywords.len() > self.known_keywords {
            self.write_keywords()?;
        }
        Ok(())
    }

    /// Writes the list of UIDs, by which Dovecot goes on counting and an import keeps the order.
    /// Returns how many keywords found no letter.
    pub(super) fn finish(self) -> Result<u64, TransferError> {
        let mark = format!("V{}U", self.generation);
        let mut uids: Vec<(u32, &str)> = self
            .written
            .iter()
            .filter_map(|name| {
                let (_, rest) = name.split_once(&mark)?;
                Some((rest.split('.').next()?.parse().ok()?, name.as_str()))
            })
            .collect();
        uids.sort_unstable();
        let mut text = format!("3 V{} N{}\n", self.generation, self.uid_next);
        for (uid, name) in uids {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{uid} :{name}");
        }
        let list = self.path.join("dovecot-uidlist");
        private::replace(&list, &text).map_err(TransferError::file(&list))?;
        let current = self.path.join("cur");
        let folder = File::open(&current).map_err(TransferError::file(&current))?;
        folder.sync_all().map_err(TransferError::file(&current))?;
        Ok(self.lost_keywords)
    }

    /// The time of arrival in front and then the UID, so that names sort by them: an import takes
    /// the messages in the order of the names.
    fn unique_name(&self, row: &MessageRow) -> String {
        let seconds = row.internal_date.at.seconds().max(0);
        format!(
            "{seconds:010}.V{}U{:010}.hikyaku",
            self.generation,
            row.uid.get()
        )
    }

    fn write_keywords(&mut self) -> Result<(), TransferError> {
        let mut text = String::new();
        for (number, keyword) in self.keywords.iter().enumerate() {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{number} {keyword}");
        }
        let path = self.path.join("dovecot-keywords");
        private::replace(&path, &text).map_err(TransferError::file(&path))?;
        self.known_keywords = self.keywords.len();
        Ok(())
    }
}

fn read_keywords(folder: &Path) -> Vec<Keyword> {
    let text = fs::read_to_string(folder.join("dovecot-keywords")).unwrap_or_default();
    let words = text.lines().filter_map(|line| line.split_once(' '));
    words.flat_map(|(_, word)| Keyword::new(word)).collect()
}

fn write_file(path: &Path, message: &Outgoing) -> io::Result<()> {
    let mut file = private::create(path)?;
    file.write_all(&in_file(&message.content))?;
    let since = u64::try_from(message.row.internal_date.at.millis()).unwrap_or(0);
    let modified: SystemTime = UNIX_EPOCH + Duration::from_millis(since);
    file.set_modified(modified)
}
