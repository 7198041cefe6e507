//! Messages for tests, each unlike all others.

use std::{
    fmt::Write as _,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use anyhow::{Context as _, Result};

use crate::seed::Seed;

/// Octets of a line of a message that cannot be compressed.
const NOISE_LINE: usize = 76;

static NEXT: AtomicU64 = AtomicU64::new(1);

/// A message with a Message-ID of its own.
#[derive(Debug, Clone)]
pub struct TestMail {
    /// Message-ID without its brackets.
    pub id: String,
    /// The bytes, lines ending in CRLF; no line begins with a dot.
    pub bytes: Vec<u8>,
}

impl TestMail {
    /// A message of about `size` bytes.
    pub fn of_size(size: usize) -> Self {
        let number = NEXT.fetch_add(1, Relaxed);
        let (id, mut text) = header(number);
        let mut line = 0;
        while text.len() < size {
            line += 1;
            // Writing to a String cannot fail.
            let _ = write!(
                text,
                "{number}-{line}: 飛脚は手紙を運ぶ。 couriers carry letters.\r\n"
            );
        }
        Self {
            id,
            bytes: text.into_bytes(),
        }
    }

    /// A message of about `size` bytes that compression makes hardly smaller, as attachments are:
    /// what it takes on the disk is about its size.
    pub fn incompressible(size: usize, seed: &mut Seed) -> Self {
        const LETTERS: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let (id, text) = header(NEXT.fetch_add(1, Relaxed));
        let mut bytes = text.into_bytes();
        while bytes.len() < size {
            for _ in 0..NOISE_LINE {
                let letter = usize::try_from(seed.below(64)).unwrap_or(0);
                bytes.push(LETTERS[letter]);
            }
            bytes.extend_from_slice(b"\r\n");
        }
        Self { id, bytes }
    }
}

impl Default for TestMail {
    fn default() -> Self {
        Self::of_size(1024)
    }
}

fn header(number: u64) -> (String, String) {
    let id = format!("{}.{number}@test.example", std::process::id());
    let text = format!(
        "From: Sender <sender@remote.example>\r\nTo: someone@example.test\r\n\
         Subject: =?UTF-8?B?6KmV5L6h?= {number}\r\nDate: Sat, 21 Nov 2026 09:00:00 +0900\r\n\
         Message-ID: <{id}>\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    );
    (id, text)
}

/// The Message-ID in the lines of a header, without its brackets.
pub fn message_id(header: &[String]) -> Result<String> {
    header
        .iter()
        .find_map(|line| {
            let (name, value) = line.split_once(':')?;
            let value = value.trim().strip_prefix('<')?.strip_suffix('>')?;
            name.eq_ignore_ascii_case("message-id")
                .then(|| value.to_owned())
        })
        .context("no Message-ID")
}
