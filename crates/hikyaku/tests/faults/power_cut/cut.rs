//! Power cuts: when, and what they leave on the disk.

use std::{collections::BTreeMap, fmt};

use hikyaku_testkit::seed::Seed;

use super::{
    disk::{Change, Disk, FOLDER, Inode, put},
    promises::Promises,
    recording::{Moment, Recording},
};

/// What a disk writes as a whole or not at all.
const SECTOR: usize = 512;

/// What happens to that which was on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// All of it is lost.
    Lost,
    /// All of it arrived just so.
    Kept,
    /// Of each change, so many of 100 arrive; of the others a third is torn.
    Mixed(u64),
}

/// A power cut.
#[derive(Debug, Clone)]
pub(super) struct CutPoint {
    /// The last step that happened.
    pub(super) moment: Moment,
    fate: Fate,
    seed: Seed,
}

impl fmt::Display for CutPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "power cut behind step {}, what was on its way {:?}",
            self.moment, self.fate
        )
    }
}

impl CutPoint {
    /// So many cuts, in the order of time: some in the very moment in which something was promised,
    /// some at the syncs and at the changes of names, which are few, the others anywhere.
    pub(super) fn choose(
        count: u64,
        promises: &Promises,
        recording: &Recording,
        seed: &mut Seed,
    ) -> Vec<Self> {
        let (promised, turning) = (promises.moments(), recording.turning_points());
        let steps = recording.steps.len() as u64;
        let mut points: Vec<Self> = (0..count)
            .map(|_| {
                let chosen = match seed.below(10) {
                    0..=3 => seed.pick(&promised).copied(),
                    4..=6 => seed.pick(&turning).copied(),
                    _ => None,
                };
                let anywhere = usize::try_from(seed.below(steps)).unwrap_or(0);
                let fate = match seed.below(5) {
                    0 | 1 => Fate::Lost,
                    2 => Fate::Kept,
                    _ => Fate::Mixed(seed.below(100)),
                };
                let moment = chosen.unwrap_or(anywhere);
                Self {
                    moment,
                    fate,
                    seed: seed.split(),
                }
            })
            .collect();
        points.sort_by_key(|point| point.moment);
        points
    }

    /// So many cuts, each in the moment of a promise, with nothing left of what was on its way.
    pub(super) fn merciless(count: usize, promises: &Promises) -> Vec<Self> {
        let mut moments = promises.moments();
        moments.sort_unstable();
        let step = (moments.len() / count).max(1);
        let chosen = moments.into_iter().step_by(step).take(count);
        let point = |moment| Self {
            moment,
            fate: Fate::Lost,
            seed: Seed::new(0),
        };
        chosen.map(point).collect()
    }

    /// The files that are found when the power is back; names of folders end in a slash.
    pub(super) fn leaves(&self, disk: &Disk) -> BTreeMap<String, Vec<u8>> {
        let mut seed = self.seed.clone();
        let (names, pending) = disk.names();
        let mut names = names.clone();
        for change in pending {
            if self.fate.spares(&mut seed) {
                change.what.apply(&mut names);
            }
        }
        let found = reachable(&names);
        let contents = |inode| {
            if inode == FOLDER {
                return Vec::new();
            }
            let file = disk.file(inode);
            let mut contents = file.durable.clone();
            for change in &file.pending {
                if self.fate.spares(&mut seed) {
                    change.what.apply(&mut contents);
                } else if self.fate.tears(&mut seed) {
                    tear(&change.what, &mut contents, &mut seed);
                }
            }
            contents
        };
        let inodes: Vec<_> = found.values().copied().map(contents).collect();
        found.into_keys().zip(inodes).collect()
    }
}

/// The names to which all folders above them lead.
fn reachable(names: &BTreeMap<String, Inode>) -> BTreeMap<String, Inode> {
    let is_folder = |name: &str| names.get(name) == Some(&FOLDER);
    let leads = |name: &str| {
        let ends = name.match_indices('/').map(|(end, _)| end);
        ends.filter_map(|end| name.get(..end)).all(is_folder)
    };
    let found = names.iter().filter(|(name, _)| leads(name));
    let shown = found.map(|(name, inode)| match *inode {
        FOLDER => (format!("{name}/"), FOLDER),
        inode => (name.clone(), inode),
    });
    shown.collect()
}

impl Fate {
    fn spares(self, seed: &mut Seed) -> bool {
        match self {
            Self::Lost => false,
            Self::Kept => true,
            Self::Mixed(percent) => seed.percent(percent),
        }
    }

    fn tears(self, seed: &mut Seed) -> bool {
        matches!(self, Self::Mixed(_)) && seed.percent(33)
    }
}

/// Half of the sectors arrive.
fn tear(change: &Change, contents: &mut Vec<u8>, seed: &mut Seed) {
    let Change::Write { offset, octets } = change else {
        return;
    };
    let mut start = *offset;
    let mut rest = octets.as_slice();
    while !rest.is_empty() {
        let length = (SECTOR - start % SECTOR).min(rest.len());
        let (sector, behind) = rest.split_at(length);
        if seed.percent(50) {
            put(contents, start, sector);
        }
        start += length;
        rest = behind;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_its_folder_a_file_is_not_found() {
        let names = |names: &[(&str, Inode)]| {
            let names = names
                .iter()
                .map(|(name, inode)| ((*name).to_owned(), *inode));
            reachable(&names.collect()).into_keys().collect::<Vec<_>>()
        };
        assert_eq!(names(&[("a", 0), ("f/g", FOLDER), ("f/g/b", 1)]), ["a"]);
        let whole = [("a", 0), ("f", FOLDER), ("f/b", 1)];
        assert_eq!(names(&whole), ["a", "f/", "f/b"]);
    }

    #[test]
    fn a_torn_write_arrives_by_sectors() {
        let change = Change::Write {
            offset: 500,
            octets: vec![b'x'; 2000],
        };
        let mut seed = Seed::new(1);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..50 {
            let mut contents = vec![b'.'; 3000];
            tear(&change, &mut contents, &mut seed);
            for (number, sector) in contents.chunks(SECTOR).enumerate() {
                let inside = match number {
                    0 => &sector[500..],
                    4 => &sector[..2500 - 4 * SECTOR],
                    5 => continue,
                    _ => sector,
                };
                assert!(
                    inside.iter().all(|octet| *octet == inside[0]),
                    "sector {number}"
                );
            }
            seen.insert(contents);
        }
        assert!(seen.len() > 10, "not random: {}", seen.len());
    }
}
