//! Messages to load a system with: like business mail, and no two alike.
//!
//! Text is made of words, English and Japanese in turn, so that it compresses about as real text
//! does; larger messages carry the rest as an attachment of random bytes, which do not compress.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::random::Random;

/// From this size on a message has an attachment.
const ATTACHMENT_FROM: usize = 16 * 1024;
/// Text of a message that has an attachment, in bytes.
const TEXT_BESIDE_ATTACHMENT: usize = 2 * 1024;
/// Columns of a line of text, and of base64 (RFC 2045 §6.8).
const COLUMNS: usize = 76;

const ENGLISH: [&str; 64] = [
    "account",
    "afternoon",
    "agenda",
    "agreement",
    "again",
    "and",
    "answer",
    "approval",
    "are",
    "attached",
    "before",
    "branch",
    "budget",
    "can",
    "carrier",
    "colleague",
    "confirm",
    "contract",
    "customer",
    "date",
    "delivery",
    "department",
    "discuss",
    "document",
    "draft",
    "every",
    "figure",
    "for",
    "from",
    "goods",
    "have",
    "invoice",
    "is",
    "later",
    "letter",
    "market",
    "meeting",
    "morning",
    "next",
    "not",
    "of",
    "offer",
    "office",
    "on",
    "order",
    "our",
    "payment",
    "please",
    "price",
    "project",
    "quarter",
    "receive",
    "report",
    "request",
    "review",
    "sample",
    "schedule",
    "send",
    "shipment",
    "that",
    "the",
    "tomorrow",
    "we",
    "with",
];
const JAPANESE: [&str; 48] = [
    "お世話になっております",
    "株式会社",
    "御社",
    "弊社",
    "会議",
    "資料",
    "添付",
    "ご確認",
    "ください",
    "よろしく",
    "お願いいたします",
    "本日",
    "明日",
    "午前",
    "午後",
    "見積書",
    "請求書",
    "契約",
    "納期",
    "変更",
    "について",
    "ご連絡",
    "ありがとうございます",
    "部長",
    "課長",
    "担当",
    "営業部",
    "総務部",
    "飛脚",
    "東京",
    "大阪",
    "京都",
    "発送",
    "荷物",
    "予定",
    "検討",
    "承知しました",
    "いたしました",
    "の件",
    "に関して",
    "おります",
    "です",
    "ます",
    "、",
    "。",
    "では",
    "また",
    "ご査収",
];

/// Makes the messages of one sender.
#[derive(Debug)]
pub struct Letters {
    random: Random,
    /// Of the run and the sender: part of each Message-ID.
    seed: u64,
    serial: u64,
    size_bytes: usize,
    binary: Vec<u8>,
    encoded: String,
}

impl Letters {
    /// Messages of about this size; the seed must be another one for each sender of each run.
    pub const fn new(seed: u64, size_bytes: usize) -> Self {
        Self {
            random: Random::new(seed),
            seed,
            serial: 0,
            size_bytes,
            binary: Vec::new(),
            encoded: String::new(),
        }
    }

    /// The next message, CRLF line ends, without a final dot; replaces what is in the buffer.
    ///
    /// No line begins with a dot, so it can be sent as it is.
    pub fn write(&mut self, to: &str, out: &mut Vec<u8>) {
        out.clear();
        self.serial += 1;
        let (seed, serial) = (self.seed, self.serial);
        let words: &[&str] = if serial % 2 == 0 { &JAPANESE } else { &ENGLISH };
        let topic = words[self.random.below(words.len())].as_bytes();
        let topic = STANDARD.encode(topic);
        let header = format!(
            "From: Sender <sender@elsewhere.test>\r\nTo: <{to}>\r\n\
             Subject: =?UTF-8?B?{topic}?= {serial}\r\nDate: Mon, 2 Nov 2026 09:12:41 +0900\r\n\
             Message-ID: <{seed:016x}.{serial}@elsewhere.test>\r\nMIME-Version: 1.0\r\n"
        );
        out.extend_from_slice(header.as_bytes());
        if self.size_bytes < ATTACHMENT_FROM {
            out.extend_from_slice(TEXT_HEADER.as_bytes());
            self.text(words, self.size_bytes, out);
        } else {
            self.with_attachment(words, out);
        }
    }

