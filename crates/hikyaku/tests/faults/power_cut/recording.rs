//! What a server did, in order: changes of its files, syncs, replies.

use std::{
    collections::HashMap,
    fmt::{self, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail, ensure};

use super::syscall::{Arguments, Descriptor, Line};

/// Files that a start makes anew, whatever is in them: the shared memory beside the database, which
/// SQLite rebuilds, and what says which process is running.
const REBUILT: [&str; 3] = ["-shm", "hikyaku.lock", "control.sock"];

/// The place of an event in the order of all.
pub(super) type Moment = usize;

/// Something that the server did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Operation {
    /// Octets of a file.
    Write {
        file: String,
        offset: u64,
        octets: Vec<u8>,
    },
    /// The length of a file.
    SetLength { file: String, length: u64 },
    /// A file that is made if there is none.
    Create { file: String },
    /// A folder that is made if there is none.
    MakeFolder { folder: String },
    /// A name that goes.
    Remove { file: String },
    /// A name that changes.
    Rename { from: String, to: String },
    /// fsync or fdatasync of a file, or fsync of a folder in the folder.
    Sync { file: String },
    /// fsync of the folder itself: its names become durable.
    SyncFolder,
    /// Words to a client, by its port; none on the local socket.
    Reply {
        client_port: Option<u16>,
        octets: Vec<u8>,
    },
}

/// A step in the life of an operation. Several threads work at once, so others may come between.
#[derive(Debug)]
pub(super) enum Step {
    /// From now on it may have happened.
    Begin(usize),
    /// From now on it has happened, with this result; `None` where the process ended within it.
    End(usize, Option<i64>),
}

/// All of it.
#[derive(Debug)]
pub(super) struct Recording {
    folder: PathBuf,
    pub(super) operations: Vec<Operation>,
    pub(super) steps: Vec<Step>,
}

impl Recording {
    /// Of changes in this folder.
    pub(super) const fn of(folder: PathBuf) -> Self {
        Self {
            folder,
            operations: Vec::new(),
            steps: Vec::new(),
        }
    }

    /// The replies and the moments in which they began.
    pub(super) fn replies(&self) -> impl Iterator<Item = (Moment, Option<u16>, &[u8])> {
        self.steps
            .iter()
            .enumerate()
            .filter_map(|(moment, step)| match step {
                Step::Begin(number) => match &self.operations[*number] {
                    Operation::Reply {
                        client_port,
                        octets,
                    } => Some((moment, *client_port, octets.as_slice())),
                    _ => None,
                },
                Step::End(..) => None,
            })
    }

    /// The steps of syncs and of changes of names.
    pub(super) fn turning_points(&self) -> Vec<Moment> {
        let numbered = self.steps.iter().enumerate();
        let turning = numbered.filter(|(_, step)| {
            let (Step::Begin(number) | Step::End(number, _)) = step;
            let operation = &self.operations[*number];
            !matches!(operation, Operation::Write { .. } | Operation::Reply { .. })
        });
        turning.map(|(moment, _)| moment).collect()
    }

    /// Whether so many objects were written.
    pub(super) fn check_objects(&self, at_least: usize) -> Result<()> {
        let is_object = |one: &&Operation| match one {
            Operation::Create { file } => file.starts_with("objects/2"),
            _ => false,
        };
        let objects = self.operations.iter().filter(is_object).count();
        ensure!(objects >= at_least, "only {objects} objects were written");
        Ok(())
    }

    fn begin(&mut self, operation: Operation) -> usize {
        self.operations.push(operation);
        let number = self.operations.len() - 1;
        self.steps.push(Step::Begin(number));
        number
    }

