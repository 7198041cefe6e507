//! What other servers say, and what is said to them.

use bytes::Bytes;
use hikyaku_imap_proto::client::{
    Body, ClientLimits, CommandText, Completion, Condition, Fetched, ListEntry, Namespaces, Piece,
    ReadError, Response, ResponseCode, ResponseReader, Unreadable, uid_set,
};
use hikyaku_types::{OffsetTimestamp, Timestamp};

/// The responses in a stream, read at once, byte by byte and in two parts cut anywhere.
fn read(stream: &[u8]) -> Vec<Result<Response, Unreadable>> {
    let feed = |parts: &[&[u8]]| {
        let mut reader = ResponseReader::new(ClientLimits::new(1_000));
        let mut found = Vec::new();
        for part in parts {
            let mut rest = *part;
            while let (taken, Some(raw)) = reader.feed(rest).expect("within the limits") {
                found.push(Response::parse(&raw));
                rest = &rest[taken..];
            }
        }
        assert!(reader.is_between());
        found
    };
    let whole = feed(&[stream]);
    let bytes: Vec<&[u8]> = stream.chunks(1).collect();
    assert_eq!(feed(&bytes), whole);
    for at in 0..stream.len() {
        let (before, after) = stream.split_at(at);
        assert_eq!(feed(&[before, after]), whole, "cut at {at}");
    }
    whole
}

fn one(stream: &str) -> Response {
    let mut found = read(stream.as_bytes());
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0).expect("a response that can be read")
}

fn code(name: &str, arguments: &str) -> ResponseCode {
    let (name, arguments) = (name.to_owned(), arguments.to_owned());
    ResponseCode { name, arguments }
}

#[test]
fn status_responses_are_read() {
    let done = |completion, code, text: &str| Response::Completed {
        tag: "a1".to_owned(),
        completion,
        code,
        text: text.to_owned(),
    };
    for (line, expected) in [
        ("a1 OK done\r\n", done(Completion::Ok, None, "done")),
        ("a1 ok\r\n", done(Completion::Ok, None, "")),
        ("a1 BAD  what?\n", done(Completion::Bad, None, "what?")),
        (
            "a1 NO [AUTHENTICATIONFAILED] wrong {3}\r\n",
            done(
                Completion::No,
                Some(code("AUTHENTICATIONFAILED", "")),
                "wrong {3}",
            ),
        ),
        (
            "a1 NO [unclosed\r\n",
            done(Completion::No, None, "[unclosed"),
        ),
    ] {
        assert_eq!(one(line), expected, "{line:?}");
    }
    let told = |condition, code, text: &str| Response::Condition {
        condition,
        code,
        text: text.to_owned(),
    };
    for (line, expected) in [
        (
            "* OK [UIDVALIDITY 7] x {5}\r\n",
            told(Condition::Ok, Some(code("UIDVALIDITY", "7")), "x {5}"),
        ),
        ("* PREAUTH\r\n", told(Condition::PreAuth, None, "")),
        ("* bye gone\r\n", told(Condition::Bye, None, "gone")),
        ("* NO careful\r\n", told(Condition::No, None, "careful")),
        ("* BAD x\r\n", told(Condition::Bad, None, "x")),
        ("+ go\r\n", Response::Continuation(b"go".to_vec())),
        ("+\r\n", Response::Continuation(Vec::new())),
        ("* 23 EXISTS\r\n", Response::Exists(23)),
        ("* 23 RECENT\r\n", Response::Other),
        ("* SEARCH 1 2\r\n", Response::Other),
        (
            "* CAPABILITY imap4rev1 AUTH=PLAIN\r\n",
            Response::Capability(vec!["IMAP4REV1".to_owned(), "AUTH=PLAIN".to_owned()]),
        ),
    ] {
        assert_eq!(one(line), expected, "{line:?}");
    }
    assert_eq!(code("UIDVALIDITY", " 7").number(), Some(7));
}

