//! Commands and answers of the extensions: ENABLE, LIST-EXTENDED, LIST-STATUS, QUOTA, OBJECTID,
//! COMPRESS, MULTIAPPEND, UTF8=ACCEPT.
#![expect(clippy::unwrap_used, reason = "a test may panic anywhere")]

use hikyaku_imap_proto::{
    Command, CommandReader, Event, Limits, ListLine, ListSelect, MailboxAttribute, NameEncoding,
    QuotaLine, QuotaResource, RawCommand, Request, ResponseBuf, SearchKey,
};
use hikyaku_types::{Id as _, MessageId, ThreadId};

fn parse(text: &str) -> Result<Request, String> {
    let raw = RawCommand::from_bytes(text);
    Request::parse(&raw, &Limits::default()).map_err(|error| error.to_string())
}

/// The command as it is written out again: its normal form.
fn normal(text: &str) -> Result<String, String> {
    let mut out = Vec::new();
    parse(text)?.write(&mut out);
    Ok(String::from_utf8(out).unwrap().trim_end().to_owned())
}

#[test]
fn commands_are_read() {
    for (text, expected) in [
        ("a enable condstore x-good ", "a ENABLE CONDSTORE X-GOOD"),
        ("a COMPRESS deflate", "a COMPRESS DEFLATE"),
        ("a GETQUOTA \"\"", "a GETQUOTA \"\""),
        ("a GETQUOTA {3}\r\na b", "a GETQUOTA \"a b\""),
        ("a GETQUOTAROOT inbox", "a GETQUOTAROOT INBOX"),
        ("a SETQUOTA \"\" ()", "a SETQUOTA \"\" ()"),
        (
            "a SETQUOTA x (storage 512 MESSAGE 9223372036854775807)",
            "a SETQUOTA x (STORAGE 512 MESSAGE 9223372036854775807)",
        ),
        (
            "a LIST (RECURSIVEMATCH subscribed) \"\" %",
            "a LIST (RECURSIVEMATCH SUBSCRIBED) \"\" (\"%\") RETURN ()",
        ),
        (
            "a LIST \"\" % RETURN (STATUS (MESSAGES size) CHILDREN CHILDREN)",
            "a LIST () \"\" (\"%\") RETURN (STATUS (MESSAGES SIZE) CHILDREN)",
        ),
        (
            "a STATUS x (APPENDLIMIT deleted DELETED-STORAGE mailboxid SIZE)",
            "a STATUS x (APPENDLIMIT DELETED DELETED-STORAGE MAILBOXID SIZE)",
        ),
        (
            "a FETCH 1 (emailid THREADID)",
            "a FETCH 1 (EMAILID THREADID)",
        ),
        (
            "a SEARCH EMAILID M12 THREADID T-x_9",
            "a SEARCH (EMAILID M12 THREADID T-x_9)",
        ),
    ] {
        assert_eq!(normal(text).as_deref(), Ok(expected), "{text:?}");
    }
}

#[test]
fn mistakes_are_named() {
    let long = format!("a SEARCH EMAILID {}", "M".repeat(256));
    let many = format!("a ENABLE{}", " x".repeat(101));
    let quotas = format!("a SETQUOTA x ({})", "a 1 ".repeat(101));
    for (text, expected) in [
        (
            "a ENABLE",
            "expected a space, but the command ends at column 9",
        ),
        (
            "a ENABLE (x)",
            "expected the name of an extension at column 10",
        ),
        (many.as_str(), "too many or too long: extensions to enable"),
        ("a COMPRESS gzip", "expected DEFLATE at column 12"),
        (
            "a COMPRESS DEFLATE x",
            "expected the end of the command at column 20",
        ),
        ("a SETQUOTA x (STORAGE)", "expected a space at column 22"),
        (
            "a SETQUOTA x (STORAGE 9223372036854775808)",
            "expected a number below 9223372036854775808 at column 23",
        ),
        (quotas.as_str(), "too many or too long: quota resources"),
        (
            "a LIST (RECURSIVEMATCH REMOTE) \"\" %",
            "expected SUBSCRIBED or SPECIAL-USE with RECURSIVEMATCH before this at column 31",
        ),
        (
            "a LIST \"\" % RETURN (STATUS)",
            "expected a space at column 27",
        ),
        (
            "a LIST \"\" % RETURN (STATUS ())",
            "expected at least one STATUS item before this at column 30",
        ),
        (
            "a SEARCH EMAILID \"x\"",
            "expected an object identifier at column 18",
        ),
        (long.as_str(), "too many or too long: an object identifier"),
    ] {
        assert_eq!(parse(text).unwrap_err(), expected, "{text:?}");
    }
}

