//! Fuzz targets as plain functions: `make test` runs them over seeds and mutations, cargo-fuzz
//! over whatever it finds. Each panics when an invariant is broken.

use bytes::Bytes;

use crate::{
    CommandReader, Event, Limits, MailboxName, NameEncoding, Partial, RawCommand, Request,
    ResponseBuf, Section, SectionName,
    client::{ClientLimits, Response, ResponseReader},
    list_matches, utf7,
};

/// Reads one command; what is understood is written out and read again, and must be the same.
pub fn command(data: &[u8]) {
    let limits = Limits::default();
    let raw = RawCommand::from_bytes(data);
    let utf8 = Limits {
        names: NameEncoding::Utf8,
        ..limits
    };
    let _ = Request::parse(&raw, &utf8);
    match Request::parse(&raw, &limits) {
        Ok(request) => {
            let mut written = Vec::new();
            request.write(&mut written);
            let again = Request::parse(&RawCommand::from_bytes(written.clone()), &limits);
            match again {
                Ok(again) => assert_eq!(again, request, "{}", written.escape_ascii()),
                Err(error) => panic!("{error}: {}", written.escape_ascii()),
            }
        }
        Err(error) => {
            assert!(error.at() <= data.len());
            assert!(error.to_string().is_ascii());
        }
    }
}

/// Feeds a connection's bytes whole and in pieces; both ways must give the same commands, refusals
/// and messages. What the reader takes for one command must not be read further by the parser.
pub fn reader(data: &[u8]) {
    let whole = transcript(data, data.len());
    assert_eq!(transcript(data, 1), whole);
    assert_eq!(transcript(data, 7), whole);
}

/// What a session would see, as a text to compare. Every message is accepted, or refused when its
/// size is odd.
fn transcript(data: &[u8], piece: usize) -> Vec<String> {
    let mut reader = CommandReader::new(Limits {
        line: 200,
        literal: 100,
        command: 400,
        message: 1000,
        discard: 500,
        ..Limits::default()
    });
    let mut seen = Vec::new();
    let mut message = Vec::new();
    for piece in data.chunks(piece.max(1)) {
        let mut rest = piece;
        loop {
            let (consumed, event) = reader.feed(rest);
            let (taken, after) = rest
                .split_at_checked(consumed)
                .expect("invariant: within input");
            rest = after;
            match event {
                Event::NeedMore => {
                    assert!(rest.is_empty());
                    break;
                }
                Event::MessageData => message.extend_from_slice(taken),
                Event::Message { literal, .. } if literal.size % 2 == 0 => reader.accept_message(),
                Event::Message { .. } => match reader.refuse_message() {
                    Event::NeedMore => {}
                    Event::Fatal(refusal) => {
                        seen.push(format!("fatal {refusal:?}"));
                        return seen;
                    }
                    refusal => seen.push(format!("{refusal:?}")),
                },
                Event::Command(raw) => {
                    let parsed = Request::parse(&raw, reader.limits());
                    seen.push(format!("{parsed:?} {:?}", std::mem::take(&mut message)));
                    // Every third line is taken for a bare one.
                    if seen.len() % 3 == 0 {
                        reader.expect_line();
                    }
                }
                Event::Fatal(refusal) => {
                    seen.push(format!("fatal {refusal:?}"));
                    return seen;
                }
                other => seen.push(format!("{other:?}")),
            }
        }
    }
    seen
}

/// Reads a mailbox name; it must survive being written and read again.
pub fn mailbox_name(data: &[u8]) {
    let name = MailboxName::from_wire(data);
    let mut wire = Vec::new();
    utf7::encode(name.as_str(), &mut wire);
    assert!(wire.iter().all(|byte| matches!(byte, b' '..=b'~')));
    assert_eq!(MailboxName::from_wire(&wire), name);
    let text = String::from_utf8_lossy(data);
    if let Some((pattern, name)) = text.split_once('\n') {
        list_matches(pattern, name);
    }
}

