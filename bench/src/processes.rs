//! Memory and processor time of a system's processes, from /proc.

use std::collections::{HashMap, HashSet};
use std::fs;

use anyhow::{Context as _, Result};

/// What all processes of a system hold.
#[derive(Debug, Clone, Copy, Default)]
pub struct Memory {
    /// Proportional set size: pages shared by several processes count in parts. KiB.
    pub pss_kib: u64,
    /// Resident set size, the sum over the processes. KiB.
    pub rss_kib: u64,
    /// How many processes.
    pub processes: usize,
}

/// Of a process and everything it started.
pub fn memory(root: u32) -> Result<Memory> {
    let mut memory = Memory::default();
    for process in tree(root)? {
        // A process that ended in this moment holds nothing.
        let Ok(text) = fs::read_to_string(format!("/proc/{process}/smaps_rollup")) else {
            continue;
        };
        let (Some(pss), Some(rss)) = (field(&text, "Pss:"), field(&text, "Rss:")) else {
            continue;
        };
        memory.pss_kib += pss;
        memory.rss_kib += rss;
        memory.processes += 1;
    }
    Ok(memory)
}

/// Processor time in seconds that a process and everything it started have used, together with
/// those that ended and were waited for.
pub fn cpu_seconds(root: u32) -> Result<f64> {
    let mut ticks = 0;
    for process in tree(root)? {
        let Ok(text) = fs::read_to_string(format!("/proc/{process}/stat")) else {
            continue;
        };
        ticks += cpu_ticks(&text).unwrap_or(0);
    }
    Ok(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}

/// utime, stime, cutime and cstime (proc(5)): the 14th word and those after it. The second word is
/// the program's name in parentheses and may hold anything.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let words = after_name.split_ascii_whitespace().skip(11).take(4);
    words.map(|word| word.parse::<u64>().ok()).sum()
}

/// A process with its descendants.
fn tree(root: u32) -> Result<HashSet<u32>> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in fs::read_dir("/proc").context("cannot list processes")? {
        let name = entry?.file_name();
        let Some(process) = name.to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        if let Some(parent) = parent_of(process) {
            children.entry(parent).or_default().push(process);
        }
    }
    let (mut found, mut waiting) = (HashSet::new(), vec![root]);
    while let Some(process) = waiting.pop() {
        if found.insert(process) {
            waiting.extend(children.get(&process).into_iter().flatten());
        }
    }
    Ok(found)
}

fn parent_of(process: u32) -> Option<u32> {
    let text = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    u32::try_from(field(&text, "PPid:")?).ok()
}

fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_ascii_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_memory() {
        let memory = memory(std::process::id()).unwrap();
        assert!(memory.processes >= 1);
        assert!(memory.pss_kib > 100 && memory.rss_kib >= memory.pss_kib);
    }

    #[test]
    fn processor_time_is_read_behind_any_name() {
        let stat = "7 (a) b) S 1 1 1 0 -1 4 10 0 0 0 100 20 3 4 20 0 1 0 5 6";
        assert_eq!(cpu_ticks(stat), Some(127));
        assert!(cpu_seconds(std::process::id()).unwrap() >= 0.0);
    }

    #[test]
    fn fields_are_found_by_their_whole_name() {
        let text = "Rss:    10 kB\nPss_Dirty:  3 kB\nPss:     7 kB\n";
        assert_eq!(
            (field(text, "Pss:"), field(text, "Rss:")),
            (Some(7), Some(10))
        );
        assert_eq!(field(text, "Swap:"), None);
    }
}
