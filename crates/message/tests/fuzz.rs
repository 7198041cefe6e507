//! Feeds the fuzz targets with the corpus, with hand-picked nasty pieces and with thousands of
//! mutations of both. Deterministic: the same inputs in every run.

use std::{fs, path::Path};

use hikyaku_message::fuzz::TARGETS;

/// Mutations of each seed, for each target. `FUZZ_ROUNDS` multiplies them for a longer search.
const MUTATIONS: u32 = 24;

/// Seeds are cut to this size, in bytes, so that the many rounds stay fast.
const MAX_SEED: usize = 4096;

/// What parsers choke on, put into seeds at random places.
const PIECES: [&[u8]; 40] = [
    b"\r\n",
    b"\n",
    b"\r",
    b"\r\n\r\n",
    b"\0",
    b"\xff",
    b"\x1b$B",
    b"\x1b(B",
    b"\x1b(I",
    b"\x0e",
    b"=?utf-8?B?",
    b"=?iso-2022-jp?Q?",
    b"?=",
    b"=?",
    b"\xe5\xb1",
    b"\x81",
    b"\x8f",
    b"=",
    b"=\r\n",
    b"--b\r\n",
    b"--b--\r\n",
    b"--",
    b"(",
    b")",
    b"\"",
    b"\\",
    b"<",
    b">",
    b":",
    b";",
    b",",
    b"@",
    b"Content-Type: multipart/mixed; boundary=b\r\n",
    b"Content-Type: message/rfc822\r\n\r\n",
    b"Content-Transfer-Encoding: base64\r\n",
    b"filename*0*=utf-8''%E5",
    b"*1=",
    b"&#x5c71;",
    b"<style>",
    b"+2D0-",
];

/// Xorshift: small, fast, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `limit`, which is not zero.
    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    /// `seed` with one to eight changes.
    fn mutate(&mut self, seed: &[u8], others: &[Vec<u8>]) -> Vec<u8> {
        let mut data = seed.to_vec();
        for _ in 0..=self.below(8) {
            let at = self.below(data.len() + 1);
            match self.below(7) {
                0 => data.truncate(at),
                1 if at < data.len() => data[at] ^= 1 << self.below(8),
                2 if at < data.len() => data[at] = self.next() as u8,
                3 => {
                    let piece = PIECES[self.below(PIECES.len())];
                    data.splice(at..at, piece.iter().copied());
                }
                4 => {
                    let end = at + self.below(64).min(data.len() - at);
                    data.drain(at..end);
                }
                5 => {
                    let end = at + self.below(256).min(data.len() - at);
                    let copy = data[at..end].to_vec();
                    data.splice(at..at, copy);
                }
                _ => {
                    let other = &others[self.below(others.len())];
                    let start = self.below(other.len() + 1);
                    data.truncate(at);
                    data.extend_from_slice(&other[start..]);
                }
            }
        }
        data.truncate(MAX_SEED * 2);
        data
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = PIECES.iter().map(|piece| piece.to_vec()).collect();
    seeds.push(Vec::new());
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    for topic in fs::read_dir(corpus).expect("the corpus is part of the source") {
        let topic = topic.expect("the corpus can be listed").path();
        if !topic.is_dir() {
            continue;
        }
        for file in fs::read_dir(topic).expect("the corpus can be listed") {
            let path = file.expect("the corpus can be listed").path();
            if path.extension().is_some_and(|extension| extension == "eml") {
                let mut bytes = fs::read(path).expect("the corpus can be read");
                bytes.truncate(MAX_SEED);
                seeds.push(bytes);
            }
        }
    }
    assert!(seeds.len() > 100, "the corpus is missing");
    seeds.sort();
    seeds
}

/// Stored envelopes and structures of all seeds, so that the decoder sees more than rubbish.
fn with_stored_forms(mut seeds: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    for index in 0..seeds.len() {
        let parsed = hikyaku_message::ParsedMessage::parse(&seeds[index]);
        seeds.push(parsed.envelope.encode());
        seeds.push(parsed.structure.encode());
    }
    seeds
}

fn run(name: &str) {
    let target = TARGETS
        .iter()
        .find(|target| target.name == name)
        .expect("the target exists");
    let seeds = seeds();
    let seeds = if name == "stored" {
        with_stored_forms(seeds)
    } else {
        seeds
    };
    let rounds: u32 = std::env::var("FUZZ_ROUNDS").map_or(1, |n| n.parse().expect("a number"));
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for seed in &seeds {
        (target.run)(seed);
        for _ in 0..MUTATIONS * rounds {
            (target.run)(&random.mutate(seed, &seeds));
        }
    }
}

macro_rules! targets {
    ($($name:ident),*) => {
        $(#[test] fn $name() { run(stringify!($name)); })*

        #[test]
        fn every_target_is_run() {
            let run: &[&str] = &[$(stringify!($name)),*];
            assert!(TARGETS.iter().all(|target| run.contains(&target.name)));
        }
    };
}

targets!(
    message,
    headers,
    encoded_words,
    charsets,
    text_encoding,
    bodies,
    stored,
    building
);
