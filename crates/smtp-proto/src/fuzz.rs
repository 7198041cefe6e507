//! Targets for the fuzzer, and for the ordinary tests, which run them over seeds and mutations.
//! Each panics when an invariant is broken.

use crate::{
    AuthRule, ChunkReader, Command, ContentLimits, DataReader, Fault, Flow, Greeting, LineLimit,
    MAX_REPLY_LINE, PlainPasswords, Progress, Protocol, Tls,
    client::{DotStuffing, Extensions, MAX_SUMMARY, ReplyReader},
    command::{Last, Smtputf8},
    reply::table,
};

/// Octets of a message in these targets at most, so that inputs cross it.
const SIZE: u64 = 200;

/// One command line.
pub fn command(line: &[u8]) {
    match Command::parse(line) {
        Ok(Command::Mail(mail)) => {
            let utf8 = mail.sender.is_some_and(|sender| sender.needs_utf8());
            assert!(!utf8 || mail.smtputf8 == Smtputf8::Yes);
        }
        Ok(command) => assert!(line.len() >= command.verb().len()),
        Err(error) => {
            let mut wire = Vec::new();
            table::syntax(&error).encode(&mut wire);
            assert_reply(&wire);
        }
    }
}

/// A message behind DATA; the first octet says in how large pieces it comes.
pub fn data(input: &[u8]) {
    let Some((&piece, input)) = input.split_first() else {
        return;
    };
    let limits = ContentLimits {
        size: SIZE,
        line: LineLimit::Unlimited,
    };
    let mut reader = DataReader::new(limits);
    let mut consumed = 0;
    let mut done = false;
    for part in input.chunks(usize::from(piece).max(1)) {
        match reader.push(part) {
            Progress::More => consumed += part.len(),
            Progress::Done(octets) => {
                consumed += octets;
                done = true;
                break;
            }
        }
    }
    let (read, _) = input.split_at_checked(consumed).unwrap_or((input, &[]));
    assert_eq!(done, end_of(input).is_some());
    assert_eq!(consumed, end_of(input).unwrap_or(input.len()));
    if let (true, Ok(message)) = (done, reader.finish()) {
        assert!(message.len() as u64 <= SIZE);
        assert!(!has_bare_newline(&message));
        assert_eq!(message, unstuff(read));
    }
}

/// A message in chunks: each begins with an octet for its size; one of size 0 is the last.
pub fn chunks(input: &[u8]) {
    let mut reader = ChunkReader::new(ContentLimits {
        size: SIZE,
        line: LineLimit::Octets(50),
    });
    let mut whole = Vec::new();
    let mut rest = input;
    while let Some((&size, after)) = rest.split_first() {
        reader.begin(u64::from(size));
        let taken = reader.push(after);
        assert_eq!(taken, after.len().min(usize::from(size)));
        assert_eq!(reader.remaining(), u64::from(size) - taken as u64);
        let (chunk, following) = after.split_at_checked(taken).unwrap_or((after, &[]));
        whole.extend_from_slice(chunk);
        rest = following;
        if size == 0 || reader.remaining() > 0 {
            break;
        }
    }
    assert_eq!(reader.received(), whole.len() as u64);
    match reader.finish() {
        Ok(message) => {
            assert!(!has_bare_newline(&message));
            assert!(message == whole || message == [&whole[..], b"\r\n"].concat());
        }
        Err(Fault::TooBig) => assert!(whole.len() as u64 > SIZE),
        Err(Fault::BareCr | Fault::BareLf) => assert!(has_bare_newline(&whole)),
        Err(Fault::LineTooLong) => assert!(whole.split(|b| *b == b'\n').any(|l| l.len() > 50)),
        Err(Fault::Abandoned) => unreachable!("nobody gave up"),
    }
}

