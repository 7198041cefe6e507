//! How much room the file system of the store has left (design §4: new mail is deferred before
//! the disk is full, while reading, deleting and `doctor` go on).

use std::path::{Path, PathBuf};

use rustix::fs::{stat, statvfs};

/// Where the room is looked at, and the marks under which it is low.
///
/// Storage is low when less than both marks is free: on a large disk the bytes decide, on a
/// small one the percentage.
#[derive(Debug, Clone)]
pub struct SpaceWatch {
    /// Folders on the file systems in question; none for what cannot be measured from here, such as
    /// PostgreSQL on another machine.
    folders: Vec<PathBuf>,
    min_bytes: u64,
    min_percent: u8,
}

/// Nothing to watch, with the default marks for what may come.
impl Default for SpaceWatch {
    fn default() -> Self {
        Self::elsewhere()
    }
}

impl SpaceWatch {
    /// Free bytes under which a large disk counts as nearly full.
    pub const DEFAULT_MIN_BYTES: u64 = 1 << 30;
    /// Free share under which a small disk counts as nearly full.
    pub const DEFAULT_MIN_PERCENT: u8 = 5;

    /// Watches the file system of `folder`.
    pub fn new(folder: PathBuf, min_bytes: u64, min_percent: u8) -> Self {
        Self {
            folders: vec![folder],
            min_bytes,
            min_percent,
        }
    }

    /// For a store whose disk cannot be seen from here: never low, its own error tells.
    pub const fn elsewhere() -> Self {
        Self {
            folders: Vec::new(),
            min_bytes: Self::DEFAULT_MIN_BYTES,
            min_percent: Self::DEFAULT_MIN_PERCENT,
        }
    }

    /// Nothing to watch yet, with marks for what [`SpaceWatch::and`] adds.
    pub fn with_marks(min_bytes: u64, min_percent: u8) -> Self {
        Self {
            folders: Vec::new(),
            min_bytes,
            min_percent,
        }
    }

    /// Watches another folder too, unless it is on a file system that is watched already. One that
    /// does not exist yet counts as the folder it will be made in.
    #[must_use]
    pub fn and(mut self, folder: &Path) -> Self {
        let existing = folder.ancestors().find(|path| path.exists());
        let device = |path: &Path| stat(path).ok().map(|stat| stat.st_dev);
        let added = existing.and_then(device);
        if !self.folders.iter().any(|known| device(known) == added) {
            self.folders.push(existing.unwrap_or(folder).to_owned());
        }
        self
    }

    /// Whether new mail should wait. One `statvfs` (about a microsecond) for each file system; when
    /// that fails the write itself will tell, so the answer is no.
    pub fn is_low(&self) -> bool {
        self.folders.iter().any(|folder| self.is_low_in(folder))
    }

    fn is_low_in(&self, folder: &Path) -> bool {
        let Ok(stat) = statvfs(folder) else {
            return false;
        };
        let free = stat.f_bavail.saturating_mul(stat.f_frsize);
        let total = stat.f_blocks.saturating_mul(stat.f_frsize);
        let share = u128::from(total) * u128::from(self.min_percent) / 100;
        u128::from(free) < share.min(u128::from(self.min_bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smaller_mark_decides() {
        let here = std::env::temp_dir();
        assert!(!SpaceWatch::new(here.clone(), 0, 100).is_low());
        assert!(!SpaceWatch::new(here.clone(), u64::MAX, 0).is_low());
        // Less than all of the disk is free wherever a test runs.
        assert!(SpaceWatch::new(here, u64::MAX, 100).is_low());
        assert!(!SpaceWatch::elsewhere().is_low());
    }

    #[test]
    fn every_file_system_is_watched_once() {
        let here = std::env::temp_dir();
        let watch = SpaceWatch::with_marks(u64::MAX, 100);
        assert!(!watch.is_low());
        let watch = watch.and(&here.join("not/yet/made"));
        assert!(watch.is_low());
        assert_eq!(watch.and(&here).folders.len(), 1);
    }
}
