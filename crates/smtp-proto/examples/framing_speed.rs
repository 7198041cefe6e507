//! Measures how fast DATA and BDAT are read, against copying the same octets:
//! `cargo run --release -p hikyaku-smtp-proto --example framing_speed`.

use std::{hint::black_box, time::Instant};

use hikyaku_smtp_proto::{ChunkReader, ContentLimits, DataReader, LineLimit, Progress};

/// Octets that come at once: a TLS record.
const PIECE: usize = 16 * 1024;

/// Octets of the message.
const MESSAGE: usize = 100 * 1024;

const LIMITS: ContentLimits = ContentLimits {
    size: 25 << 20,
    line: LineLimit::Unlimited,
};

fn main() {
    let mut wire = Vec::new();
    let mut line = 0_usize;
    while wire.len() < MESSAGE {
        // Base64 of an attachment, with a stuffed dot now and then.
        line += 1;
        if line.is_multiple_of(50) {
            wire.extend_from_slice(b"..");
        }
        wire.extend_from_slice(&[b'A' + u8::try_from(line % 26).unwrap_or(0); 76]);
        wire.extend_from_slice(b"\r\n");
    }
    let content = wire.len() as u64;
    wire.extend_from_slice(b".\r\n");
    report("copy", wire.len(), || {
        let mut copy = Vec::new();
        for piece in wire.chunks(PIECE) {
            copy.extend_from_slice(black_box(piece));
        }
        copy.len()
    });
    report("DATA", wire.len(), || {
        let mut reader = DataReader::new(LIMITS);
        for piece in wire.chunks(PIECE) {
            if let Progress::Done(_) = reader.push(black_box(piece)) {
                break;
            }
        }
        reader.finish().map_or(0, |message| message.len())
    });
    report("BDAT", wire.len(), || {
        let mut reader = ChunkReader::new(LIMITS);
        reader.begin(content);
        for piece in wire.chunks(PIECE) {
            reader.push(black_box(piece));
        }
        reader.finish().map_or(0, |message| message.len())
    });
}

/// Runs `read` for about a second and prints how much it read in that time.
fn report(name: &str, octets: usize, read: impl Fn() -> usize) {
    let start = Instant::now();
    let mut rounds = 0_u32;
    while start.elapsed().as_secs_f64() < 1.0 {
        for _ in 0..100 {
            assert!(black_box(read()) > 0, "the message was read");
        }
        rounds += 100;
    }
    let seconds = start.elapsed().as_secs_f64();
    let total = octets as f64 * f64::from(rounds);
    let micros = seconds * 1e6 / f64::from(rounds);
    println!(
        "{name}: {:.2} GB/s, {micros:.1} µs for {octets} octets",
        total / seconds / 1e9
    );
}