/// A session: lines, each of which is done when it is allowed, or refused by a rule of its length.
pub fn session(input: &[u8]) {
    let mut flow = Flow::new(
        Protocol::Smtp,
        Tls::Offered,
        AuthRule::Required,
        PlainPasswords::OnlyUnderTls,
    );
    let mut recipients = 0;
    for line in input.split(|byte| *byte == b'\n') {
        let Ok(command) = Command::parse(line) else {
            continue;
        };
        if flow.check(&command).is_err() {
            continue;
        }
        match command {
            Command::Ehlo(_) => flow.greeted(Greeting::Extended),
            Command::Helo(_) => flow.greeted(Greeting::Helo),
            Command::StartTls => {
                flow.tls_started();
                assert_eq!(flow.greeting(), None);
            }
            Command::Auth(_) => {
                assert_eq!(flow.tls(), Tls::Active);
                flow.signed_in();
            }
            Command::Mail(mail) => {
                assert!(flow.is_signed_in() && flow.greeting().is_some());
                recipients = 0;
                flow.sender_accepted(mail.smtputf8);
            }
            Command::Rcpt(_) if line.len() % 3 == 0 => flow.recipient_refused(),
            Command::Rcpt(_) => {
                recipients += 1;
                flow.recipient_accepted();
            }
            Command::Bdat(bdat) if bdat.last == Last::No => {
                assert!(recipients > 0);
                flow.chunk_accepted();
            }
            Command::Data | Command::Bdat(_) => {
                assert!(recipients > 0 && flow.is_signed_in());
                flow.reset();
            }
            Command::Rset => flow.reset(),
            _ => {}
        }
    }
}

/// Lines of a server, as one reply; then as what it offers.
pub fn server_reply(input: &[u8]) {
    let mut reader = ReplyReader::default();
    for line in input.split(|byte| *byte == b'\n') {
        match reader.push(line) {
            Ok(None) => {}
            Ok(Some(reply)) => {
                assert!((200..600).contains(&reply.code()));
                let summary = reply.summary();
                assert!(summary.chars().count() <= MAX_SUMMARY);
                assert!(!summary.contains(char::is_control));
                let class = reply.enhanced().map(|enhanced| u16::from(enhanced.class));
                assert!(class.is_none_or(|class| class == reply.code() / 100));
                let offered = Extensions::of(&reply);
                assert!(offered.auth.len() <= Extensions::MAX_MECHANISMS);
            }
            Err(_) => break,
        }
    }
}

/// A message as a client frames it, in pieces of the first octet's size: a server reads the same
/// message, with every line end as CRLF.
pub fn stuffing(input: &[u8]) {
    let Some((&piece, message)) = input.split_first() else {
        return;
    };
    let (mut stuffing, mut wire) = (DotStuffing::default(), Vec::new());
    for part in message.chunks(usize::from(piece).max(1)) {
        stuffing.push(part, &mut wire);
    }
    stuffing.finish(&mut wire);
    assert!(!has_bare_newline(&wire));
    let mut reader = DataReader::new(ContentLimits {
        size: u64::MAX,
        line: LineLimit::Unlimited,
    });
    assert_eq!(reader.push(&wire), Progress::Done(wire.len()));
    assert_eq!(reader.finish().ok(), Some(with_crlf(message)));
}

/// The text with every CR, LF and CRLF as CRLF, and one at its end.
fn with_crlf(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut before = 0;
    for &byte in text {
        match (before, byte) {
            (b'\r', b'\n') => {}
            (_, b'\r' | b'\n') => out.extend_from_slice(b"\r\n"),
            _ => out.push(byte),
        }
        before = byte;
    }
    if !out.is_empty() && !out.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// Where the message ends, found the slow way.
fn end_of(input: &[u8]) -> Option<usize> {
    if input.starts_with(b".\r\n") {
        return Some(3);
    }
    input
        .windows(5)
        .position(|window| window == b"\r\n.\r\n")
        .map(|at| at + 5)
}

fn has_bare_newline(text: &[u8]) -> bool {
    let mut before = 0;
    for byte in text.iter().chain([&0]) {
        if (before == b'\r') != (*byte == b'\n') {
            return true;
        }
        before = *byte;
    }
    false
}

/// The message that a client meant, found the slow way: without the final dot, and without the
/// first dot of every line.
fn unstuff(read: &[u8]) -> Vec<u8> {
    let text = read.strip_suffix(b".\r\n").unwrap_or(read);
    let lines = text.split_inclusive(|byte| *byte == b'\n');
    lines
        .flat_map(|line| line.strip_prefix(b".").unwrap_or(line))
        .copied()
        .collect()
}

/// What is on the wire is one whole reply.
fn assert_reply(wire: &[u8]) {
    assert!(wire.ends_with(b"\r\n") && wire.is_ascii());
    for line in wire.split_inclusive(|byte| *byte == b'\n') {
        assert!(line.len() <= MAX_REPLY_LINE && !has_bare_newline(line));
    }
}
