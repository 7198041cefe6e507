//! Every command, well-formed and not.

use hikyaku_imap_proto::{Command, FetchItem, Limits, Numbering, RawCommand, Request, SearchKey};

fn parse(text: &[u8]) -> Result<Request, String> {
    let raw = RawCommand::from_bytes(text);
    Request::parse(&raw, &Limits::default()).map_err(|error| error.to_string())
}

/// The command as it is written out again: its normal form.
fn normal(text: &[u8]) -> Result<String, String> {
    let mut out = Vec::new();
    parse(text)?.write(&mut out);
    let mut line = out.escape_ascii().to_string();
    line.truncate(line.len() - "\\r\\n".len());
    Ok(line)
}

/// Commands and their normal forms.
const COMMANDS: &[(&str, &str)] = &[
    ("a CAPABILITY", "a CAPABILITY"),
    ("A1 noop \r\n", "A1 NOOP"),
    ("a.b[c]-1 LOGOUT\r\n", "a.b[c]-1 LOGOUT"),
    ("a starttls\r\n", "a STARTTLS"),
    ("a authenticate plain", "a AUTHENTICATE PLAIN"),
    ("a AUTHENTICATE PLAIN ", "a AUTHENTICATE PLAIN"),
    ("a AUTHENTICATE PLAIN =", "a AUTHENTICATE PLAIN ="),
    ("a AUTHENTICATE PLAIN AGEAYg", "a AUTHENTICATE PLAIN AGEAYg"),
    (
        "a LOGIN user%example.test pass",
        "a LOGIN \\\"user%example.test\\\" pass",
    ),
    (
        "a LOGIN \"a \\\"b\\\\\" {3}\r\nx y",
        "a LOGIN \\\"a \\\\\\\"b\\\\\\\\\\\" \\\"x y\\\"",
    ),
    ("a LOGIN {3+}\r\na@b \"\"", "a LOGIN a@b \\\"\\\""),
    ("a SELECT inbox", "a SELECT INBOX"),
    ("a SELECT \"R&D\"", "a SELECT R&-D"),
    ("a SELECT &U9dP4Xux-", "a SELECT &U9dP4Xux-"),
    ("a SELECT 受信箱", "a SELECT &U9dP4Xux-"),
    ("a EXAMINE {5}\r\na b]c", "a EXAMINE \\\"a b]c\\\""),
    ("a CREATE a/b/", "a CREATE a/b/"),
    (
        "a CREATE x (USE (\\sent \\Junk))",
        "a CREATE x (USE (\\\\Sent \\\\Junk))",
    ),
    ("a DELETE x", "a DELETE x"),
    ("a RENAME x \"y z\"", "a RENAME x \\\"y z\\\""),
    ("a SUBSCRIBE x", "a SUBSCRIBE x"),
    ("a UNSUBSCRIBE x", "a UNSUBSCRIBE x"),
    ("a LIST \"\" *", "a LIST \\\"\\\" \\\"*\\\""),
    ("a LIST \"\" \"\"", "a LIST \\\"\\\" \\\"\\\""),
    ("a LIST ~/Mail/ %", "a LIST ~/Mail/ \\\"%\\\""),
    ("a LSUB \"#news.\" comp.%", "a LSUB #news. \\\"comp.%\\\""),
    (
        "a LIST (SUBSCRIBED special-use) \"\" (\"a*\" b) RETURN (CHILDREN SPECIAL-USE)",
        "a LIST (SUBSCRIBED SPECIAL-USE) \\\"\\\" (\\\"a*\\\" b) RETURN (CHILDREN SPECIAL-USE)",
    ),
    (
        "a LIST \"\" % RETURN ()",
        "a LIST () \\\"\\\" (\\\"%\\\") RETURN ()",
    ),
    (
        "a STATUS x (MESSAGES unseen)",
        "a STATUS x (MESSAGES UNSEEN)",
    ),
    (
        "a STATUS x (UIDNEXT UIDVALIDITY RECENT)",
        "a STATUS x (UIDNEXT UIDVALIDITY RECENT)",
    ),
    ("a CHECK", "a CHECK"),
    ("a CLOSE", "a CLOSE"),
    ("a UNSELECT", "a UNSELECT"),
    ("a EXPUNGE", "a EXPUNGE"),
    ("a UID EXPUNGE 3:5,*", "a UID EXPUNGE 3:5,*"),
    ("a IDLE", "a IDLE"),
    ("a NAMESPACE", "a NAMESPACE"),
    ("a ID NIL", "a ID ()"),
    (
        "a ID (\"name\" \"x\" \"v\" NIL)",
        "a ID (\\\"name\\\" \\\"x\\\" \\\"v\\\" NIL)",
    ),
    ("a COPY 1:* x", "a COPY 1:* x"),
    ("a uid copy 1 x", "a UID COPY 1 x"),
    ("a APPEND x {2}\r\nhi", "a APPEND x () {2}\\r\\nhi"),
    (
        "a APPEND x (\\Seen $a) \" 1-Feb-1994 21:52:25 -0800\" {3+}\r\nh\r\n\r\n",
        "a APPEND x (\\\\Seen $a) \\\" 1-Feb-1994 21:52:25 -0800\\\" {3}\\r\\nh\\r\\n",
    ),
    ("a STORE 1 FLAGS ()", "a STORE 1 FLAGS ()"),
    (
        "a STORE 1:2 +flags.silent (\\Deleted)",
        "a STORE 1:2 +FLAGS.SILENT (\\\\Deleted)",
    ),
    (
        "a UID STORE 1 -FLAGS \\Seen \\Draft ",
        "a UID STORE 1 -FLAGS (\\\\Seen \\\\Draft)",
    ),
];

