//! Tests of the reader: every input whole, byte by byte and split at every position.

use super::*;

fn limits() -> Limits {
    Limits {
        line: 100,
        literal: 20,
        message: 1000,
        command: 150,
        discard: 200,
        ..Limits::default()
    }
}

/// Whether [`run`] accepts messages.
#[derive(Clone, Copy, PartialEq)]
enum Messages {
    Accept,
    Refuse,
}

/// Feeds the pieces one after the other; what happened, as text.
fn run(pieces: &[&[u8]], messages: Messages) -> Vec<String> {
    let mut reader = CommandReader::new(limits());
    let mut seen = Vec::new();
    let mut message = Vec::new();
    for piece in pieces {
        let mut rest = *piece;
        loop {
            let (consumed, event) = reader.feed(rest);
            let taken = &rest[..consumed];
            rest = &rest[consumed..];
            match event {
                Event::NeedMore => {
                    assert!(rest.is_empty());
                    break;
                }
                Event::NeedContinuation { size } => seen.push(format!("continue {size}")),
                Event::Message { tag, head, literal } => {
                    let (mailbox, size) = (head.mailbox.as_str(), literal.size);
                    seen.push(format!(
                        "message {} {mailbox} {size} {:?}",
                        tag.as_str(),
                        literal.sync
                    ));
                    match messages {
                        Messages::Accept => reader.accept_message(),
                        Messages::Refuse => match reader.refuse_message() {
                            Event::NeedMore => {}
                            Event::Refused(refusal) => seen.push(refused(&refusal)),
                            Event::Fatal(refusal) => {
                                seen.push(format!("fatal {}", refusal.kind));
                                return seen;
                            }
                            other => panic!("{other:?}"),
                        },
                    }
                }
                Event::MessageData => message.extend_from_slice(taken),
                Event::Command(raw) => {
                    if !message.is_empty() {
                        seen.push(format!(
                            "data {}",
                            std::mem::take(&mut message).escape_ascii()
                        ));
                    }
                    seen.push(raw.bytes.escape_ascii().to_string());
                }
                Event::Line(line) => seen.push(format!("line {}", line.escape_ascii())),
                Event::Refused(refusal) => seen.push(refused(&refusal)),
                Event::Fatal(refusal) => {
                    seen.push(format!("fatal {}", refusal.kind));
                    return seen;
                }
            }
        }
    }
    seen
}

fn refused(refusal: &Refusal) -> String {
    format!(
        "refused {} {}",
        refusal.tag.as_ref().map_or("-", Tag::as_str),
        refusal.kind
    )
}

/// Checks an input in every splitting.
fn check_with(input: &[u8], messages: Messages, expected: &[&str]) {
    assert_eq!(run(&[input], messages), expected, "whole");
    let bytes: Vec<&[u8]> = input.chunks(1).collect();
    assert_eq!(run(&bytes, messages), expected, "byte by byte");
    for at in 0..=input.len() {
        let (one, two) = input.split_at(at);
        assert_eq!(run(&[one, two], messages), expected, "split at {at}");
    }
}

fn check(input: &[u8], expected: &[&str]) {
    check_with(input, Messages::Accept, expected);
}

#[test]
fn lines_are_commands() {
    check(b"a NOOP\r\nb NOOP\nc", &["a NOOP\\r\\n", "b NOOP\\n"]);
    check(b"\r\n\n", &["\\r\\n", "\\n"]);
}

#[test]
fn literals_belong_to_their_command() {
    check(
        b"a LOGIN {2}\r\nab {3}\r\nc\r\n\r\nb NOOP\r\n",
        &[
            "continue 2",
            "continue 3",
            "a LOGIN {2}\\r\\nab {3}\\r\\nc\\r\\n\\r\\n",
            "b NOOP\\r\\n",
        ],
    );
    check(
        b"a LOGIN {2+}\r\nab {0+}\r\n\r\nb NOOP\r\n",
        &["a LOGIN {2+}\\r\\nab {0+}\\r\\n\\r\\n", "b NOOP\\r\\n"],
    );
}

