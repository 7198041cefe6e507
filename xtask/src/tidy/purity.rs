//! What a floor's sources may not contain, although the compiler would let them.

use super::Problem;
use super::floors::{Floor, floor_of};
use super::lexer::find_word;
use super::tree::{File, Tree};

/// Effects that the standard library offers and the ground floor does without.
const EFFECTS: &[&str] = &[
    "std::fs",
    "std::env",
    "std::process",
    "std::thread",
    "std::io::stdin",
    "SystemTime",
    "Instant",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "UnixStream",
    "RandomState",
];
/// Words of protocols. `mailstore` hosts mail, whoever asks.
const PROTOCOLS: &[&str] = &["imap", "pop3", "smtp", "lmtp", "jmap", "fetch"];

/// The rules `effect`, `sql` and `protocol-word`.
pub(crate) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for file in tree.files() {
        let Some(room) = room_of(file) else { continue };
        match floor_of(room) {
            Some(Floor::Ground) => problems.extend(effects(file)),
            Some(Floor::Third) => problems.extend(sql(file)),
            _ if room == "mailstore" => problems.extend(protocol_words(file)),
            _ => {}
        }
    }
    problems
}

/// The room whose shipped sources a file belongs to.
fn room_of(file: &File) -> Option<&str> {
    let (room, rest) = file.path().strip_prefix("crates/")?.split_once('/')?;
    (rest.starts_with("src/") && !file.is_test()).then_some(room)
}

/// The lines of code outside of tests, from 1.
fn shipped(file: &File) -> impl Iterator<Item = (usize, &str)> {
    file.source().into_iter().flat_map(|source| {
        let lines = source.code().iter().enumerate();
        lines
            .filter(|(number, _)| !source.is_test(*number))
            .map(|(number, line)| (number + 1, line.as_str()))
    })
}

fn effects(file: &File) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (number, line) in shipped(file) {
        let effect = EFFECTS.iter().find(|word| find_word(line, word).is_some());
        if let Some(effect) = effect {
            let message = format!("the ground floor has no effects: `{effect}`");
            problems.push(Problem::new("effect", file.path(), number, message));
        }
    }
    problems
}

fn sql(file: &File) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (number, line) in shipped(file) {
        if line.contains("params![") {
            let message = "protocols know no SQL; ask a room of the second floor";
            problems.push(Problem::new("sql", file.path(), number, message));
        }
    }
    problems
}

fn protocol_words(file: &File) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (number, line) in shipped(file) {
        let lower = line.to_lowercase();
        let word = PROTOCOLS
            .iter()
            .find(|word| parts(&lower).any(|part| part == **word));
        if let Some(word) = word {
            let message = format!("`{word}` is a protocol's word; mailstore serves them all");
            problems.push(Problem::new("protocol-word", file.path(), number, message));
        }
    }
    problems
}

/// The parts of names: `fetch_rows` is `fetch` and `rows`.
fn parts(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::tree::Tree;

    #[test]
    fn floors_keep_to_themselves() {
        let table = [
            ("crates/message/src/a.rs", "use std::fs;", Some("effect")),
            (
                "crates/message/src/a.rs",
                "let now = Instant::now();",
                Some("effect"),
            ),
            ("crates/message/src/a.rs", "use std::net::IpAddr;", None),
            ("crates/message/src/a.rs", "// std::fs is not used", None),
            ("crates/message/src/a/tests.rs", "use std::fs;", None),
            (
                "crates/message/src/a.rs",
                "#[cfg(test)]\nmod tests { use std::fs; }",
                None,
            ),
            ("crates/message/tests/a.rs", "use std::fs;", None),
            ("crates/db/src/a.rs", "use std::fs;", None),
            (
                "crates/imap/src/a.rs",
                "tx.query(s, params![1])",
                Some("sql"),
            ),
            ("crates/mailstore/src/a.rs", "tx.query(s, params![1])", None),
            (
                "crates/mailstore/src/a.rs",
                "fn fetch_rows() {}",
                Some("protocol-word"),
            ),
            ("crates/mailstore/src/a.rs", "fn prefetched() {}", None),
            ("crates/mailstore/src/a.rs", "/// For IMAP FETCH.", None),
            (
                "crates/mailstore/src/a.rs",
                "enum A { Imap }",
                Some("protocol-word"),
            ),
        ];
        for (path, text, rule) in table {
            let problems = check(&Tree::of(&[(path, text)]));
            let found = problems.first().map(|problem| problem.rule);
            assert_eq!(found, rule, "{path}: {text:?}");
        }
    }
}
