//! Objects as files of a folder.
//!
//! An object is durable before a transaction refers to it: its octets, its name in the folder of
//! the hour, and the names of that folder and its parents. A folder that is new, or that this
//! process has not made sure of, is synced into its parent before anything is put into it; others
//! wait meanwhile, or they would rely on a name that a power cut still takes away.
//!
//! Names are unique and nobody looks for one before its transaction, so files are written under
//! their own names: what a crash leaves half is an upload that nothing refers to, and is swept up.

use std::{
    collections::{BTreeMap, VecDeque},
    fs::{self, File, OpenOptions},
    io::{self, Read as _},
    os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;

use super::error::ObjectError;
use crate::name::ObjectName;

/// Whether folders are synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FolderSync {
    /// A name is durable when its object is said to be.
    #[default]
    Full,
    /// The names of objects are left to chance: the power-cut test proves with it that it would
    /// notice.
    TestOnlySkip,
}

/// Folders of hours that are remembered as durable.
const REMEMBERED: usize = 8;

/// A folder of objects. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    root: PathBuf,
    sync: FolderSync,
    /// The folders of which this process has made sure.
    durable: Mutex<VecDeque<PathBuf>>,
}

impl Folder {
    pub(super) fn new(root: PathBuf, sync: FolderSync) -> Self {
        let inner = Inner {
            root,
            sync,
            durable: Mutex::default(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    pub(super) fn root(&self) -> &Path {
        &self.inner.root
    }

    /// Runs work on files on a thread that may block.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> io::Result<T> + Send + 'static,
    ) -> Result<T, ObjectError> {
        let inner = Arc::clone(&self.inner);
        match tokio::task::spawn_blocking(move || work(&inner)).await {
            Ok(result) => Ok(result?),
            Err(_) => Err(ObjectError::Unavailable {
                reason: "a background thread failed".to_owned(),
            }),
        }
    }

    pub(super) async fn put(&self, name: ObjectName, data: Bytes) -> Result<(), ObjectError> {
        self.blocking(move |inner| inner.put(&name, &data)).await
    }

    pub(super) async fn get(&self, name: ObjectName, size: u64) -> Result<Bytes, ObjectError> {
        let read = self
            .blocking(move |inner| read_at_most(&inner.path(&name), size))
            .await?;
        if read.len() as u64 != size {
            return Err(ObjectError::Wrong {
                reason: "wrong size".to_owned(),
            });
        }
        Ok(read)
    }

    pub(super) async fn delete(&self, names: Vec<ObjectName>) -> Result<(), ObjectError> {
        self.blocking(move |inner| inner.delete(&names)).await
    }

    pub(super) async fn list(
        &self,
        after: String,
        limit: usize,
    ) -> Result<Vec<ObjectName>, ObjectError> {
        self.blocking(move |inner| inner.list(&after, limit)).await
    }

    pub(super) async fn read_marker(
        &self,
        name: &'static str,
        most: u64,
    ) -> Result<Bytes, ObjectError> {
        self.blocking(move |inner| read_at_most(&inner.root.join(name), most))
            .await
    }

    pub(super) async fn write_marker(
        &self,
        name: &'static str,
        data: Bytes,
    ) -> Result<(), ObjectError> {
        self.blocking(move |inner| {
            let root = inner.root.clone();
            inner.make_durable(&root)?;
            match inner.write_new(&root, &root.join(name), &data) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
                written => written,
            }
        })
        .await
    }
}

impl Inner {
    fn path(&self, name: &ObjectName) -> PathBuf {
        self.root.join(name.as_str())
    }

