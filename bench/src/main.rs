//! Measures a server over its protocols, the way clients use it: `make bench`.
//!
//! The server is another process, reached over loopback; the clients here are plain blocking
//! threads on the standard library, one per connection, so that they cost as little as can be
//! beside it. What is counted is what a client has been told: a delivery counts when `250` has
//! arrived.

mod conversation;
mod deliver;
mod host;
mod measure;
mod read;

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use host::Host;
use measure::Table;

const USAGE: &str = "\
usage: hikyaku-bench --binary PATH --dir PATH [OPTIONS]

  --binary       the server to measure, built with --release
  --dir          an empty folder for its data; on the disk that counts
  --database     PostgreSQL instead of SQLite
  --messages     deliveries of each run (2000)
  --connections  clients at once (16)
  --size         bytes of a message (4096)";

/// What to measure.
#[derive(Debug, Clone)]
struct Options {
    binary: PathBuf,
    folder: PathBuf,
    database: Option<String>,
    messages: usize,
    connections: usize,
    size_bytes: usize,
}

fn main() -> Result<()> {
    let options = options(std::env::args().skip(1))?;
    let host = Host::start(&options)?;
    let mut table = Table::default();
    deliver::run(&host, &options, &mut table)?;
    read::run(&host, &options, &mut table)?;
    host.stop()?;
    print!("{table}");
    Ok(())
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options> {
    let mut options = Options {
        binary: PathBuf::new(),
        folder: PathBuf::new(),
        database: None,
        messages: 2_000,
        connections: 16,
        size_bytes: 4_096,
    };
    while let Some(name) = arguments.next() {
        let value = arguments.next().with_context(|| USAGE.to_owned())?;
        match name.as_str() {
            "--binary" => options.binary = value.into(),
            "--dir" => options.folder = value.into(),
            "--database" => options.database = Some(value),
            "--messages" => options.messages = value.parse()?,
            "--connections" => options.connections = value.parse()?,
            "--size" => options.size_bytes = value.parse()?,
            _ => bail!("{USAGE}"),
        }
    }
    if options.binary.as_os_str().is_empty() || options.folder.as_os_str().is_empty() {
        bail!("{USAGE}");
    }
    if options.messages == 0 || options.connections == 0 {
        bail!("there must be something to measure\n{USAGE}");
    }
    Ok(options)
}