#[test]
fn commands_are_read() {
    for (text, expected) in COMMANDS {
        assert_eq!(
            normal(text.as_bytes()).as_deref(),
            Ok(*expected),
            "{text:?}"
        );
    }
}

#[test]
fn fetch_is_read() {
    for (text, expected) in [
        (
            "a FETCH 1 FAST",
            "a FETCH 1 (FLAGS INTERNALDATE RFC822.SIZE)",
        ),
        (
            "a FETCH 1 all",
            "a FETCH 1 (FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)",
        ),
        (
            "a FETCH 1 FULL",
            "a FETCH 1 (FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY)",
        ),
        (
            "a UID FETCH 1:* (UID flags UID)",
            "a UID FETCH 1:* (UID FLAGS)",
        ),
        ("a FETCH 1 BODY", "a FETCH 1 (BODY)"),
        ("a FETCH 1 BODY[]", "a FETCH 1 (BODY[])"),
        (
            "a FETCH 1 body.peek[1.2.mime]",
            "a FETCH 1 (BODY.PEEK[1.2.MIME])",
        ),
        (
            "a FETCH 1 BODY[TEXT]<0.1024>",
            "a FETCH 1 (BODY[TEXT]<0.1024>)",
        ),
        (
            "a FETCH 1 (BODY.PEEK[HEADER.FIELDS (DATE \"From\")] RFC822 RFC822.TEXT RFC822.HEADER)",
            "a FETCH 1 (BODY.PEEK[HEADER.FIELDS (DATE From)] RFC822 RFC822.TEXT RFC822.HEADER)",
        ),
        (
            "a FETCH 1 ( BODYSTRUCTURE  ENVELOPE )",
            "a FETCH 1 (BODYSTRUCTURE ENVELOPE)",
        ),
    ] {
        assert_eq!(normal(text.as_bytes()).as_deref(), Ok(expected), "{text:?}");
    }
}

