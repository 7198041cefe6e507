//! Commands with mistakes: what is answered, and where it says the mistake is.

use hikyaku_imap_proto::{Limits, ParseErrorKind, RawCommand, Request};

/// Commands and what was expected where.
const MISTAKES: &[(&str, &str)] = &[
    ("", "expected a tag, but the command ends at column 1"),
    ("\r\n", "expected a tag, but the command ends at column 1"),
    ("+ NOOP", "expected a tag at column 1"),
    ("a", "expected a space, but the command ends at column 2"),
    ("a ", "expected a command, but the command ends at column 3"),
    ("a  NOOP", "expected a command at column 3"),
    ("a FOO", "unknown command"),
    ("GET / HTTP/1.1", "unknown command"),
    ("a NOOP x", "expected the end of the command at column 8"),
    ("a NOOP\r\nb", "expected the end of the command at column 7"),
    (
        "a SELECT",
        "expected a space, but the command ends at column 9",
    ),
    (
        "a SELECT \r\n",
        "expected a mailbox name, but the command ends at column 10",
    ),
    ("a SELECT (x)", "expected a mailbox name at column 10"),
    (
        "a SELECT \"x",
        "expected the closing quote of a quoted string, but the command ends at column 12",
    ),
    (
        "a SELECT a b",
        "expected the end of the command at column 12",
    ),
    (
        "a SELECT a ()",
        "expected CONDSTORE before this, but the command ends at column 14",
    ),
    ("a SELECT a (QRESYNC)", "expected CONDSTORE at column 13"),
    (
        "a FETCH 1 FLAGS (CHANGEDSINCE x)",
        "expected a mod-sequence at column 31",
    ),
    (
        "a FETCH 1 FLAGS (CHANGEDSINCE 1 CHANGEDSINCE 2)",
        "too many or too long: FETCH modifiers",
    ),
    (
        "a FETCH 1 FLAGS (VANISHED)",
        "expected CHANGEDSINCE at column 18",
    ),
    (
        "a FETCH 1 FLAGS ()",
        "expected CHANGEDSINCE before this, but the command ends at column 19",
    ),
    (
        "a STORE 1 (UNCHANGEDSINCE 9223372036854775808) FLAGS ()",
        "expected a mod-sequence below 9223372036854775808 at column 27",
    ),
    (
        "a STORE 1 () FLAGS ()",
        "expected UNCHANGEDSINCE before this at column 13",
    ),
    (
        "a SEARCH RETURN (SAVE) ALL",
        "expected a SEARCH return option that is known at column 18",
    ),
    (
        "a SEARCH MODSEQ \"/flags/a\" none 1",
        "expected priv, shared or all at column 28",
    ),
    (
        "a RENAME a",
        "expected a space, but the command ends at column 11",
    ),
    (
        "a CREATE a (FOO)",
        "expected USE, the one parameter of CREATE at column 13",
    ),
    (
        "a CREATE a (USE (\\Foo))",
        "expected a special use that is known at column 18",
    ),
    (
        "a LOGIN a",
        "expected a space, but the command ends at column 10",
    ),
    (
        "a LOGIN a {5}\r\nb",
        "expected a password, but the command ends at column 17",
    ),
    (
        "a LIST \"\" ()",
        "expected at least one pattern before this, but the command ends at column 13",
    ),
    (
        "a LIST (FOO) \"\" *",
        "expected a LIST selection option that is known at column 9",
    ),
    (
        "a LSUB (SUBSCRIBED) \"\" *",
        "expected a reference name at column 8",
    ),
    (
        "a STATUS x ()",
        "expected at least one STATUS item before this, but the command ends at column 14",
    ),
    (
        "a STATUS x (MESSAGES FOO)",
        "expected a STATUS item that is known at column 22",
    ),
    (
        "a STATUS x MESSAGES",
        "expected a list in parentheses at column 12",
    ),
    (
        "a FETCH 0 FLAGS",
        "expected a number above zero at column 9",
    ),
    (
        "a FETCH 1",
        "expected a space, but the command ends at column 10",
    ),
    (
        "a FETCH 1 ()",
        "expected at least one FETCH item before this, but the command ends at column 13",
    ),
    (
        "a FETCH 1 FOO",
        "expected a FETCH item that is known at column 11",
    ),
    (
        "a FETCH 1 RFC822[]",
        "expected a FETCH item that is known at column 11",
    ),
    (
        "a FETCH 1 BODY[",
        "expected a section, but the command ends at column 16",
    ),
    (
        "a FETCH 1 (FLAGS",
        "expected a space or a closing parenthesis, but the command ends at column 17",
    ),
    (
        "a FETCH 1 FLAGS UID",
        "expected the end of the command at column 17",
    ),
    ("a STORE 1 (\\Seen)", "expected UNCHANGEDSINCE at column 12"),
    (
        "a STORE 1 FLAGS",
        "expected a space, but the command ends at column 16",
    ),
    (
        "a STORE a FLAGS x",
        "expected a message number or * at column 9",
    ),
    (
        "a SEARCH",
        "expected a space, but the command ends at column 9",
    ),
    (
        "a SEARCH FOO",
        "expected a SEARCH key that is known at column 10",
    ),
    (
        "a SEARCH ()",
        "expected a SEARCH key before this, but the command ends at column 12",
    ),
    (
        "a SEARCH (ALL",
        "expected a space or a closing parenthesis, but the command ends at column 14",
    ),
    (
        "a SEARCH OR ALL",
        "expected a space, but the command ends at column 16",
    ),
    (
        "a SEARCH BEFORE 30-Feb-2000",
        "expected a date like 1-Feb-1994 at column 17",
    ),
    ("a SEARCH LARGER x", "expected a size in bytes at column 17"),
    (
        "a UID FOO 1",
        "expected COPY, EXPUNGE, FETCH, MOVE, SEARCH or STORE at column 7",
    ),
    (
        "a UID EXPUNGE",
        "expected a space, but the command ends at column 14",
    ),
    (
        "a APPEND x \"y\"",
        "expected a date-time like \"17-Jul-1996 02:44:25 -0700\" at column 12",
    ),
    (
        "a APPEND x hello",
        "expected the message as a literal at column 12",
    ),
    (
        "a APPEND x {3}\r\nab",
        "expected the message, but the command ends at column 19",
    ),
    (
        "a AUTHENTICATE PLAIN !!",
        "expected an initial response in base64 at column 22",
    ),
    ("a ID (\"a\")", "expected a space at column 10"),
];

#[test]
fn mistakes_are_named_with_their_place() {
    for (text, expected) in MISTAKES {
        let raw = RawCommand::from_bytes(*text);
        let error = Request::parse(&raw, &Limits::default()).unwrap_err();
        assert_eq!(error.to_string(), *expected, "{text:?}");
    }
}

#[test]
fn a_mistake_keeps_its_tag() {
    let error =
        |text: &str| Request::parse(&RawCommand::from_bytes(text), &Limits::default()).unwrap_err();
    assert_eq!(
        error("a1 FOO")
            .tag()
            .map(|tag| tag.as_str().to_owned())
            .as_deref(),
        Some("a1")
    );
    assert_eq!(error("a1 FOO").kind(), ParseErrorKind::UnknownCommand);
    assert_eq!(error("( FOO").tag(), None);
}