    fn put(&self, name: &ObjectName, data: &[u8]) -> io::Result<()> {
        let path = self.path(name);
        let (day, hour, _) = name.parts();
        let folder = self.root.join(day).join(hour);
        self.make_durable(&folder)?;
        match self.write_new(&folder, &path, data) {
            // Somebody removed the folder since we made sure of it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.forget(&folder);
                self.make_durable(&folder)?;
                self.write_new(&folder, &path, data)
            }
            // An earlier attempt of ours got so far.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                fs::remove_file(&path)?;
                self.write_new(&folder, &path, data)
            }
            written => written,
        }
    }

    /// Writes a file that must be new. One that cannot be written whole is removed.
    fn write_new(&self, folder: &Path, path: &Path, data: &[u8]) -> io::Result<()> {
        let mut options = OpenOptions::new();
        let file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        let is_named = self.sync == FolderSync::Full || folder == self.root;
        let written = file
            .write_all_at(data, 0)
            .and_then(|()| file.sync_all())
            .and_then(|()| {
                if is_named {
                    sync_folder(folder)
                } else {
                    Ok(())
                }
            });
        if written.is_err() {
            // What is left otherwise is swept up later.
            let _ = fs::remove_file(path);
        }
        written
    }

    /// Makes a folder and those above it, and their names durable. Others wait.
    fn make_durable(&self, folder: &Path) -> io::Result<()> {
        let mut durable = self.durable.lock().unwrap_or_else(PoisonError::into_inner);
        if durable.iter().any(|known| known == folder) {
            return Ok(());
        }
        // From the root on: each one's name is in its parent.
        let mut chain: Vec<&Path> = folder
            .ancestors()
            .take_while(|path| path.starts_with(&self.root))
            .collect();
        chain.reverse();
        for path in chain {
            let mut builder = fs::DirBuilder::new();
            match builder.mode(0o700).create(path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => made?,
            }
            if let Some(parent) = path.parent() {
                sync_folder(parent)?;
            }
        }
        durable.push_back(folder.to_owned());
        if durable.len() > REMEMBERED {
            durable.pop_front();
        }
        Ok(())
    }

    fn forget(&self, folder: &Path) {
        let mut durable = self.durable.lock().unwrap_or_else(PoisonError::into_inner);
        durable.retain(|known| known != folder);
    }

    /// Removes files, and the folders that are empty after that.
    fn delete(&self, names: &[ObjectName]) -> io::Result<()> {
        let mut folders: BTreeMap<PathBuf, PathBuf> = BTreeMap::new();
        for name in names {
            match fs::remove_file(self.path(name)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                removed => removed?,
            }
            let (day, hour, _) = name.parts();
            let day = self.root.join(day);
            folders.insert(day.join(hour), day);
        }
        for (hour, day) in folders {
            // A name that comes back after a power cut would never be looked for again.
            match sync_folder(&hour) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                synced => synced?,
            }
            // Fails while there is something in them, which is as it should be.
            if fs::remove_dir(&hour).is_ok() {
                let _ = fs::remove_dir(&day);
            }
        }
        Ok(())
    }

    fn list(&self, after: &str, limit: usize) -> io::Result<Vec<ObjectName>> {
        let mut found = Vec::new();
        let is_over = |name: &str| name < after.get(..name.len()).unwrap_or_default();
        for day in entries(&self.root, "", Kind::Number(8))? {
            if is_over(&day) {
                continue;
            }
            for hour in entries(&self.root.join(&day), &format!("{day}/"), Kind::Number(2))? {
                if is_over(&hour) {
                    continue;
                }
                let files = entries(&self.root.join(&hour), &format!("{hour}/"), Kind::Any)?;
                let names = files.iter().filter(|name| name.as_str() > after);
                found.extend(names.filter_map(|name| ObjectName::parse(name)));
                if found.len() >= limit {
                    found.truncate(limit);
                    return Ok(found);
                }
            }
        }
        Ok(found)
    }
}

/// Makes the names of a folder durable.
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Which names of a folder are ours to look at: beside days there may be a `lost+found`.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// So many digits.
    Number(usize),
    Any,
}

impl Kind {
    fn has(self, name: &str) -> bool {
        match self {
            Self::Number(digits) => {
                name.len() == digits && name.bytes().all(|octet| octet.is_ascii_digit())
            }
            Self::Any => true,
        }
    }
}

/// The names in a folder, ascending, behind `prefix`; none when there is no such folder. What is
/// not UTF-8 is none of ours.
fn entries(folder: &Path, prefix: &str, kind: Kind) -> io::Result<Vec<String>> {
    let reading = match fs::read_dir(folder) {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(Vec::new());
        }
        reading => reading?,
    };
    let mut names = Vec::new();
    for entry in reading {
        let name = entry?.file_name().into_string();
        names.extend(
            name.ok()
                .filter(|name| kind.has(name))
                .map(|name| format!("{prefix}{name}")),
        );
    }
    names.sort_unstable();
    Ok(names)
}

/// The file, or one octet more than it should have.
fn read_at_most(path: &Path, most: u64) -> io::Result<Bytes> {
    let file = File::open(path)?;
    let length = file.metadata()?.len().min(most.saturating_add(1));
    let mut octets = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    file.take(most.saturating_add(1)).read_to_end(&mut octets)?;
    Ok(octets.into())
}
