//! Reading: the mailbox that the deliveries filled, over IMAP and POP3.

use std::time::Instant;

use anyhow::{Context, Result, ensure};

use crate::Options;
use crate::conversation::Conversation;
use crate::host::{Host, PASSWORD, address};
use crate::measure::{Row, Table};

/// Sign-ins of one account after the other, each on a connection of its own.
const SIGN_INS: usize = 50;

/// Measures sign-in, listing and reading of the first account's mailbox.
pub(crate) fn run(host: &Host, options: &Options, table: &mut Table) -> Result<()> {
    sign_in(host, table)?;
    let messages = options.messages + (options.messages / 10).max(1);
    imap(host, messages, table).context("IMAP")?;
    pop3(host, messages, table).context("POP3")
}

fn sign_in(host: &Host, table: &mut Table) -> Result<()> {
    let mut times = Vec::new();
    let whole = Instant::now();
    for _ in 0..SIGN_INS {
        let started = Instant::now();
        signed_in(host)?.send(b"z LOGOUT\r\n")?;
        times.push(started.elapsed());
    }
    let name = "IMAP sign-ins of one account".to_owned();
    table.add(Row::new(name, times, whole.elapsed()));
    Ok(())
}

fn signed_in(host: &Host) -> Result<Conversation> {
    let mut conversation = Conversation::open(host.port(143))?;
    conversation.read_until(b"* OK")?;
    let login = format!("a LOGIN {} {PASSWORD}\r\n", address(0));
    conversation.send(login.as_bytes())?;
    conversation.read_until(b"a OK")?;
    Ok(conversation)
}

fn imap(host: &Host, messages: usize, table: &mut Table) -> Result<()> {
    let mut conversation = signed_in(host)?;
    let runs = [
        ("IMAP SELECT", &b"SELECT INBOX"[..], 1),
        (
            "IMAP FETCH 1:* (FLAGS UID), messages",
            b"FETCH 1:* (FLAGS UID)",
            messages,
        ),
        (
            "IMAP FETCH 1:* ENVELOPE, messages",
            b"FETCH 1:* ENVELOPE",
            messages,
        ),
        (
            "IMAP FETCH 1:* BODY.PEEK[], messages",
            b"FETCH 1:* BODY.PEEK[]",
            messages,
        ),
        (
            "IMAP SEARCH TEXT, messages",
            b"SEARCH TEXT nowhere",
            messages,
        ),
    ];
    for (name, command, count) in runs {
        conversation.send(&[b"b ", command, b"\r\n"].concat())?;
        let started = Instant::now();
        let bytes = conversation.read_until(b"b OK")?;
        ensure!(bytes > 0, "an answer");
        table.add(Row::of_whole(name.to_owned(), count, started.elapsed()));
    }
    Ok(())
}

fn pop3(host: &Host, messages: usize, table: &mut Table) -> Result<()> {
    let mut conversation = Conversation::open(host.port(110))?;
    conversation.read_until(b"+OK")?;
    let sign_in = format!("USER {}\r\nPASS {PASSWORD}\r\n", address(0));
    conversation.send(sign_in.as_bytes())?;
    conversation.read_until(b"+OK")?;
    conversation.read_until(b"+OK")?;
    let mut times = Vec::with_capacity(messages);
    let whole = Instant::now();
    for number in 1..=messages {
        let started = Instant::now();
        conversation.send(format!("RETR {number}\r\n").as_bytes())?;
        conversation.read_until(b"+OK")?;
        conversation.read_until(b".\r\n")?;
        times.push(started.elapsed());
    }
    table.add(Row::new("POP3 RETR".to_owned(), times, whole.elapsed()));
    conversation.send(b"QUIT\r\n")?;
    conversation.read_until(b"+OK")?;
    Ok(())
}
