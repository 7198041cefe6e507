//! The model of a disk: what is durable, and what is only on its way.
//!
//! The rules are the strictest that POSIX leaves room for: a write is durable when an fsync of the
//! file that began after it has ended; a name is durable when an fsync of its folder has. Between
//! the two, everything may have reached the disk or not, in any order and by sectors.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};

use super::recording::{Operation, Recording, Step};

/// A file, whatever its name.
pub(super) type Inode = usize;

/// What stands for a folder among the names.
pub(super) const FOLDER: Inode = Inode::MAX;

/// The disk at one moment of a recording.
#[derive(Debug, Default)]
pub(super) struct Disk {
    /// Names as the running server sees them.
    names: BTreeMap<String, Inode>,
    /// Names as they are on the disk for certain.
    durable_names: BTreeMap<String, Inode>,
    pending_names: Vec<Pending<NameChange>>,
    files: Vec<File>,
    /// The operations that have begun and not ended, with the number of steps before them.
    running: BTreeMap<usize, usize>,
    /// Steps so far.
    steps: usize,
}

/// The contents of a file.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) durable: Vec<u8>,
    pub(super) pending: Vec<Pending<Change>>,
}

/// Something that a power cut may undo.
#[derive(Debug)]
pub(super) struct Pending<T> {
    pub(super) what: T,
    operation: usize,
    /// The number of steps before its end; none while it runs.
    ended: Option<usize>,
}

/// A change of a file's contents.
#[derive(Debug)]
pub(super) enum Change {
    Write { offset: usize, octets: Vec<u8> },
    Length(usize),
}

/// A change of names.
#[derive(Debug, Clone)]
pub(super) enum NameChange {
    Put(String, Inode),
    Remove(String),
    Rename { from: String, to: String },
}

impl NameChange {
    /// The folder in which the name changes: its sync makes the change durable.
    fn folder(&self) -> &str {
        let (Self::Put(name, _) | Self::Remove(name) | Self::Rename { to: name, .. }) = self;
        name.rsplit_once('/').map_or("", |(folder, _)| folder)
    }
}

impl Change {
    /// Makes the change in full.
    pub(super) fn apply(&self, contents: &mut Vec<u8>) {
        match self {
            Self::Write { offset, octets } => put(contents, *offset, octets),
            Self::Length(length) => contents.resize(*length, 0),
        }
    }
}

/// Writes at a place; what lies before it and was never written is zero.
pub(super) fn put(contents: &mut Vec<u8>, offset: usize, octets: &[u8]) {
    let end = offset + octets.len();
    if contents.len() < end {
        contents.resize(end, 0);
    }
    contents[offset..end].copy_from_slice(octets);
}

impl NameChange {
    pub(super) fn apply(&self, names: &mut BTreeMap<String, Inode>) {
        match self {
            Self::Put(name, inode) => {
                names.insert(name.clone(), *inode);
            }
            Self::Remove(name) => {
                names.remove(name);
            }
            Self::Rename { from, to } => {
                if let Some(inode) = names.remove(from) {
                    names.insert(to.clone(), inode);
                }
            }
        }
    }
}

impl Disk {
    /// Takes one step of the recording.
    pub(super) fn step(&mut self, recording: &Recording, step: &Step) -> Result<()> {
        match step {
            Step::Begin(number) => {
                self.running.insert(*number, self.steps);
                self.begin(*number, &recording.operations[*number])?;
            }
            Step::End(number, result) => {
                let began = self
                    .running
                    .remove(number)
                    .context("an end without a start")?;
                self.end(*number, &recording.operations[*number], *result, began)?;
            }
        }
        self.steps += 1;
        Ok(())
    }

    /// Names on the disk for certain, and what else may have become of them.
    pub(super) fn names(&self) -> (&BTreeMap<String, Inode>, &[Pending<NameChange>]) {
        (&self.durable_names, &self.pending_names)
    }

    pub(super) fn file(&self, inode: Inode) -> &File {
        &self.files[inode]
    }

