//! The floors of the house (ARCHITECTURE.md): which crate may import which.

use std::collections::BTreeSet;

use super::Problem;
use super::manifest::{self, Kind, Manifest};
use super::tree::Tree;

/// A floor; a crate imports from lower ones, and within one only as [`HOUSE`] says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Floor {
    /// Pure: no I/O, no clock, no randomness.
    Ground,
    /// Effects, each behind a small interface.
    First,
    /// Mail hosting, without protocol words.
    Second,
    /// One protocol each.
    Third,
    /// Wiring, the binary, the test kit.
    Roof,
}

use Floor::{First, Ground, Roof, Second, Third};

/// Every room: its floor, and the rooms of the same floor that it may import.
const HOUSE: &[(&str, Floor, &[&str])] = &[
    ("types", Ground, &[]),
    ("message", Ground, &["types"]),
    ("smtp-proto", Ground, &["types", "message"]),
    ("imap-proto", Ground, &["types", "message"]),
    ("sasl", Ground, &["types", "message"]),
    ("sieve", Ground, &["types", "message"]),
    ("db", First, &[]),
    ("blob", First, &["db"]),
    ("net", First, &[]),
    ("dns", First, &[]),
    ("directory", Second, &[]),
    ("oplog", Second, &["directory"]),
    ("access", Second, &["directory"]),
    ("mailstore", Second, &["directory"]),
    ("jobs", Second, &["directory", "access", "mailstore"]),
    ("transport", Second, TRANSPORT),
    ("mailauth", Second, AFTER_TRANSPORT),
    ("protection", Second, AFTER_TRANSPORT),
    ("governance", Second, AFTER_TRANSPORT),
    ("lists", Second, AFTER_TRANSPORT),
    ("collector", Second, AFTER_TRANSPORT),
    ("notices", Second, AFTER_TRANSPORT),
    ("control", Second, AFTER_NOTICES),
    ("smtp", Third, &[]),
    ("imap", Third, &[]),
    ("pop3", Third, &[]),
    ("managesieve", Third, &[]),
    ("jmap", Third, &[]),
    ("http-api", Third, &[]),
    ("ldap", Third, &[]),
    ("finger", Third, &[]),
    ("authdns", Third, &[]),
    ("server", Roof, &[]),
    ("hikyaku", Roof, &["server"]),
    ("testkit", Roof, &["server"]),
];
const TRANSPORT: &[&str] = &["directory", "access", "mailstore", "jobs"];
const AFTER_TRANSPORT: &[&str] = &["directory", "access", "mailstore", "jobs", "transport"];
const AFTER_NOTICES: &[&str] = &[
    "directory",
    "oplog",
    "access",
    "mailstore",
    "jobs",
    "transport",
    "notices",
];

/// What would make the ground floor impure, anywhere in its tree of dependencies.
const IMPURE: &[&str] = &[
    "tokio",
    "mio",
    "rusqlite",
    "postgres",
    "tokio-postgres",
    "hyper",
    "rand",
];
/// The database drivers, and the one room that may name them.
const DRIVERS: &[&str] = &[
    "rusqlite",
    "libsqlite3-sys",
    "postgres",
    "tokio-postgres",
    "postgres-types",
    "tokio-postgres-rustls",
];
const DRIVER_ROOM: &str = "db";

/// The floor of a room, by its folder's name.
pub(crate) fn floor_of(room: &str) -> Option<Floor> {
    HOUSE
        .iter()
        .find(|(name, _, _)| *name == room)
        .map(|(_, floor, _)| *floor)
}

/// The rules `floor`, `driver` and `pure-tree`.
pub(crate) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for manifest in manifest::crates(tree) {
        let Some((_, floor, beside)) = HOUSE.iter().find(|(name, _, _)| *name == manifest.room)
        else {
            let message = "this crate has no floor; give it one in xtask/src/tidy/floors.rs";
            problems.push(Problem::new("floor", manifest.path, 1, message));
            continue;
        };
        problems.extend(imports(&manifest, *floor, beside));
        problems.extend(drivers(&manifest));
        if *floor == Ground {
            problems.extend(impure(tree, &manifest));
        }
    }
    problems
}

fn imports(manifest: &Manifest<'_>, floor: Floor, beside: &[&str]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for dependency in &manifest.dependencies {
        let name = dependency.name.as_str();
        let room = name.strip_prefix("hikyaku-").unwrap_or(name);
        let (true, Some(other)) = (name.starts_with("hikyaku"), floor_of(room)) else {
            continue;
        };
        // Tests may start the whole house, whatever they belong to.
        let for_tests = dependency.kind == Kind::Dev && matches!(room, "testkit" | "hikyaku");
        if other < floor || beside.contains(&room) || for_tests {
            continue;
        }
        let message = match (other, floor) {
            (Third, Third) => format!("rooms of the third floor never import one another: {room}"),
            _ if other == floor => format!("the order within the floor forbids to import {room}"),
            _ => format!("{room} is on a higher floor"),
        };
        problems.push(Problem::new("floor", manifest.path, dependency.line, message).about(room));
    }
    problems
}

fn drivers(manifest: &Manifest<'_>) -> Vec<Problem> {
    if manifest.room == DRIVER_ROOM {
        return Vec::new();
    }
    let named = manifest.dependencies.iter();
    named
        .filter(|dependency| DRIVERS.contains(&dependency.name.as_str()))
        .map(|dependency| {
            let message = format!(
                "only {DRIVER_ROOM} names a database driver: {}",
                dependency.name
            );
            Problem::new("driver", manifest.path, dependency.line, message).about(&dependency.name)
        })
        .collect()
}

/// Follows the normal dependencies through Cargo.lock.
fn impure(tree: &Tree, manifest: &Manifest<'_>) -> Vec<Problem> {
    let Some(lock) = tree.find("Cargo.lock") else {
        return Vec::new();
    };
    let packages = manifest::locked(lock.text());
    let mut problems = Vec::new();
    for dependency in &manifest.dependencies {
        // Rooms are checked on their own; the lock file mixes in what their tests need.
        if dependency.kind == Kind::Dev || dependency.name.starts_with("hikyaku-") {
            continue;
        }
        let mut seen = BTreeSet::new();
        let mut waiting = vec![dependency.name.clone()];
        while let Some(name) = waiting.pop() {
            if seen.insert(name.clone()) {
                waiting.extend(packages.get(&name).into_iter().flatten().cloned());
            }
        }
        if let Some(found) = IMPURE.iter().find(|name| seen.contains(**name)) {
            let message = format!(
                "the ground floor is pure, and `{}` brings in `{found}`",
                dependency.name
            );
            problems.push(Problem::new(
                "pure-tree",
                manifest.path,
                dependency.line,
                message,
            ));
        }
    }
    problems
}

#[cfg(test)]
mod tests;