#[test]
fn search_is_read() {
    for (text, expected) in [
        ("a SEARCH ALL", "a SEARCH ALL"),
        (
            "a UID SEARCH 1:* NOT DELETED ",
            "a UID SEARCH (1:* NOT DELETED)",
        ),
        (
            "a SEARCH CHARSET utf-8 SUBJECT {6}\r\n\u{65e5}\u{672c}",
            "a SEARCH CHARSET utf-8 SUBJECT {6}\\r\\n\\xe6\\x97\\xa5\\xe6\\x9c\\xac",
        ),
        (
            "a SEARCH charset \"x y\" ALL",
            "a SEARCH CHARSET \\\"x y\\\" ALL",
        ),
        (
            "a SEARCH OR SEEN (FLAGGED unanswered)",
            "a SEARCH OR SEEN (FLAGGED UNANSWERED)",
        ),
        ("a SEARCH ((ALL))", "a SEARCH ALL"),
        ("a SEARCH NOT (OR NEW OLD)", "a SEARCH NOT OR NEW OLD"),
        (
            "a SEARCH HEADER Message-ID <a@b>",
            "a SEARCH HEADER Message-ID <a@b>",
        ),
        ("a SEARCH HEADER X \"\"", "a SEARCH HEADER X \\\"\\\""),
        (
            "a SEARCH BEFORE 1-Feb-1994 SINCE \"01-jan-1990\" ON 3-Mar-2000",
            "a SEARCH (BEFORE 1-Feb-1994 SINCE 1-Jan-1990 ON 3-Mar-2000)",
        ),
        (
            "a SEARCH SENTBEFORE 1-Feb-1994 SENTON 1-Feb-1994 SENTSINCE 1-Feb-1994",
            "a SEARCH (SENTBEFORE 1-Feb-1994 SENTON 1-Feb-1994 SENTSINCE 1-Feb-1994)",
        ),
        (
            "a SEARCH FROM a TO b CC c BCC d BODY e TEXT f*",
            "a SEARCH (FROM a TO b CC c BCC d BODY e TEXT \\\"f*\\\")",
        ),
        (
            "a SEARCH KEYWORD $a UNKEYWORD b LARGER 5 SMALLER 6 UID 7",
            "a SEARCH (KEYWORD $a UNKEYWORD b LARGER 5 SMALLER 6 UID 7)",
        ),
        (
            "a SEARCH ANSWERED DRAFT RECENT UNDELETED UNDRAFT UNFLAGGED UNSEEN",
            "a SEARCH (ANSWERED DRAFT RECENT UNDELETED UNDRAFT UNFLAGGED UNSEEN)",
        ),
    ] {
        assert_eq!(normal(text.as_bytes()).as_deref(), Ok(expected), "{text:?}");
    }
}

#[test]
fn condstore_esearch_and_move_are_read() {
    for (text, expected) in [
        ("a SEARCH RETURN () ALL", "a SEARCH RETURN (ALL) ALL"),
        (
            "a UID SEARCH return (min MAX min COUNT all) charset UTF-8 1:*",
            "a UID SEARCH RETURN (MIN MAX COUNT ALL) CHARSET UTF-8 1:*",
        ),
        ("a SEARCH MODSEQ 620162338", "a SEARCH MODSEQ 620162338"),
        (
            "a SEARCH NOT modseq \"/flags/\\\\draft\" all 620162338",
            "a SEARCH NOT MODSEQ 620162338",
        ),
        ("a MOVE 2:4 Archive", "a MOVE 2:4 Archive"),
        ("a uid move 2:* INbox", "a UID MOVE 2:* INBOX"),
        (
            "a EXAMINE inbox ( condstore )",
            "a EXAMINE INBOX (CONDSTORE)",
        ),
        ("a SELECT a (CONDSTORE CONDSTORE)", "a SELECT a (CONDSTORE)"),
        (
            "a FETCH 1:* (FLAGS) (changedsince 12345)",
            "a FETCH 1:* (FLAGS MODSEQ) (CHANGEDSINCE 12345)",
        ),
        (
            "a UID FETCH 1 MODSEQ (CHANGEDSINCE 9223372036854775807)",
            "a UID FETCH 1 (MODSEQ) (CHANGEDSINCE 9223372036854775807)",
        ),
        (
            "a STORE 7,5 ( UNCHANGEDSINCE 0 ) +flags.silent \\Deleted",
            "a STORE 7,5 (UNCHANGEDSINCE 0) +FLAGS.SILENT (\\\\Deleted)",
        ),
        (
            "a STATUS a (highestmodseq MESSAGES)",
            "a STATUS a (HIGHESTMODSEQ MESSAGES)",
        ),
    ] {
        assert_eq!(normal(text.as_bytes()).as_deref(), Ok(expected), "{text:?}");
    }
}