#[test]
fn object_identifiers_name_what_they_are_of() {
    let Ok(Request {
        command: Command::Search(search),
        ..
    }) = parse("a SEARCH OR EMAILID M12 THREADID T34")
    else {
        panic!("no SEARCH");
    };
    let SearchKey::Or(one, other) = search.key else {
        panic!("no OR");
    };
    let (SearchKey::EmailId(email), SearchKey::ThreadId(thread)) = (*one, *other) else {
        panic!("no identifiers");
    };
    assert_eq!(email.message(), Some(MessageId::from_i64(12)));
    assert_eq!(email.thread(), None);
    assert_eq!(thread.thread(), Some(ThreadId::from_i64(34)));
    assert_eq!(thread.message(), None);
}

#[test]
fn answers_are_written() {
    let mut out = ResponseBuf::new();
    out.enabled(["CONDSTORE"]);
    out.enabled([]);
    out.quota_roots("Projects/仕事", [""]);
    out.quota_roots("INBOX", []);
    let line = |resource, used, limit| QuotaLine {
        resource,
        used,
        limit,
    };
    out.quota(
        "",
        &[
            line(QuotaResource::Storage, 10, 512),
            line(QuotaResource::Message, 7, 9),
        ],
    );
    let base = [ListSelect::Subscribed, ListSelect::SpecialUse];
    out.list_parent([MailboxAttribute::NonExistent], "a", base);
    out.list(ListLine::List, [], "a/b");
    let mut fetch = out.fetch(3);
    fetch.email_id(MessageId::from_i64(12));
    fetch.thread_id(Some(ThreadId::from_i64(34)));
    fetch.thread_id(None);
    fetch.end();
    let expected = [
        "* ENABLED CONDSTORE",
        "* ENABLED",
        "* QUOTAROOT Projects/&TtVOiw- \"\"",
        "* QUOTAROOT INBOX",
        "* QUOTA \"\" (STORAGE 10 512 MESSAGE 7 9)",
        "* LIST (\\NonExistent) \"/\" a (\"CHILDINFO\" (\"SUBSCRIBED\" \"SPECIAL-USE\"))",
        "* LIST () \"/\" a/b",
        "* 3 FETCH (EMAILID (M12) THREADID (T34) THREADID NIL)",
        "",
    ];
    assert_eq!(
        String::from_utf8(out.to_vec()).unwrap(),
        expected.join("\r\n")
    );
}

/// What a session sees of a connection whose messages it accepts all, as texts.
fn seen(input: &[u8], piece: usize) -> Vec<String> {
    let mut reader = CommandReader::new(Limits {
        append_messages: 3,
        ..Limits::default()
    });
    let (mut seen, mut content) = (Vec::new(), Vec::new());
    for piece in input.chunks(piece) {
        let mut rest = piece;
        loop {
            let (consumed, event) = reader.feed(rest);
            let (taken, after) = rest.split_at(consumed);
            rest = after;
            match event {
                Event::NeedMore => break,
                Event::MessageData => content.extend_from_slice(taken),
                Event::Message { head, literal, .. } => {
                    seen.push(format!("{:?} {}", head.flags, literal.size));
                    reader.accept_message();
                }
                Event::Command(raw) => {
                    let read = Request::parse(&raw, reader.limits());
                    let read = read.map(|request| request.command);
                    let content = std::mem::take(&mut content).escape_ascii().to_string();
                    seen.push(match read {
                        Ok(Command::Append(append)) => {
                            format!("{} messages {content}", append.messages.len())
                        }
                        Ok(command) => command.name().to_owned(),
                        Err(error) => error.to_string(),
                    });
                }
                Event::Refused(refusal) => seen.push(refusal.kind.to_string()),
                other => {
                    seen.push(format!("{other:?}"));
                    return seen;
                }
            }
        }
    }
    seen
}