    fn begin(&mut self, number: usize, operation: &Operation) -> Result<()> {
        match operation {
            Operation::Write {
                file,
                offset,
                octets,
            } => {
                let offset = usize::try_from(*offset)?;
                let what = Change::Write {
                    offset,
                    octets: octets.clone(),
                };
                self.change(number, file, what)?;
            }
            Operation::SetLength { file, length } => {
                self.change(number, file, Change::Length(usize::try_from(*length)?))?;
            }
            Operation::Create { file } if !self.names.contains_key(file) => {
                self.files.push(File::default());
                let change = NameChange::Put(file.clone(), self.files.len() - 1);
                self.rename(number, change);
            }
            Operation::MakeFolder { folder } if !self.names.contains_key(folder) => {
                self.rename(number, NameChange::Put(folder.clone(), FOLDER));
            }
            Operation::Remove { file } => {
                self.rename(number, NameChange::Remove(file.clone()));
            }
            Operation::Rename { from, to } => {
                let change = NameChange::Rename {
                    from: from.clone(),
                    to: to.clone(),
                };
                self.rename(number, change);
            }
            Operation::Create { .. }
            | Operation::MakeFolder { .. }
            | Operation::Sync { .. }
            | Operation::SyncFolder
            | Operation::Reply { .. } => {}
        }
        Ok(())
    }

    fn change(&mut self, operation: usize, file: &str, what: Change) -> Result<()> {
        let inode = *self
            .names
            .get(file)
            .with_context(|| format!("{file} was never made"))?;
        self.files[inode].pending.push(Pending {
            what,
            operation,
            ended: None,
        });
        Ok(())
    }

    fn rename(&mut self, operation: usize, what: NameChange) {
        what.apply(&mut self.names);
        self.pending_names.push(Pending {
            what,
            operation,
            ended: None,
        });
    }

    fn end(
        &mut self,
        number: usize,
        operation: &Operation,
        result: Option<i64>,
        began: usize,
    ) -> Result<()> {
        // The process was killed within the call: what it does is on its way for ever.
        let Some(result) = result else { return Ok(()) };
        match operation {
            Operation::Write { file, octets, .. }
                if usize::try_from(result) != Ok(octets.len()) =>
            {
                bail!("a write to {file} was cut short ({result}): not in the model");
            }
            Operation::Sync { file } if result == 0 => {
                let inode = *self.names.get(file).context("a sync of no file")?;
                if inode == FOLDER {
                    self.sync_names(file, began);
                } else {
                    self.files[inode].sync(began);
                }
            }
            Operation::SyncFolder if result == 0 => self.sync_names("", began),
            Operation::Create { .. } | Operation::Write { .. } if result >= 0 => self.ended(number),
            Operation::Reply { .. } => {}
            _ if result == 0 => self.ended(number),
            // SQLite removes files that are not there; nothing came of it.
            Operation::Remove { .. } => self.pending_names.retain(|one| one.operation != number),
            // What was to be new was there already.
            Operation::Create { .. } | Operation::MakeFolder { .. }
                if self.pending_names.iter().all(|one| one.operation != number) => {}
            _ => bail!("{operation:?} failed ({result}): not in the model"),
        }
        Ok(())
    }

    /// From the next step on, a sync that begins covers it.
    fn ended(&mut self, number: usize) {
        let steps = Some(self.steps);
        if let Some(change) = self
            .pending_names
            .iter_mut()
            .find(|one| one.operation == number)
        {
            change.ended = steps;
        }
        for file in &mut self.files {
            // What ends has begun a short time ago.
            let change = file
                .pending
                .iter_mut()
                .rev()
                .take_while(|one| one.operation >= number);
            if let Some(change) = change.last().filter(|one| one.operation == number) {
                change.ended = steps;
            }
        }
    }

    fn sync_names(&mut self, folder: &str, began: usize) {
        let names = &mut self.durable_names;
        self.pending_names.retain(|change| {
            let is_over = change.ended.is_some_and(|ended| ended < began);
            let is_covered = is_over && change.what.folder() == folder;
            if is_covered {
                change.what.apply(names);
            }
            !is_covered
        });
    }
}

