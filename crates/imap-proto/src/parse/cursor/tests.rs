//! Tests of the tokens.

use super::*;

fn parse<T>(text: &[u8], parser: impl Fn(&mut Cursor<'_>) -> Parsed<T>) -> Result<T, String> {
    let limits = Limits::default();
    let mut cursor = Cursor::over(text, &limits);
    parser(&mut cursor).map_err(|error| error.to_string())
}

#[test]
fn strings_are_read_in_every_form() {
    for (text, expected) in [
        (&b"inbox"[..], &b"inbox"[..]),
        (b"a]b", b"a]b"),
        (b"\"\"", b""),
        (b"\"a b\"", b"a b"),
        (br#""a\"b\\c""#, br#"a"b\c"#),
        (br#""DOM\user""#, br"DOM\user"),
        (b"{3}\r\na\r\n", b"a\r\n"),
        (b"{3+}\r\na\"b", b"a\"b"),
        (b"{0}\n", b""),
        ("日本".as_bytes(), "日本".as_bytes()),
    ] {
        let read = parse(text, |cursor| cursor.astring("a word").map(Cow::into_owned));
        assert_eq!(read.as_deref(), Ok(expected), "{text:?}");
    }
}

#[test]
fn wrong_strings_name_what_was_expected_and_where() {
    for (text, expected) in [
        (
            &b""[..],
            "expected a word, but the command ends at column 1",
        ),
        (b"(", "expected a word at column 1"),
        (
            b"\"ab",
            "expected the closing quote of a quoted string, but the command ends at column 4",
        ),
        (
            b"\"a\0b\"",
            "expected the closing quote of a quoted string at column 3",
        ),
        (
            b"{3}\r\nab",
            "expected a word, but the command ends at column 8",
        ),
        (b"{1}\r\n\0", "expected a literal without NUL at column 6"),
        (b"{3}", "expected a word, but the command ends at column 4"),
        (b"{a}\r\n", "expected a word at column 1"),
        (b"{{3}\r\nabc", "expected a word at column 1"),
        (
            b"{99999999999999999999}\r\nab",
            "expected a word, but the command ends at column 27",
        ),
    ] {
        let read = parse(text, |cursor| cursor.astring("a word").map(Cow::into_owned));
        assert_eq!(read, Err(expected.to_owned()), "{text:?}");
    }
}

#[test]
fn numbers_keep_to_32_bits() {
    let number = |text: &[u8]| parse(text, |cursor| cursor.number("a number"));
    assert_eq!(number(b"4294967295"), Ok(u32::MAX));
    assert_eq!(number(b"0042 "), Ok(42));
    assert!(number(b"4294967296").is_err());
    assert!(number(b"-1").is_err());
    assert!(parse(b"0", |cursor| cursor.nz_number("a number")).is_err());
}