    /// What a call does, as far as it concerns us. All that matters is known at its start.
    fn operation(&self, name: &str, arguments: &[u8]) -> Result<Option<Operation>> {
        let mut next = Arguments::new(arguments);
        match name {
            "pwrite64" => self.positioned_write(&mut next),
            "write" | "writev" | "sendto" | "sendmsg" => self.output(name, &mut next),
            "fsync" | "fdatasync" => self.sync(&mut next),
            "ftruncate" => match self.open_file(&next.descriptor()?)? {
                Some(file) => Ok(Some(Operation::SetLength {
                    file,
                    length: next.number()?,
                })),
                None => Ok(None),
            },
            "open" | "openat" | "creat" => self.open(name, &mut next),
            "mkdir" | "mkdirat" => {
                let made = self.named(name == "mkdirat", &mut next)?;
                Ok(made.map(|folder| Operation::MakeFolder { folder }))
            }
            "unlink" | "unlinkat" => {
                let removed = self.named(name.ends_with("at"), &mut next)?;
                Ok(removed.map(|file| Operation::Remove { file }))
            }
            "rename" | "renameat" | "renameat2" => {
                let is_at = name != "rename";
                let (from, to) = (self.named(is_at, &mut next)?, self.named(is_at, &mut next)?);
                let folder = |name: &Option<String>| name.as_deref().and_then(parent);
                match (from, to) {
                    (from @ Some(_), to @ Some(_)) if folder(&from) != folder(&to) => {
                        bail!("{from:?} moves to another folder: not in the model yet")
                    }
                    (Some(from), Some(to)) => Ok(Some(Operation::Rename { from, to })),
                    (None, None) => Ok(None),
                    _ => bail!("a name crosses the border of the folder"),
                }
            }
            "mmap" => self.map(&mut next).map(|()| None),
            _ => self.other(name, arguments).map(|()| None),
        }
    }

    fn positioned_write(&self, next: &mut Arguments<'_>) -> Result<Option<Operation>> {
        let Some(file) = self.open_file(&next.descriptor()?)? else {
            return Ok(None);
        };
        let (octets, _, offset) = (next.octets()?, next.word()?, next.number()?);
        Ok(Some(Operation::Write {
            file,
            offset,
            octets,
        }))
    }

    fn output(&self, name: &str, next: &mut Arguments<'_>) -> Result<Option<Operation>> {
        let client_port = match next.descriptor()? {
            Descriptor::Tcp { client_port } => Some(client_port),
            Descriptor::Unix => None,
            file => match self.open_file(&file)? {
                Some(file) => bail!("{name} to {file}: where in it is not recorded"),
                None => return Ok(None),
            },
        };
        Ok(Some(Operation::Reply {
            client_port,
            octets: next.all_octets()?,
        }))
    }

    fn sync(&self, next: &mut Arguments<'_>) -> Result<Option<Operation>> {
        let descriptor = next.descriptor()?;
        if let Descriptor::Path(path) = &descriptor
            && Path::new(path) == self.folder
        {
            return Ok(Some(Operation::SyncFolder));
        }
        Ok(self
            .open_file(&descriptor)?
            .map(|file| Operation::Sync { file }))
    }

    fn open(&self, name: &str, next: &mut Arguments<'_>) -> Result<Option<Operation>> {
        let Some(file) = self.named(name == "openat", next)? else {
            return Ok(None);
        };
        let flags = if name == "creat" {
            b"O_CREAT|O_TRUNC"
        } else {
            next.word()?
        };
        let flags = std::str::from_utf8(flags)?;
        if flags.contains("O_TRUNC") {
            bail!("{file} is opened with {flags}: not in the model yet");
        }
        Ok(flags
            .contains("O_CREAT")
            .then_some(Operation::Create { file }))
    }

    /// A map that is written to behind the back of the recording would make it worthless.
    fn map(&self, next: &mut Arguments<'_>) -> Result<()> {
        let (_, _, rights, kind) = (next.word()?, next.word()?, next.word()?, next.word()?);
        let is_writable = rights.windows(10).any(|word| word == b"PROT_WRITE");
        let is_shared = kind.windows(10).any(|word| word == b"MAP_SHARED");
        if is_writable
            && is_shared
            && let Some(file) = self.open_file(&next.descriptor()?)?
        {
            bail!("{file} is mapped for writing: such changes are not recorded");
        }
        Ok(())
    }

    /// Calls that the model does not know must not touch our files.
    fn other(&self, name: &str, arguments: &[u8]) -> Result<()> {
        if name == "io_uring_setup" {
            bail!("io_uring is in use: such changes are not recorded");
        }
        let mentions = |text: &str| {
            let mut hex = String::new();
            for octet in text.bytes() {
                // Writing to a String cannot fail.
                let _ = write!(hex, "\\x{octet:02x}");
            }
            arguments
                .windows(hex.len())
                .any(|window| window == hex.as_bytes())
        };
        let touches = mentions(&self.folder.to_string_lossy());
        let rebuilt = REBUILT.iter().any(|name| mentions(name));
        if touches && !rebuilt {
            bail!("{name} on our files is not in the model yet");
        }
        Ok(())
    }