/// Writes a name for a client that has enabled UTF-8: it is one atom, quoted string or literal.
fn utf8_name(text: &str) {
    let mut buffer = ResponseBuf::new();
    buffer.set_names(NameEncoding::Utf8);
    buffer.list(crate::ListLine::List, [], text);
    let written = buffer.to_vec();
    let line = written
        .strip_suffix(b"\r\n")
        .expect("a line ends with CRLF");
    let name = line.strip_prefix(b"* LIST () \"/\" ").expect("its start");
    match name {
        [b'{', ..] => assert!(name.ends_with(text.replace('\0', "").as_bytes())),
        _ => assert!(
            !name
                .iter()
                .any(|byte| byte.is_ascii_control() && *byte != b'\t')
        ),
    }
}

/// Writes hostile strings into answers; the lines must stay in step: with the literals taken out,
/// each line ends once, at its end, and is 7-bit.
pub fn response(data: &[u8]) {
    let mut buffer = ResponseBuf::new();
    let text = String::from_utf8_lossy(data);
    utf8_name(&text);
    buffer.untagged(crate::Condition::Ok, None, &text);
    buffer.list(crate::ListLine::List, [], &text);
    buffer.id([(&*text, "value")]);
    let parsed = hikyaku_message::ParsedMessage::parse(data);
    let mut fetch = buffer.fetch(1);
    fetch.envelope(&parsed.envelope);
    fetch.structure(&parsed.structure, crate::Extensions::Shown);
    fetch.structure(&parsed.structure, crate::Extensions::Hidden);
    let partial: Option<Partial> = None;
    let name = SectionName::Body(&Section::WHOLE, partial);
    fetch.content(name, Some(Bytes::copy_from_slice(data)));
    fetch.end();
    let written = buffer.to_vec();
    assert_eq!(written.len(), buffer.len());
    assert_eq!(lines(&written), 4, "{}", written.escape_ascii());
}

/// Counts the answers in `bytes` and checks their form.
fn lines(mut bytes: &[u8]) -> usize {
    let mut count = 0;
    while let Some(at) = bytes.iter().position(|byte| *byte == b'\n') {
        let (line, rest) = bytes.split_at(at + 1);
        let line = line.strip_suffix(b"\r\n").expect("a line ends with CRLF");
        assert!(line.iter().all(|byte| matches!(byte, b'\t' | b' '..=b'~')));
        bytes = rest;
        // A quoted string cannot end with a bare brace at the end of a line: a quote follows.
        match crate::reader::Literal::at_line_end(line) {
            Some(literal) => {
                let size = usize::try_from(literal.size).expect("a size that was written");
                bytes = rest.get(size..).expect("a literal is complete");
            }
            None => count += 1,
        }
    }
    assert!(bytes.is_empty());
    count
}

/// Feeds what a server says whole and in pieces; both ways must give the same responses.
pub fn client(data: &[u8]) {
    let whole = responses(data, data.len());
    assert_eq!(responses(data, 1), whole);
    assert_eq!(responses(data, 5), whole);
}

/// What a client would see, as a text to compare.
fn responses(data: &[u8], piece: usize) -> Vec<String> {
    let mut reader = ResponseReader::new(ClientLimits {
        text: 400,
        pieces: 20,
        literals: 100,
        discard: 1_000,
    });
    let mut seen = Vec::new();
    for mut rest in data.chunks(piece.max(1)) {
        loop {
            match reader.feed(rest) {
                Ok((taken, Some(raw))) => {
                    seen.push(format!("{:?}", Response::parse(&raw)));
                    rest = rest.get(taken..).expect("invariant: within input");
                }
                Ok((taken, None)) => {
                    assert_eq!(taken, rest.len());
                    break;
                }
                Err(error) => {
                    seen.push(error.to_string());
                    return seen;
                }
            }
        }
    }
    seen
}
