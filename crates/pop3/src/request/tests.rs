//! Valid and invalid command lines.

use super::*;

/// The request in a form that is easy to compare.
fn shown(line: &[u8]) -> String {
    match Request::parse(line) {
        Err(error) => format!("{error:?}"),
        Ok(Request::Auth { mechanism, initial }) => {
            let initial = initial.map(String::from_utf8_lossy);
            format!("auth {mechanism:?} {initial:?}")
        }
        Ok(Request::Capa) => "capa".into(),
        Ok(Request::Dele(number)) => format!("dele {}", number.0),
        Ok(Request::List(number)) => format!("list {:?}", number.map(|n| n.0)),
        Ok(Request::Noop) => "noop".into(),
        Ok(Request::Pass(password)) => format!("pass {:?}", password.expose()),
        Ok(Request::Quit) => "quit".into(),
        Ok(Request::Retr(number)) => format!("retr {}", number.0),
        Ok(Request::Rset) => "rset".into(),
        Ok(Request::Stat) => "stat".into(),
        Ok(Request::Stls) => "stls".into(),
        Ok(Request::Top { number, lines }) => format!("top {} {lines}", number.0),
        Ok(Request::Uidl(number)) => format!("uidl {:?}", number.map(|n| n.0)),
        Ok(Request::User(name)) => format!("user {name:?}"),
        Ok(Request::Utf8) => "utf8".into(),
    }
}

#[test]
fn lines_are_read() {
    let cases: &[(&[u8], &str)] = &[
        (b"STAT", "stat"),
        (b"stat ", "stat"),
        (b"Stat 1", "NoArgument"),
        (b"STATUS", "Unknown"),
        (b"", "Unknown"),
        (b" STAT", "Unknown"),
        (b"LIST", "list None"),
        (b"LIST  7 ", "list Some(7)"),
        (b"LIST 7 8", "OneNumber"),
        (b"LIST x", "NeedsNumber"),
        (b"LIST -1", "NeedsNumber"),
        (b"UIDL 0", "uidl Some(0)"),
        (b"RETR", "NeedsNumber"),
        (b"RETR 1", "retr 1"),
        (b"RETR +1", "NeedsNumber"),
        (b"RETR 99999999999999999999", "retr 4294967295"),
        (b"DELE 12", "dele 12"),
        (b"TOP 1 0", "top 1 0"),
        (b"TOP 1", "NeedsLines"),
        (b"TOP 1 2 3", "NeedsLines"),
        (b"TOP 1 many", "NeedsLines"),
        (b"USER taro@example.test", "user \"taro@example.test\""),
        (b"USER  taro ", "user \"taro\""),
        (b"USER", "NeedsName"),
        (b"USER  ", "NeedsName"),
        ("USER 太郎".as_bytes(), "user \"太郎\""),
        (b"USER \xFF", "NotUtf8"),
        (b"PASS secret", "pass \"secret\""),
        (b"PASS  two words ", "pass \" two words \""),
        (b"PASS", "NeedsPassword"),
        (b"PASS ", "NeedsPassword"),
        (b"PASS \xFF", "NotUtf8"),
        (b"AUTH", "auth None None"),
        (b"AUTH PLAIN", "auth Some(\"PLAIN\") None"),
        (b"AUTH PLAIN =", "auth Some(\"PLAIN\") Some(\"=\")"),
        (b"AUTH PLAIN a b", "NeedsMechanism"),
        (b"AUTH \xFF", "NeedsMechanism"),
        (b"CAPA", "capa"),
        (b"STLS", "stls"),
        (b"UTF8", "utf8"),
        (b"NOOP", "noop"),
        (b"RSET", "rset"),
        (b"QUIT", "quit"),
        (b"APOP taro 0123", "Unknown"),
        (b"\0\0\0\0", "Unknown"),
    ];
    for (line, expected) in cases {
        assert_eq!(shown(line), *expected, "{}", String::from_utf8_lossy(line));
    }
}

#[test]
fn no_octet_at_any_place_makes_it_panic() {
    for line in [
        "USER taro",
        "PASS x",
        "TOP 1 2",
        "LIST 1",
        "AUTH PLAIN =",
        "RETR 1",
    ] {
        for position in 0..line.len() {
            for octet in 0..=255 {
                let mut changed = line.as_bytes().to_vec();
                changed[position] = octet;
                assert!(!shown(&changed).is_empty());
                changed.truncate(position);
                assert!(!shown(&changed).is_empty());
            }
        }
    }
}
