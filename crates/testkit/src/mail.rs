//! Messages for tests, each unlike all others.

use std::{
    fmt::Write as _,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

static NEXT: AtomicU64 = AtomicU64::new(1);

/// A message with a Message-ID of its own.
#[derive(Debug, Clone)]
pub struct TestMail {
    /// Message-ID without its brackets.
    pub id: String,
    /// The bytes, lines ending in CRLF.
    pub bytes: Vec<u8>,
}

impl TestMail {
    /// A small message of about `size` bytes.
    pub fn of_size(size: usize) -> Self {
        let number = NEXT.fetch_add(1, Relaxed);
        let id = format!("{}.{number}@test.example", std::process::id());
        let mut text = format!(
            "From: Sender <sender@remote.example>\r\nTo: someone@example.test\r\n\
             Subject: =?UTF-8?B?6KmV5L6h?= {number}\r\nDate: Sat, 21 Nov 2026 09:00:00 +0900\r\n\
             Message-ID: <{id}>\r\nMIME-Version: 1.0\r\n\
             Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        );
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
}

impl Default for TestMail {
    fn default() -> Self {
        Self::of_size(1024)
    }
}
