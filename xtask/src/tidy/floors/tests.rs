//! Tables of the floors: imports that are refused, and why.

use super::{DRIVER_ROOM, HOUSE, check, floor_of};
use crate::tidy::tree::Tree;

const LOCK: &str = "\
[[package]]
name = \"innocent\"
dependencies = [
 \"between\",
]
[[package]]
name = \"between\"
dependencies = [
 \"tokio 1.0.0\",
]
[[package]]
name = \"idna\"
";

/// The messages about one manifest with one dependency table.
fn messages(room: &str, table: &str, dependency: &str) -> Vec<String> {
    let path = format!("crates/{room}/Cargo.toml");
    let text = format!("[{table}]\n{dependency}.workspace = true\n");
    let tree = Tree::of(&[(&path, &text), ("Cargo.lock", LOCK)]);
    let problems = check(&tree);
    problems.into_iter().map(|found| found.message).collect()
}

#[test]
fn imports_go_downward_and_in_order() {
    let table = [
        ("message", "hikyaku-types", None),
        (
            "types",
            "hikyaku-message",
            Some("the order within the floor"),
        ),
        (
            "sasl",
            "hikyaku-imap-proto",
            Some("the order within the floor"),
        ),
        ("message", "hikyaku-db", Some("db is on a higher floor")),
        ("blob", "hikyaku-db", None),
        ("db", "hikyaku-blob", Some("the order within the floor")),
        ("net", "hikyaku-db", Some("the order within the floor")),
        ("transport", "hikyaku-mailstore", None),
        (
            "mailstore",
            "hikyaku-transport",
            Some("the order within the floor"),
        ),
        (
            "directory",
            "hikyaku-imap",
            Some("imap is on a higher floor"),
        ),
        ("imap", "hikyaku-mailstore", None),
        (
            "imap",
            "hikyaku-smtp",
            Some("rooms of the third floor never import"),
        ),
        (
            "http-api",
            "hikyaku-imap",
            Some("rooms of the third floor never import"),
        ),
        ("server", "hikyaku-imap", None),
        (
            "server",
            "hikyaku-testkit",
            Some("the order within the floor"),
        ),
        ("hikyaku", "hikyaku-server", None),
        ("cellar", "hikyaku-types", Some("this crate has no floor")),
    ];
    for (room, dependency, expected) in table {
        let found = messages(room, "dependencies", dependency);
        match expected {
            None => assert_eq!(found, [""; 0], "{room} → {dependency}"),
            Some(start) => {
                assert_eq!(found.len(), 1, "{room} → {dependency}: {found:?}");
                assert!(
                    found[0].starts_with(start),
                    "{room} → {dependency}: {found:?}"
                );
            }
        }
    }
}

#[test]
fn tests_may_start_the_whole_house_but_not_import_a_neighbour() {
    assert!(messages("imap", "dev-dependencies", "hikyaku-testkit").is_empty());
    assert_eq!(
        messages("imap", "dev-dependencies", "hikyaku-smtp").len(),
        1
    );
    assert_eq!(messages("imap", "dependencies", "hikyaku-testkit").len(), 1);
}

#[test]
fn only_db_names_drivers() {
    assert!(messages(DRIVER_ROOM, "dependencies", "rusqlite").is_empty());
    assert_eq!(messages("mailstore", "dependencies", "rusqlite").len(), 1);
    assert_eq!(
        messages("mailstore", "dev-dependencies", "postgres").len(),
        1
    );
}

#[test]
fn the_ground_floor_is_pure_all_the_way_down() {
    assert!(messages("types", "dependencies", "idna").is_empty());
    assert_eq!(messages("types", "dependencies", "tokio").len(), 1);
    assert_eq!(messages("types", "dependencies", "innocent").len(), 1);
    assert!(messages("types", "dev-dependencies", "innocent").is_empty());
    assert!(messages("net", "dependencies", "innocent").is_empty());
}

#[test]
fn the_table_of_the_house_is_consistent() {
    for (room, floor, beside) in HOUSE {
        for other in *beside {
            assert_eq!(floor_of(other), Some(*floor), "{room} beside {other}");
            assert_ne!(room, other);
        }
    }
}
