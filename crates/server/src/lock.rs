//! The exclusive lock of a data folder: one process has the store open, and it says who it is
//! (design §6).

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use rustix::fs::{FlockOperation, flock};

/// Bytes of a holder's description that are read at most.
const MAX_HOLDER_BYTES: u64 = 512;

/// The lock; released when dropped or when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct StoreLock {
    _file: File,
}

/// Why the lock was not had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// Another process has it.
    #[error("{} is in use by {holder}", path.display())]
    Held {
        /// The lock file.
        path: PathBuf,
        /// Process id and command of the holder, as it wrote them.
        holder: String,
    },
    /// The file cannot be made or locked.
    #[error("cannot lock {}", path.display())]
    Io {
        /// The lock file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl StoreLock {
    /// Takes the lock without waiting and writes `purpose` and the process id into the file.
    pub(crate) fn acquire(path: &Path, purpose: &str) -> Result<Self, LockError> {
        let io = |source| LockError::Io {
            path: path.to_owned(),
            source,
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .map_err(io)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                let holder = describe(&mut file);
                return Err(LockError::Held {
                    path: path.to_owned(),
                    holder,
                });
            }
            Err(errno) => return Err(io(errno.into())),
        }
        file.set_len(0).map_err(io)?;
        file.rewind().map_err(io)?;
        writeln!(file, "process {} ({purpose})", std::process::id()).map_err(io)?;
        Ok(Self { _file: file })
    }
}

/// What the holder wrote. It may be between taking the lock and writing.
fn describe(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.take(MAX_HOLDER_BYTES).read_to_string(&mut text);
    match (read, text.trim()) {
        (Ok(_), holder) if !holder.is_empty() => holder.to_owned(),
        _ => "another process that is just starting".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_comer_learns_who_has_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hikyaku.lock");
        let first = StoreLock::acquire(&path, "serve").unwrap();
        let error = StoreLock::acquire(&path, "doctor").unwrap_err().to_string();
        assert!(
            error.contains(&format!("process {} (serve)", std::process::id())),
            "{error}"
        );
        drop(first);
        StoreLock::acquire(&path, "doctor").unwrap();
    }
}
