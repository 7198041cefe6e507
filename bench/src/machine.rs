//! The machine that the figures are of.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result};

use crate::statistics::Times;

/// Writes to disk that the probe times.
const PROBES: usize = 200;

/// One line per fact, name and value.
pub fn describe(folder: &Path) -> Result<Vec<(String, String)>> {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = after(&cpu, "model name").unwrap_or("unknown");
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let memory = after(&memory, "MemTotal").unwrap_or("unknown");
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').take(3).collect::<Vec<_>>().join(" ");
    let facts = [
        ("processor", format!("{model}, {cores} cores")),
        ("memory", memory.to_owned()),
        ("kernel", kernel.trim().to_owned()),
        ("load at the start", load),
        ("file system", file_system(folder)),
        ("write of 4 KiB and fdatasync", sync_time(folder)?),
    ];
    Ok(facts.map(|(name, value)| (name.to_owned(), value)).into())
}

fn after<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim())
}

/// The type and options of the file system that holds the folder.
fn file_system(folder: &Path) -> String {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let holder = mounts
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ');
            let place = words.nth(1)?;
            let (kind, options) = (words.next()?, words.next()?);
            folder
                .starts_with(place)
                .then(|| (place.len(), format!("{kind} ({options})")))
        })
        .max();
    holder.map_or_else(|| "unknown".to_owned(), |(_, found)| found)
}

/// What a durable write costs at least: everything below rests on it.
fn sync_time(folder: &Path) -> Result<String> {
    let path = folder.join("sync-probe");
    let mut file = File::create(&path).context("cannot write where the data goes")?;
    let mut times = Times::default();
    for _ in 0..PROBES {
        let started = Instant::now();
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
        times.push(started.elapsed());
    }
    fs::remove_file(&path)?;
    let mut percentile = |share| times.percentile_ms(share).unwrap_or_default();
    Ok(format!(
        "median {:.2} ms, p99 {:.2} ms",
        percentile(0.5),
        percentile(0.99)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fact_has_a_value() {
        let facts = describe(&std::env::temp_dir()).unwrap();
        assert_eq!(facts.len(), 6);
        assert!(
            facts.iter().all(|(_, value)| !value.is_empty()),
            "{facts:?}"
        );
    }
}
