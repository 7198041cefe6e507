//! The files of one folder, in the order in which their messages arrived.

use std::{
    collections::{HashMap, VecDeque},
    fs,
    io::{self, BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
};

use super::{
    super::{Position, TransferError, opening, source::short},
    flags,
};

/// Longest line of a `dovecot-uidlist` (4 KiB): file names have 255 bytes. A longer one ends it.
const UIDLIST_LINE_BYTES: u64 = 4096;

/// A file with a message.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    /// Its UID at the server that wrote it, if that is known: old UIDs before new ones, both
    /// before files that have none.
    order: u64,
    pub(super) name: String,
    pub(super) path: PathBuf,
}

/// The files that are still to be read.
#[derive(Debug)]
pub(super) struct Listing {
    entries: VecDeque<Entry>,
    /// A hash of the names of those that were read, in order.
    hasher: blake3::Hasher,
    read: u64,
}

impl Listing {
    /// The files of `cur` and `new`: in the order of their UIDs, where Dovecot notes them, else by
    /// name, which begins with the time of arrival.
    pub(super) fn of(folder: &Path) -> Result<Self, TransferError> {
        let mut entries = Vec::new();
        each_file(folder, |name, path| {
            entries.push(Entry {
                order: u64::MAX,
                name,
                path,
            });
        })?;
        order_by_uid(folder, &mut entries);
        entries.sort_unstable();
        Ok(Self {
            entries: entries.into(),
            hasher: blake3::Hasher::new(),
            read: 0,
        })
    }

    /// Goes on at a known position, if the files before it are the ones that were there.
    pub(super) fn go_on_at(&mut self, known: Position) -> bool {
        let place = usize::try_from(known.place).unwrap_or(usize::MAX);
        let mut hasher = blake3::Hasher::new();
        for entry in self.entries.iter().take(place) {
            count(&mut hasher, &entry.name);
        }
        if place > self.entries.len() || short(&hasher) != known.mark {
            return false;
        }
        self.entries.drain(..place);
        self.hasher = hasher;
        self.read = known.place;
        true
    }

    /// The next file.
    pub(super) fn next(&mut self) -> Option<Entry> {
        let entry = self.entries.pop_front()?;
        count(&mut self.hasher, &entry.name);
        self.read += 1;
        Some(entry)
    }

    /// Behind the file that was given out last, when that many messages were in them.
    pub(super) fn position(&self, messages: u64) -> Position {
        Position {
            place: self.read,
            mark: short(&self.hasher),
            messages,
        }
    }
}

/// Files are known by the part of their name that stays when flags change.
fn count(hasher: &mut blake3::Hasher, name: &str) {
    let (unique, _) = flags::info(name);
    hasher.update(unique.as_bytes());
    hasher.update(b"\0");
}

/// How many files there are.
pub(super) fn count_files(folder: &Path) -> Result<u64, TransferError> {
    let mut count = 0;
    each_file(folder, |_, _| count += 1)?;
    Ok(count)
}

/// Where a file is now whose flags changed, or that was moved from `new` to `cur`.
pub(super) fn find_again(folder: &Path, name: &str) -> Option<(String, PathBuf)> {
    let (unique, _) = flags::info(name);
    let mut found = None;
    each_file(folder, |name, path| {
        if flags::info(&name).0 == unique {
            found = Some((name, path));
        }
    })
    .ok()?;
    found
}

/// Calls for each regular file. Links are not followed.
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

/// Gives files the order of their UIDs in the folder's `dovecot-uidlist`, which has lines such as
/// `12 W4711 :1795219200.M1P2.host,S=4096`. Only what is there is remembered of it.
fn order_by_uid(folder: &Path, entries: &mut [Entry]) {
    let Ok(file) = opening::regular(&folder.join("dovecot-uidlist")) else {
        return;
    };
    let mut places: HashMap<String, usize> = HashMap::with_capacity(entries.len());
    for (place, entry) in entries.iter().enumerate() {
        places.insert(flags::info(&entry.name).0.to_owned(), place);
    }
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = (&mut reader)
            .take(UIDLIST_LINE_BYTES)
            .read_until(b'\n', &mut line);
        // A list that is cut or has an endless line gives no order from there on.
        if read.is_err() || line.last() != Some(&b'\n') {
            return;
        }
        let text = String::from_utf8_lossy(&line);
        let uid = text.split(' ').next().and_then(|uid| uid.parse().ok());
        let name = text.split_once(" :").map(|(_, name)| name.trim_end());
        let place = name.and_then(|name| places.get(flags::info(name).0));
        let entry = place.and_then(|place| entries.get_mut(*place));
        if let (Some(uid), Some(entry)) = (uid, entry) {
            entry.order = uid;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_in_the_order_of_their_uids_and_are_known_again() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["cur/3.c:2,S", "cur/1.a,S=5:2,", "new/2.b", "cur/0.d:2,"] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        let list = "3 V1 N4 G00\n1 :3.c\n2 W7 :1.a,S=5:2,F\n";
        fs::write(folder.path().join("dovecot-uidlist"), list).unwrap();
        // What stands behind an endless line is not read.
        let endless = format!("{list}9 :{}\n1 :0.d\n", "x".repeat(5000));
        fs::write(folder.path().join("dovecot-uidlist"), endless).unwrap();
        let mut listing = Listing::of(folder.path()).unwrap();
        let mut names = Vec::new();
        let mut positions = Vec::new();
        while let Some(entry) = listing.next() {
            names.push(entry.name);
            positions.push(listing.position(0));
        }
        assert_eq!(names, ["3.c:2,S", "1.a,S=5:2,", "0.d:2,", "2.b"]);
        // Other flags are the same file; another file before the position is another folder.
        fs::rename(
            folder.path().join("cur/3.c:2,S"),
            folder.path().join("cur/3.c:2,RS"),
        )
        .unwrap();
        let mut again = Listing::of(folder.path()).unwrap();
        assert!(again.go_on_at(positions[1]));
        assert_eq!(again.next().unwrap().name, "0.d:2,");
        fs::remove_file(folder.path().join("cur/1.a,S=5:2,")).unwrap();
        assert!(!Listing::of(folder.path()).unwrap().go_on_at(positions[1]));
        let moved = find_again(folder.path(), "3.c:2,S").unwrap();
        assert_eq!(moved.0, "3.c:2,RS");
        assert_eq!(count_files(folder.path()).unwrap(), 3);
    }
}