impl File {
    fn sync(&mut self, began: usize) {
        let durable = &mut self.durable;
        self.pending.retain(|change| {
            let is_covered = change.ended.is_some_and(|ended| ended < began);
            if is_covered {
                change.what.apply(durable);
            }
            !is_covered
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk_after(operations: Vec<Operation>) -> Disk {
        let mut recording = Recording::of("/data".into());
        let mut disk = Disk::default();
        for operation in operations {
            let result = match &operation {
                Operation::Write { octets, .. } => octets.len() as i64,
                _ => 0,
            };
            recording.operations.push(operation);
            let number = recording.operations.len() - 1;
            disk.step(&recording, &Step::Begin(number)).unwrap();
            disk.step(&recording, &Step::End(number, Some(result)))
                .unwrap();
        }
        disk
    }

    fn write(octets: &[u8]) -> Operation {
        Operation::Write {
            file: "a".to_owned(),
            offset: 2,
            octets: octets.to_vec(),
        }
    }

    fn create() -> Operation {
        Operation::Create {
            file: "a".to_owned(),
        }
    }

    fn sync() -> Operation {
        Operation::Sync {
            file: "a".to_owned(),
        }
    }

    #[test]
    fn only_what_was_synced_is_durable() {
        let disk = disk_after(vec![create(), write(b"one"), sync(), write(b"two")]);
        assert_eq!(disk.file(0).durable, b"\0\0one");
        assert_eq!(disk.file(0).pending.len(), 1);
        // The contents are there, and no name leads to them.
        assert!(disk.names().0.is_empty());
        let disk = disk_after(vec![create(), Operation::SyncFolder, write(b"one")]);
        assert_eq!(disk.names().0.get("a"), Some(&0));
        assert!(disk.file(0).durable.is_empty());
    }

    #[test]
    fn a_removed_name_stays_until_its_folder_is_synced() {
        let remove = || Operation::Remove {
            file: "a".to_owned(),
        };
        let disk = disk_after(vec![create(), Operation::SyncFolder, remove()]);
        assert_eq!(disk.names().0.len(), 1);
        let disk = disk_after(vec![create(), Operation::SyncFolder, remove(), create()]);
        assert_eq!((disk.names().1.len(), disk.names.get("a")), (2, Some(&1)));
        let disk = disk_after(vec![create(), remove(), Operation::SyncFolder]);
        assert!(disk.names().0.is_empty());
    }

    #[test]
    fn a_name_is_durable_when_its_own_folder_is_synced() {
        let folder = || Operation::MakeFolder {
            folder: "f".to_owned(),
        };
        let inside = || Operation::Create {
            file: "f/a".to_owned(),
        };
        let sync = || Operation::Sync {
            file: "f".to_owned(),
        };
        let durable = |operations| -> Vec<String> {
            disk_after(operations).names().0.keys().cloned().collect()
        };
        assert_eq!(durable(vec![folder(), inside(), sync()]), ["f/a"]);
        assert_eq!(
            durable(vec![folder(), inside(), Operation::SyncFolder]),
            ["f"]
        );
        let both = vec![folder(), Operation::SyncFolder, inside(), sync(), folder()];
        assert_eq!(durable(both), ["f", "f/a"]);
    }

    #[test]
    fn a_sync_covers_only_what_ended_before_it() {
        let mut recording = Recording::of("/data".into());
        recording.operations = vec![create(), write(b"one"), sync()];
        let mut disk = Disk::default();
        for step in [
            Step::Begin(0),
            Step::End(0, Some(0)),
            Step::Begin(1),
            Step::Begin(2),
            Step::End(1, Some(3)),
            Step::End(2, Some(0)),
        ] {
            disk.step(&recording, &step).unwrap();
        }
        assert!(disk.file(0).durable.is_empty());
        assert_eq!(disk.file(0).pending.len(), 1);
    }
}