#[test]
fn what_only_looks_like_a_literal_is_text() {
    for line in [
        "a {}", "a {x}", "a {1} ", "a {+}", "a 1}", "a {-1}", "a {1-}", "a {1", "{1}a",
    ] {
        let written = format!("{line}\\r\\n");
        check(format!("{line}\r\n").as_bytes(), &[&written]);
    }
}

#[test]
fn a_message_is_handed_through() {
    check(
        b"a APPEND INBOX (\\Seen) {8}\r\nHi\r\nyou!\r\nb NOOP\r\n",
        &[
            "message a INBOX 8 Waits",
            "data Hi\\r\\nyou!",
            "a APPEND INBOX (\\\\Seen) {8}\\r\\n\\r\\n",
            "b NOOP\\r\\n",
        ],
    );
    check(
        b"a append {3}\r\n&-a \" 1-Jan-2020 00:00:00 +0000\" {2+}\r\nHi\r\n",
        &[
            "continue 3",
            "message a &a 2 SendsAtOnce",
            "data Hi",
            "a append {3}\\r\\n&-a \\\" 1-Jan-2020 00:00:00 +0000\\\" {2+}\\r\\n\\r\\n",
        ],
    );
    check(
        b"a APPEND x {0}\r\n\r\nb NOOP\r\n",
        &[
            "message a x 0 Waits",
            "a APPEND x {0}\\r\\n\\r\\n",
            "b NOOP\\r\\n",
        ],
    );
}

#[test]
fn a_message_that_was_handed_through_is_missing_in_the_command() {
    let mut reader = CommandReader::new(limits());
    let (_, event) = reader.feed(b"a APPEND x (\\Seen) {3}\r\n");
    assert!(matches!(event, Event::Message { .. }));
    reader.accept_message();
    assert_eq!(reader.feed(b"abc\r\n"), (3, Event::MessageData));
    let (_, Event::Command(raw)) = reader.feed(b"\r\n") else {
        panic!("no command");
    };
    let crate::Command::Append(append) = crate::Request::parse(&raw, &limits()).unwrap().command
    else {
        panic!("no APPEND");
    };
    let [message] = append.messages.as_slice() else {
        panic!("not one message");
    };
    assert_eq!((message.size, &message.content), (3, &None));
    assert!(reader.is_between_commands());
}

#[test]
fn a_refused_message_does_not_come_when_the_client_waits() {
    check_with(
        b"a APPEND x {3}\r\nb NOOP\r\n",
        Messages::Refuse,
        &[
            "message a x 3 Waits",
            "refused a message refused",
            "b NOOP\\r\\n",
        ],
    );
}

#[test]
fn a_refused_message_that_comes_anyway_is_thrown_away() {
    check_with(
        b"a APPEND x {3+}\r\nb\r\n (\\Seen) {4+}\r\nabc\n\r\nb NOOP\r\n",
        Messages::Refuse,
        &[
            "message a x 3 SendsAtOnce",
            "refused a message refused",
            "b NOOP\\r\\n",
        ],
    );
    check_with(
        b"a APPEND x {201+}\r\n",
        Messages::Refuse,
        &["message a x 201 SendsAtOnce", "fatal message refused"],
    );
}

#[test]
fn a_message_over_the_limit_is_refused_before_it_is_sent() {
    check(
        b"a APPEND x {1001}\r\nb NOOP\r\n",
        &["refused a message larger than 1000 bytes", "b NOOP\\r\\n"],
    );
    check(
        b"a APPEND x {1001+}\r\n",
        &["fatal message larger than 1000 bytes"],
    );
    check(
        b"a APPEND x {99999999999999999999999}\r\n",
        &["refused a message larger than 1000 bytes"],
    );
}

#[test]
fn a_wrong_append_is_refused_before_the_message_is_sent() {
    check(
        b"a APPEND x (\\Seen {500}\r\nb NOOP\r\n",
        &["refused a expected a flag at column 19", "b NOOP\\r\\n"],
    );
    check(
        b"a APPEND x \"tomorrow\" {500}\r\n",
        &["refused a expected a date-time like \"17-Jul-1996 02:44:25 -0700\" at column 12"],
    );
}

