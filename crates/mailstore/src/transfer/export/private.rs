//! Files and folders that only their owner may read: mail is nobody else's business, whatever the
//! umask of the process that writes it.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

/// The mode of a file that is made: read and written by its owner.
const FILE_MODE: u32 = 0o600;

/// The mode of a folder that is made.
const FOLDER_MODE: u32 = 0o700;

/// Makes a folder and those above it, as far as they are missing.
pub(super) fn make_folders(path: &Path) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(FOLDER_MODE)
        .create(path)
}

/// Opens a file for writing and makes it if it is missing; keeps what it holds.
pub(super) fn open_kept(path: &Path) -> io::Result<File> {
    for_writing().truncate(false).open(path)
}

/// Opens a file for writing and makes it if it is missing; it is empty then.
pub(super) fn create(path: &Path) -> io::Result<File> {
    for_writing().truncate(true).open(path)
}

/// Writes a file as a whole: at any time it is the old one or the new one.
pub(super) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let new = PathBuf::from(new);
    let mut file = create(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_data()?;
    fs::rename(&new, path)
}

fn for_writing() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).mode(FILE_MODE);
    options
}