    /// The name of an open file, if it is one of ours.
    fn open_file(&self, descriptor: &Descriptor) -> Result<Option<String>> {
        match descriptor {
            Descriptor::Path(path) => self.ours(Path::new(path)),
            // Nobody can find such a file after a power cut: what is written to it is lost anyway.
            Descriptor::Removed(path) => match self.ours(Path::new(path))? {
                Some(file) => bail!("{file} is written to after its removal: not in the model"),
                None => Ok(None),
            },
            _ => Ok(None),
        }
    }

    /// A name in the arguments, perhaps behind the descriptor of a folder.
    fn named(&self, is_at: bool, next: &mut Arguments<'_>) -> Result<Option<String>> {
        let base = if is_at {
            next.descriptor()?
        } else {
            Descriptor::Other
        };
        let path = PathBuf::from(next.text()?);
        match base {
            Descriptor::Path(base) => self.ours(&Path::new(&base).join(path)),
            _ => self.ours(&path),
        }
    }

    fn ours(&self, path: &Path) -> Result<Option<String>> {
        let Ok(inside) = path.strip_prefix(&self.folder) else {
            return Ok(None);
        };
        let name = inside.to_str().context("a name that is not UTF-8")?;
        let is_rebuilt = REBUILT.iter().any(|ending| name.ends_with(ending));
        // Certificates are written by `init` and read by the server.
        let is_read_only = name.is_empty() || name == "hikyaku.toml" || name.starts_with("tls/");
        if is_rebuilt || is_read_only {
            return Ok(None);
        }
        Ok(Some(name.to_owned()))
    }
}

/// The folder that a name is in, unless it is the recorded one.
fn parent(name: &str) -> Option<String> {
    name.rsplit_once('/').map(|(folder, _)| folder.to_owned())
}

impl fmt::Display for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |wanted: fn(&Operation) -> bool| {
            self.operations
                .iter()
                .filter(|operation| wanted(operation))
                .count()
        };
        write!(
            f,
            "recorded: {} writes ({} to the database itself), {} syncs, {} replies, {} names",
            count(|one| matches!(one, Operation::Write { .. })),
            count(|one| matches!(one, Operation::Write { file, .. } if file == "hikyaku.db")),
            count(|one| matches!(one, Operation::Sync { .. } | Operation::SyncFolder)),
            count(|one| matches!(one, Operation::Reply { .. })),
            count(|one| matches!(one, Operation::Create { .. } | Operation::Remove { .. })),
        )
    }
}

/// Adds the lines of one run of strace to a recording.
#[derive(Debug)]
pub(super) struct Recorder<'a> {
    recording: &'a mut Recording,
    /// Calls that have begun, by thread; `None` where the call does not concern us.
    begun: HashMap<u32, Option<usize>>,
}

impl<'a> Recorder<'a> {
    pub(super) fn new(recording: &'a mut Recording) -> Self {
        Self {
            recording,
            begun: HashMap::new(),
        }
    }

    pub(super) fn line(&mut self, line: &[u8]) -> Result<()> {
        match Line::parse(line)? {
            Line::Whole {
                name,
                arguments,
                result,
                ..
            } => {
                if let Some(operation) = self.recording.operation(name, arguments)? {
                    let number = self.recording.begin(operation);
                    self.recording.steps.push(Step::End(number, result));
                }
            }
            Line::Begun {
                thread,
                name,
                arguments,
            } => {
                let operation = self.recording.operation(name, arguments)?;
                let number = operation.map(|operation| self.recording.begin(operation));
                self.begun.insert(thread, number);
            }
            Line::Resumed { thread, result, .. } => {
                if let Some(number) = self.begun.remove(&thread).context("no such call")? {
                    self.recording.steps.push(Step::End(number, result));
                }
            }
            Line::Other => {}
        }
        Ok(())
    }
}