#[test]
fn a_literal_over_the_limit_is_refused() {
    check(b"a LOGIN {20}\r\n", &["continue 20"]);
    check(
        b"a LOGIN {21}\r\nb NOOP\r\n",
        &["refused a literal larger than 20 bytes", "b NOOP\\r\\n"],
    );
    check(
        b"a LOGIN {21+}\r\n123456789012345678901 {1+}\r\nx\r\nb NOOP\r\n",
        &["refused a literal larger than 20 bytes", "b NOOP\\r\\n"],
    );
    check(
        b"a LOGIN {201+}\r\n",
        &["fatal literal larger than 20 bytes"],
    );
    // The tag is no tag: answered untagged.
    check(
        b"( LOGIN {21}\r\n",
        &["refused - literal larger than 20 bytes"],
    );
}

#[test]
fn a_line_over_the_limit_is_refused_without_being_held() {
    let fits = format!("a {}\r\n", "x".repeat(98));
    check(fits.as_bytes(), &[&fits.replace("\r\n", "\\r\\n")]);
    let long = format!("a {}\r\nb NOOP\r\n", "x".repeat(200));
    check(
        long.as_bytes(),
        &["refused a line longer than 100 bytes", "b NOOP\\r\\n"],
    );
    // The end of such a line still announces its literal.
    let long = format!("a {} {{3+}}\r\nx\n \r\nb NOOP\r\n", "x".repeat(110));
    check(
        long.as_bytes(),
        &["refused a line longer than 100 bytes", "b NOOP\\r\\n"],
    );
    let endless = "x".repeat(1000);
    check(endless.as_bytes(), &["fatal line longer than 100 bytes"]);
}

#[test]
fn a_command_over_the_limit_is_refused() {
    let pieces = "{20+}\r\n".to_owned() + &"x".repeat(20);
    let input = format!("a {}\r\nb NOOP\r\n", [pieces.as_str(); 6].join(" "));
    check(
        input.as_bytes(),
        &["refused a command longer than 150 bytes", "b NOOP\\r\\n"],
    );
}

#[test]
fn a_bare_line_holds_no_literal() {
    let feed = |input: &[u8]| {
        let mut reader = CommandReader::new(limits());
        reader.expect_line();
        let (consumed, event) = reader.feed(input);
        (consumed, event, reader)
    };
    let (consumed, event, mut reader) = feed(b"DONE\r\na {1+}\r\nx\r\n");
    assert_eq!((consumed, event), (6, Event::Line(b"DONE".to_vec())));
    // Only that one line.
    let command = b"a {1+}\r\nx\r\n";
    assert_eq!(
        reader.feed(command),
        (11, Event::Command(RawCommand::from_bytes(*command)))
    );
    assert_eq!(feed(b"abc {3}\n").1, Event::Line(b"abc {3}".to_vec()));
    let long = "x".repeat(150) + " {9+}\r\nb NOOP\r\n";
    let (consumed, event, _) = feed(long.as_bytes());
    let refusal = Refusal {
        tag: None,
        kind: RefusalKind::LineTooLong(100),
    };
    assert_eq!((consumed, event), (157, Event::Refused(refusal)));
}

#[test]
fn what_was_begun_can_be_forgotten() {
    let mut reader = CommandReader::new(limits());
    reader.feed(b"a LOGIN x {5}\r\n");
    assert!(!reader.is_between_commands());
    reader.reset();
    assert!(reader.is_between_commands());
    let (_, event) = reader.feed(b"b NOOP\r\n");
    assert_eq!(event, Event::Command(RawCommand::from_bytes("b NOOP\r\n")));
}

#[test]
fn nothing_is_reserved_for_an_announced_size() {
    let mut reader = CommandReader::new(Limits {
        literal: 1 << 30,
        command: 1 << 30,
        ..limits()
    });
    reader.feed(b"a LOGIN {1000000000}\r\nabc");
    assert!(reader.buffer.capacity() < 1000);
}
