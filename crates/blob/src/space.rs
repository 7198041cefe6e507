//! How much room the file system of the store has left (design §4: new mail is deferred before
//! the disk is full, while reading, deleting and `doctor` go on).

use std::path::PathBuf;

use rustix::fs::statvfs;

/// Where the room is looked at, and the marks under which it is low.
///
/// Storage is low when less than both marks is free: on a large disk the bytes decide, on a
/// small one the percentage.
#[derive(Debug, Clone)]
pub struct SpaceWatch {
    place: Place,
    min_bytes: u64,
    min_percent: u8,
}

#[derive(Debug, Clone)]
enum Place {
    /// A folder on the file system in question.
    Folder(PathBuf),
    /// Somewhere that cannot be measured from here, such as PostgreSQL on another machine.
    Elsewhere,
}

/// Nothing to watch.
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
    pub const fn new(folder: PathBuf, min_bytes: u64, min_percent: u8) -> Self {
        Self {
            place: Place::Folder(folder),
            min_bytes,
            min_percent,
        }
    }

    /// For a store whose disk cannot be seen from here: never low, its own error tells.
    pub const fn elsewhere() -> Self {
        Self {
            place: Place::Elsewhere,
            min_bytes: 0,
            min_percent: 0,
        }
    }

    /// Whether new mail should wait. One `statvfs` (about a microsecond); when that fails the
    /// write itself will tell, so the answer is no.
    pub fn is_low(&self) -> bool {
        let Place::Folder(folder) = &self.place else {
            return false;
        };
        let Ok(stat) = statvfs(folder.as_path()) else {
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
}
