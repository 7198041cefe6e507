//! The fuzz targets over their seeds and over mutations of them, the same in every run.

use std::{fs, path::Path};

use hikyaku_imap_proto::fuzz;

/// How many mutations of each seed are tried.
const MUTATIONS: u32 = 2000;

/// A small generator of numbers (xorshift), so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 as usize) % limit.max(1)
    }
}

/// Pieces that mean something in this grammar.
const DICTIONARY: [&[u8]; 30] = [
    b"\r\n",
    b"\n",
    b"\r",
    b"\0",
    b"\"",
    b"\\",
    b"(",
    b")",
    b"{3}\r\n",
    b"{3+}\r\n",
    b"{0}\r\n",
    b"{4294967296}\r\n",
    b" ",
    b"*",
    b"%",
    b":",
    b",",
    b"&",
    b"&-",
    b"&Jjo-",
    b"\xff",
    b"\xe6\x97\xa5",
    b"NOT ",
    b"OR ",
    b"[",
    b"]",
    b"<0.1>",
    b"NIL",
    b"\\Seen",
    b"a APPEND x {4}\r\n",
];

fn mutate(seed: &[u8], random: &mut Random) -> Vec<u8> {
    let mut data = seed.to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(data.len() + 1);
        let piece = DICTIONARY[random.below(DICTIONARY.len())];
        match random.below(5) {
            0 => {
                data.splice(at..at, piece.iter().copied());
            }
            1 => {
                let end = (at + piece.len()).min(data.len());
                data.splice(at..end, piece.iter().copied());
            }
            2 => {
                let end = (at + random.below(8)).min(data.len());
                data.drain(at..end);
            }
            3 => {
                if let Some(byte) = data.get_mut(at) {
                    *byte ^= 1 << random.below(8);
                }
            }
            _ => {
                let end = (at + random.below(16)).min(data.len());
                let copy = data[at..end].to_vec();
                let to = random.below(data.len() + 1);
                data.splice(to..to, copy);
            }
        }
    }
    data
}

fn run(name: &str, target: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/seeds")
        .join(name);
    let mut seeds: Vec<_> = fs::read_dir(&folder)
        .expect("a folder of seeds")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    seeds.sort();
    assert!(!seeds.is_empty(), "no seeds in {}", folder.display());
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for path in seeds {
        let seed = fs::read(&path).expect("a seed");
        target(&seed);
        for _ in 0..MUTATIONS {
            let data = mutate(&seed, &mut random);
            let passed = std::panic::catch_unwind(|| target(&data)).is_ok();
            assert!(
                passed,
                "{} fails on b\"{}\"",
                path.display(),
                data.escape_ascii()
            );
        }
    }
}

#[test]
fn command() {
    run("command", fuzz::command);
}

#[test]
fn reader() {
    run("reader", fuzz::reader);
}

#[test]
fn mailbox_name() {
    run("mailbox_name", fuzz::mailbox_name);
}

#[test]
fn response() {
    run("response", fuzz::response);
}

#[test]
fn client() {
    run("client", fuzz::client);
}