#[test]
fn mailboxes_are_read() {
    let entry = |attributes: &[&str], delimiter, name: &[u8]| {
        Response::List(ListEntry {
            attributes: attributes.iter().map(|text| (*text).to_owned()).collect(),
            delimiter,
            name: Bytes::copy_from_slice(name),
        })
    };
    for (line, expected) in [
        (
            "* LIST (\\HasNoChildren \\Sent) \"/\" \"Sent Items\"\r\n",
            entry(&["\\HasNoChildren", "\\Sent"], Some(b'/'), b"Sent Items"),
        ),
        ("* LIST () NIL INBOX\r\n", entry(&[], None, b"INBOX")),
        (
            "* LIST () \"\\\\\" NIL\r\n",
            entry(&[], Some(b'\\'), b"NIL"),
        ),
        (
            "* LIST () \".\" {8}\r\na \"b\" \\c\r\n",
            entry(&[], Some(b'.'), b"a \"b\" \\c"),
        ),
        (
            "* LIST () \".\" \"a\\\"b\" (\"CHILDINFO\" (\"X\"))\r\n",
            entry(&[], Some(b'.'), b"a\"b"),
        ),
    ] {
        assert_eq!(one(line), expected, "{line:?}");
    }
    let line = "* NAMESPACE ((\"INBOX.\" \".\")) ((\"~\" \"/\" \"X-P\" (\"a\" \"b\"))) \
        ((\"#shared/\" \"/\")(\"#news.\" NIL))\r\n";
    let prefixes = |names: &[&'static str]| names.iter().map(|name| Bytes::from(*name)).collect();
    let expected = Namespaces {
        personal: prefixes(&["INBOX."]),
        foreign: prefixes(&["~", "#shared/", "#news."]),
    };
    assert_eq!(one(line), Response::Namespace(expected));
    let none = Response::Namespace(Namespaces::default());
    assert_eq!(one("* NAMESPACE NIL NIL NIL\r\n"), none);
}

#[test]
fn messages_are_read() {
    let date = OffsetTimestamp {
        at: Timestamp::from_seconds(837_596_665),
        offset_minutes: -420,
    };
    let line = "* 12 FETCH (X-GM-LABELS (\"\\\\Sent\" {3}\r\na)b) FLAGS (\\Seen $Junk) UID 4 \
        INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" MODSEQ (12) RFC822.SIZE 44 \
        ENVELOPE (NIL ((\"a\" NIL \"b\" \"c\")) \")\") BODY[] {10}\r\nSubject: \n)\r\n";
    let expected = Fetched {
        uid: Some(4),
        flags: Some(vec!["\\Seen".to_owned(), "$Junk".to_owned()]),
        internal_date: Some(date),
        size: Some(44),
        body: Some(Body::Whole(Bytes::from_static(b"Subject: \n"))),
        header: None,
    };
    assert_eq!(one(line), Response::Fetch(expected));
    let body = |stream: &str| match one(stream) {
        Response::Fetch(found) => found.body,
        other => panic!("{other:?}"),
    };
    let whole = |text: &'static str| Some(Body::Whole(Bytes::from(text)));
    assert_eq!(
        body("* 1 FETCH (BODY[] \"a\\\"b\" UID 3)\r\n"),
        whole("a\"b")
    );
    assert_eq!(body("* 1 FETCH (RFC822 {1}\r\nx)\r\n"), whole("x"));
    assert_eq!(body("* 1 FETCH (BODY[] ~{1}\r\nx)\r\n"), whole("x"));
    assert_eq!(body("* 1 FETCH (BODY[] {0}\r\n)\r\n"), whole(""));
    assert_eq!(
        body("* 1 FETCH (UID 3 BODY[] NIL)\r\n"),
        Some(Body::Missing)
    );
    assert_eq!(body("* 1 FETCH (UID 3 BODY[TEXT] \"x\")\r\n"), None);
    let header = "* 1 FETCH (BODY[HEADER.FIELDS (MESSAGE-ID)] {5}\r\na: b\n UID 1)\r\n";
    let Response::Fetch(found) = one(header) else {
        panic!("no FETCH")
    };
    assert_eq!(found.header.as_deref(), Some(&b"a: b\n"[..]));
    assert_eq!(found.uid, Some(1));
    // A date that cannot be read is no reason to lose the message.
    let odd = "* 1 FETCH (INTERNALDATE \"yesterday\" UID 9 FLAGS ())\r\n";
    let expected = Fetched {
        uid: Some(9),
        flags: Some(Vec::new()),
        ..Fetched::default()
    };
    assert_eq!(one(odd), Response::Fetch(expected));
}

#[test]
fn nonsense_is_told_and_what_follows_is_read() {
    let deep = format!("* 1 FETCH (X {}1{})\r\n", "(".repeat(101), ")".repeat(101));
    for line in [
        "\r\n",
        "HTTP/1.1 400 Bad Request\r\n",
        "a1 WHAT\r\n",
        "* 1 FETCH\r\n",
        "* 1 FETCH (UID 1 FLAGS (\\Seen)\r\n",
        "* 1 FETCH (BODY[ {3}\r\nabc)\r\n",
        "* 1 FETCH (BODY[] \"unclosed)\r\n",
        "* LIST \"/\" INBOX\r\n",
        "* NAMESPACE ((\"\" \"/\"\r\n",
        &deep,
    ] {
        let mut found = read(format!("{line}* 1 EXISTS\r\n").as_bytes());
        assert_eq!(found.pop(), Some(Ok(Response::Exists(1))), "{line:?}");
        assert!(found.iter().all(Result::is_err), "{line:?}: {found:?}");
        assert!(!found.is_empty(), "{line:?}");
    }
}

#[test]
fn what_is_too_long_is_refused() {
    let limits = ClientLimits {
        text: 100,
        pieces: 6,
        literals: 10,
        discard: 20,
    };
    let feed = |stream: &[u8]| ResponseReader::new(limits).feed(stream);
    assert!(feed(&[b'x'; 100]).is_ok());
    assert_eq!(feed(&[b'x'; 101]), Err(ReadError::TooLong { limit: 100 }));
    let lines = b"* LIST () {1}\r\na{1}\r\nb{1}\r\nc{1}\r\nd";
    assert_eq!(feed(lines), Err(ReadError::TooLong { limit: 100 }));
    // All literals of a response share the limit; what is over it is thrown away.
    let (_, raw) = feed(b"* X {8}\r\n12345678 {3}\r\nabc)\r\n").unwrap();
    let pieces = raw.unwrap().pieces().to_vec();
    assert_eq!(pieces[1], Piece::Literal(Bytes::from_static(b"12345678")));
    assert_eq!(pieces[3], Piece::TooLarge(3));
    let told = "* 1 FETCH (BODY[] {11}\r\n12345678901 UID 3)\r\n".as_bytes();
    let raw = feed(told).unwrap().1.unwrap();
    let Response::Fetch(found) = Response::parse(&raw).unwrap() else {
        panic!("no FETCH")
    };
    assert_eq!((found.body, found.uid), (Some(Body::TooLarge(11)), Some(3)));
    for size in ["21", "99999999999999999999999"] {
        let error = feed(format!("* X {{{size}}}\r\n").as_bytes()).unwrap_err();
        assert!(matches!(error, ReadError::LiteralTooLong { .. }));
    }
}

#[test]
fn commands_stop_at_literals() {
    let pieces = |command: CommandText| -> Vec<String> {
        let texts = command.finish();
        let texts = texts.iter().map(|piece| piece.escape_ascii().to_string());
        texts.collect()
    };
    let login = CommandText::new("a1", "LOGIN");
    assert_eq!(
        pieces(login.clone().string(b"taro").string(b"a\\b\"c")),
        [r#"a1 LOGIN \"taro\" \"a\\\\b\\\"c\"\r\n"#]
    );
    assert_eq!(
        pieces(login.string("太".as_bytes()).string(b"x\r\ny").words("(Z)")),
        [
            r"a1 LOGIN {3}\r\n",
            r"\xe5\xa4\xaa {4}\r\n",
            r"x\r\ny (Z)\r\n"
        ]
    );
    assert!(!format!("{:?}", CommandText::new("a", "LOGIN x secret")).contains("secret"));
    assert_eq!(uid_set([1, 2, 3, 7]), "1:3,7");
}
