//! Memory of a system's processes, from /proc.

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
pub fn of_tree(root: u32) -> Result<Memory> {
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
        let memory = of_tree(std::process::id()).unwrap();
        assert!(memory.processes >= 1);
        assert!(memory.pss_kib > 100 && memory.rss_kib >= memory.pss_kib);
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