#[test]
fn several_messages_come_with_one_append() {
    let cases: [(&[u8], &[&str]); 7] = [
        (
            b"a APPEND x (\\Seen) {3}\r\nabc {2+}\r\nhi ($x) ~{1}\r\n!\r\nb NOOP\r\n",
            &[
                "[Seen] 3",
                "[] 2",
                "[Keyword(\"$x\")] 1",
                "3 messages abchi!",
                "NOOP",
            ],
        ),
        (
            b"a APPEND x UTF8 (~{3}\r\nabc) UTF8 (~{2+}\r\nhi)\r\n",
            &["[] 3", "[] 2", "2 messages abchi"],
        ),
        (
            b"a APPEND x UTF8 (~{3}\r\nabc\r\nb NOOP\r\n",
            &[
                "[] 3",
                "expected the parenthesis after a UTF-8 message, but the command ends at column 24",
                "NOOP",
            ],
        ),
        (
            b"a APPEND x {3}\r\nabc) {2+}\r\nhi\r\nb NOOP\r\n",
            &[
                "[] 3",
                "[] 2",
                "expected the end of the command at column 17",
                "NOOP",
            ],
        ),
        (
            b"a APPEND x {3+}\r\nabc {3+}\r\nabc {3+}\r\nabc {9+}\r\n123456789\r\nb NOOP\r\n",
            &[
                "[] 3",
                "[] 3",
                "[] 3",
                "more than 3 messages in one APPEND",
                "NOOP",
            ],
        ),
        (
            b"a APPEND x {3+}\r\nabc foo {3+}\r\nabc\r\nb NOOP\r\n",
            &[
                "[] 3",
                "expected the message as a literal at column 2",
                "NOOP",
            ],
        ),
        (
            // A literal that announces nothing does not begin the next command.
            b"a APPEND x {3+}\r\nabc {x}\r\nb NOOP\r\n",
            &[
                "[] 3",
                "expected the message as a literal at column 19",
                "NOOP",
            ],
        ),
    ];
    for (input, expected) in cases {
        for piece in 1..=input.len() {
            assert_eq!(seen(input, piece), expected, "{}", input.escape_ascii());
        }
    }
}

#[test]
fn names_are_in_utf_8_once_that_is_enabled() {
    let limits = Limits {
        names: NameEncoding::Utf8,
        ..Limits::default()
    };
    let select = |bytes: &[u8]| {
        let request = Request::parse(&RawCommand::from_bytes(bytes), &limits);
        match request.map(|request| request.command) {
            Ok(Command::Delete(name)) => name.as_str().to_owned(),
            Ok(Command::List(list)) => format!("{} {:?}", list.reference, list.patterns),
            Ok(other) => other.name().to_owned(),
            Err(error) => error.to_string(),
        }
    };
    for (command, expected) in [
        ("a DELETE &U9dP4Xux-", "&U9dP4Xux-"),
        ("a DELETE 受信箱", "受信箱"),
        ("a DELETE \"a&b\"", "a&b"),
        ("a DELETE inbox/仕事", "INBOX/仕事"),
        ("a LIST &- (仕% &*)", "&- [\"仕%\", \"&*\"]"),
    ] {
        assert_eq!(select(command.as_bytes()), expected);
    }
    let mistake = "expected a mailbox name in UTF-8 at column 10";
    assert_eq!(select(b"a DELETE \xe4\xbb"), mistake);
    assert_eq!(
        select(b"a LIST \xff %"),
        "expected a reference name in UTF-8 at column 8"
    );

    let mut out = ResponseBuf::new();
    out.set_names(NameEncoding::Utf8);
    for name in ["R&D", "受信箱", "a b", "say \"仕事\"", "仕\u{7f}"] {
        out.list(ListLine::List, [], name);
    }
    let expected = [
        "* LIST () \"/\" R&D",
        "* LIST () \"/\" \"受信箱\"",
        "* LIST () \"/\" \"a b\"",
        "* LIST () \"/\" \"say \\\"仕事\\\"\"",
        "* LIST () \"/\" {4}",
        "仕\u{7f}",
        "",
    ];
    assert_eq!(
        String::from_utf8(out.to_vec()).unwrap(),
        expected.join("\r\n")
    );
}
