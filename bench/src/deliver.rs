//! Deliveries: what the house is for. Each message is a transaction of its own, acknowledged when
//! it is on disk.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::Options;
use crate::conversation::Conversation;
use crate::host::{Host, address};
use crate::measure::{Row, Table};

/// Whose mailbox a run fills.
#[derive(Debug, Clone, Copy)]
enum Recipients {
    /// One mailbox: deliveries contend for its counters.
    One,
    /// A mailbox after the other.
    Spread,
}

/// Measures deliveries over SMTP, from one client and from many.
pub(crate) fn run(host: &Host, options: &Options, table: &mut Table) -> Result<()> {
    let smtp = host.port(25);
    let many = options.connections;
    let few = (options.messages / 10).max(1);
    let runs = [
        ("1 client, one mailbox", 1, few, Recipients::One),
        (
            "clients, one mailbox",
            many,
            options.messages,
            Recipients::One,
        ),
        (
            "clients, all mailboxes",
            many,
            options.messages,
            Recipients::Spread,
        ),
    ];
    for (name, clients, messages, recipients) in runs {
        let (times, whole) = deliver(smtp, clients, messages, options.size_bytes, recipients)?;
        let name = match clients {
            1 => format!("SMTP deliveries, {name}"),
            _ => format!("SMTP deliveries, {clients} {name}"),
        };
        table.add(Row::new(name, times, whole));
    }
    Ok(())
}

fn deliver(
    smtp: SocketAddr,
    clients: usize,
    messages: usize,
    size_bytes: usize,
    recipients: Recipients,
) -> Result<(Vec<Duration>, Duration)> {
    let next = AtomicUsize::new(0);
    let client = || -> Result<Vec<Duration>> {
        let mut conversation = Conversation::open(smtp)?;
        conversation.expect_reply("220")?;
        conversation.send(b"EHLO client.bench.test\r\n")?;
        conversation.expect_reply("250")?;
        let mut times = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= messages {
                conversation.send(b"QUIT\r\n")?;
                conversation.expect_reply("221")?;
                return Ok(times);
            }
            let recipient = match recipients {
                Recipients::One => address(0),
                Recipients::Spread => address(number),
            };
            let content = content(number, size_bytes);
            let started = Instant::now();
            send_one(&mut conversation, &recipient, &content)?;
            times.push(started.elapsed());
        }
    };
    let started = Instant::now();
    let mut times = Vec::with_capacity(messages);
    std::thread::scope(|scope| -> Result<()> {
        let threads: Vec<_> = (0..clients).map(|_| scope.spawn(client)).collect();
        for thread in threads {
            let of_one = thread
                .join()
                .map_err(|_| anyhow::anyhow!("a client panicked"))?;
            times.extend(of_one.context("an SMTP client")?);
        }
        Ok(())
    })?;
    Ok((times, started.elapsed()))
}

fn send_one(conversation: &mut Conversation, recipient: &str, content: &[u8]) -> Result<()> {
    let envelope =
        format!("MAIL FROM:<sender@elsewhere.test>\r\nRCPT TO:<{recipient}>\r\nDATA\r\n");
    conversation.send(envelope.as_bytes())?;
    for code in ["250", "250", "354"] {
        conversation.expect_reply(code)?;
    }
    conversation.send(content)?;
    conversation.expect_reply("250")
}

/// A message of about this size with its final dot; no two have the same content.
fn content(number: usize, size_bytes: usize) -> Vec<u8> {
    let mut text = format!(
        "From: Sender <sender@elsewhere.test>\r\nTo: Reader <reader@bench.test>\r\n\
         Subject: Letter {number} of the run\r\nDate: Mon, 2 Nov 2026 09:12:41 +0900\r\n\
         Message-ID: <{number}.{}@elsewhere.test>\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=us-ascii\r\n\r\n",
        std::process::id()
    );
    // Words from a small generator, so that compression has about as much to do as with real text.
    let mut state = number as u64 ^ 0x9e37_79b9_7f4a_7c15;
    let mut column = 0;
    while text.len() < size_bytes {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let word = WORDS[(state >> 33) as usize % WORDS.len()];
        text.push_str(word);
        column += word.len() + 1;
        text.push(' ');
        if column > 66 {
            text.push_str("\r\n");
            column = 0;
        }
    }
    text.push_str("\r\n.\r\n");
    text.into_bytes()
}

const WORDS: [&str; 32] = [
    "the", "letter", "of", "and", "courier", "to", "road", "in", "station", "a", "morning",
    "carried", "with", "before", "every", "house", "answer", "not", "river", "paid", "for",
    "twice", "three", "hundred", "we", "have", "received", "your", "order", "number", "please",
    "confirm",
];