    fn with_attachment(&mut self, words: &[&str], out: &mut Vec<u8>) {
        let boundary = format!("=_{:016x}.{}", self.seed, self.serial);
        let start = format!(
            "Content-Type: multipart/mixed; boundary=\"{boundary}\"\r\n\r\n--{boundary}\r\n\
             {TEXT_HEADER}"
        );
        out.extend_from_slice(start.as_bytes());
        self.text(words, out.len() + TEXT_BESIDE_ATTACHMENT, out);
        let attachment = format!(
            "--{boundary}\r\nContent-Type: application/octet-stream; name=\"data.bin\"\r\n\
             Content-Transfer-Encoding: base64\r\n\
             Content-Disposition: attachment; filename=\"data.bin\"\r\n\r\n"
        );
        out.extend_from_slice(attachment.as_bytes());
        let end = format!("--{boundary}--\r\n");
        let room = self.size_bytes.saturating_sub(out.len() + end.len());
        // 57 bytes become a line of 76 and its line end.
        self.binary.resize(room / (COLUMNS + 2) * 57, 0);
        self.random.fill(&mut self.binary);
        self.encoded.clear();
        STANDARD.encode_string(&self.binary, &mut self.encoded);
        for line in self.encoded.as_bytes().chunks(COLUMNS) {
            out.extend_from_slice(line);
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(end.as_bytes());
    }

    /// Words until the buffer has this length.
    fn text(&mut self, words: &[&str], until: usize, out: &mut Vec<u8>) {
        let mut column = 0;
        while out.len() + 2 < until {
            let word = words[self.random.below(words.len())];
            out.extend_from_slice(word.as_bytes());
            out.push(b' ');
            column += word.len() + 1;
            if column > COLUMNS - 12 {
                out.extend_from_slice(b"\r\n");
                column = 0;
            }
        }
        out.extend_from_slice(b"\r\n");
    }
}

const TEXT_HEADER: &str =
    "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n";

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn body(message: &[u8]) -> Vec<u8> {
        let start = message
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .unwrap();
        message[start + 4..].to_vec()
    }

    #[test]
    fn no_two_messages_or_bodies_are_alike() {
        let (mut messages, mut bodies, mut ids) = (HashSet::new(), HashSet::new(), HashSet::new());
        let mut out = Vec::new();
        for seed in 0..8 {
            let mut letters = Letters::new(seed, 4_096);
            for _ in 0..500 {
                letters.write("user@bench.test", &mut out);
                let text = String::from_utf8(out.clone()).unwrap();
                let id = text
                    .lines()
                    .find(|line| line.starts_with("Message-ID:"))
                    .unwrap();
                assert!(ids.insert(id.to_owned()), "{id} twice");
                assert!(bodies.insert(body(&out)), "a body twice");
                assert!(messages.insert(out.clone()), "a message twice");
            }
        }
    }

    #[test]
    fn sizes_are_met() {
        for size in [4_096, 100 * 1024] {
            let mut letters = Letters::new(3, size);
            let mut out = Vec::new();
            for _ in 0..20 {
                letters.write("user@bench.test", &mut out);
                let off = out.len().abs_diff(size);
                assert!(off < 100, "{} instead of {size}", out.len());
            }
        }
    }

    #[test]
    fn messages_are_clean_on_the_wire() {
        for size in [4_096, 100 * 1024] {
            let mut letters = Letters::new(9, size);
            let mut out = Vec::new();
            for _ in 0..4 {
                letters.write("user@bench.test", &mut out);
                assert!(out.ends_with(b"\r\n"));
                let text = String::from_utf8(out.clone()).unwrap();
                for line in text.split("\r\n") {
                    assert!(!line.starts_with('.') && !line.contains(['\r', '\n']));
                    assert!(line.len() <= 998);
                }
            }
        }
    }
}