#[test]
fn every_limit_of_the_parser_can_be_reached() {
    let limits = Limits::default();
    let cases: [(&str, String); 12] = [
        (
            "numbers in a sequence set",
            format!("a FETCH {} UID", vec!["1"; limits.set_items + 1].join(",")),
        ),
        (
            "FETCH items",
            format!("a FETCH 1 ({})", "UID ".repeat(limits.fetch_items + 1)),
        ),
        (
            "header fields",
            format!(
                "a FETCH 1 BODY[HEADER.FIELDS ({})]",
                "a ".repeat(limits.header_fields + 1)
            ),
        ),
        (
            "part numbers",
            format!("a FETCH 1 BODY[{}1]", "1.".repeat(limits.section_depth)),
        ),
        (
            "SEARCH keys",
            format!("a SEARCH{}", " ALL".repeat(limits.search_keys + 1)),
        ),
        (
            "SEARCH keys inside one another",
            format!("a SEARCH {}ALL", "NOT ".repeat(limits.search_depth)),
        ),
        (
            "SEARCH keys inside one another",
            format!("a SEARCH {}", "(".repeat(limits.search_depth + 1)),
        ),
        (
            "flags",
            format!("a STORE 1 FLAGS ({})", "a ".repeat(limits.flags + 1)),
        ),
        (
            "STATUS items",
            format!("a STATUS x ({})", "UNSEEN ".repeat(limits.list_items + 1)),
        ),
        (
            "a mailbox pattern",
            format!("a LIST \"\" {}", "a".repeat(limits.list_pattern + 1)),
        ),
        (
            "ID fields",
            format!("a ID ({})", "\"a\" NIL ".repeat(limits.id_pairs + 1)),
        ),
        (
            "an ID value",
            format!("a ID (\"a\" \"{}\")", "a".repeat(limits.id_value + 1)),
        ),
    ];
    for (what, text) in cases {
        let error = parse(text.as_bytes()).unwrap_err();
        assert_eq!(error, format!("too many or too long: {what}"));
    }
    // Bare flags are counted too, and the largest that fits is read.
    let flags = "a ".repeat(limits.flags + 1);
    assert!(parse(format!("a STORE 1 FLAGS {flags}").as_bytes()).is_err());
    assert!(
        parse(format!("a SEARCH {}ALL", "NOT ".repeat(limits.search_depth - 1)).as_bytes()).is_ok()
    );
    assert!(parse(format!("a SEARCH{}", " ALL".repeat(limits.search_keys)).as_bytes()).is_ok());
}

#[test]
fn numbering_is_kept() {
    let Ok(Request {
        command: Command::Fetch(fetch),
        ..
    }) = parse(b"a UID FETCH 1 RFC822")
    else {
        panic!("no FETCH");
    };
    assert_eq!(fetch.numbering, Numbering::Uid);
    assert_eq!(fetch.items, [FetchItem::Rfc822]);
    assert!(fetch.needs_content() && fetch.wants_whole_message());
    assert!(fetch.items.iter().all(FetchItem::sets_seen));
    let Ok(Request {
        command: Command::Search(search),
        ..
    }) = parse(b"a SEARCH ALL")
    else {
        panic!("no SEARCH");
    };
    assert_eq!(
        (search.numbering, search.key),
        (Numbering::Sequence, SearchKey::All)
    );
}

#[test]
fn secrets_are_not_shown() {
    for text in [
        "a LOGIN user hunter2",
        "a AUTHENTICATE PLAIN AGEAaHVudGVyMg==",
    ] {
        let shown = format!(
            "{:?} {:?}",
            parse(text.as_bytes()),
            RawCommand::from_bytes(text)
        );
        assert!(
            ["hunter2", "104, 117", "AGEA", "65, 71"]
                .iter()
                .all(|secret| !shown.contains(secret)),
            "{shown}"
        );
    }
}

#[test]
fn a_long_command_takes_linear_time() {
    // Each of these fills the largest command; quadratic work would take minutes here.
    let size = Limits::default().command;
    for text in [
        format!("a SEARCH {}", "(".repeat(size)),
        format!("a SELECT \"{}", "\\\"".repeat(size / 2)),
        format!("a SELECT {}", "&".repeat(size)),
        format!("a SELECT {}", "&AGE-".repeat(size / 5)),
        format!("a FETCH {} FLAGS", "1:*,".repeat(size / 4)),
        format!(
            "a FETCH 1 BODY[HEADER.FIELDS ({})]",
            "{1}\r\na ".repeat(size / 7)
        ),
        format!("a NOOP{}x", " ".repeat(size)),
        format!("a SEARCH {}", "{".repeat(size)),
        format!("a STORE 1 FLAGS {}", "x ".repeat(size / 2)),
    ] {
        let _ = parse(text.as_bytes());
    }
}
