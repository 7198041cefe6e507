//! Standard, obsolete, broken and Japanese address lists.

use super::*;

/// Renders a list as `name|local|host`, groups as `{name` and `}`.
fn list(value: &[u8]) -> Vec<String> {
    parse(value)
        .addresses
        .iter()
        .map(|address| match address {
            Address::GroupStart(name) => format!("{{{}", name.decoded()),
            Address::GroupEnd => "}".into(),
            Address::Mailbox(mailbox) => {
                let name = mailbox
                    .name
                    .as_ref()
                    .map(HeaderText::decoded)
                    .unwrap_or_default();
                let route = mailbox.route.as_deref().map(|route| format!("|{route}"));
                format!(
                    "{name}|{}|{}{}",
                    mailbox.local,
                    mailbox.host,
                    route.unwrap_or_default()
                )
            }
        })
        .collect()
}

#[test]
fn standard_forms() {
    let cases: [(&str, &[&str]); 14] = [
        ("taro@example.jp", &["|taro|example.jp"]),
        ("<taro@example.jp>", &["|taro|example.jp"]),
        (
            "Taro Yamada <taro@example.jp>",
            &["Taro Yamada|taro|example.jp"],
        ),
        (
            "\"Yamada, Taro\" <taro@example.jp>",
            &["Yamada, Taro|taro|example.jp"],
        ),
        ("\"a \\\"b\\\" c\" <a@b>", &["a \"b\" c|a|b"]),
        (
            "taro@example.jp (Taro (T.) Yamada)",
            &["Taro (T.) Yamada|taro|example.jp"],
        ),
        ("a@b, c@d,e@f", &["|a|b", "|c|d", "|e|f"]),
        ("\"a b\"@c", &["|a b|c"]),
        ("a@[192.0.2.1]", &["|a|[192.0.2.1]"]),
        ("J. Random <j@r>", &["J. Random|j|r"]),
        (
            "Team: A <a@b>, c@d;, e@f",
            &["{Team", "A|a|b", "|c|d", "}", "|e|f"],
        ),
        (
            "undisclosed-recipients:;",
            &["{undisclosed-recipients", "}"],
        ),
        ("<@x.jp,@y.jp:a@b>", &["|a|b|@x.jp,@y.jp"]),
        (
            "Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>",
            &["Pete|pete|silly.test"],
        ),
    ];
    for (value, expected) in cases {
        assert_eq!(list(value.as_bytes()), expected, "{value}");
    }
}

#[test]
fn obsolete_and_broken_forms() {
    let cases: [(&str, &[&str]); 18] = [
        ("john . doe @ example . com", &["|john.doe|example.com"]),
        (
            "Taro Yamada taro@example.jp",
            &["Taro Yamada|taro|example.jp"],
        ),
        ("taro@example.jp Taro", &["Taro|taro|example.jp"]),
        ("Taro <taro@example.jp", &["Taro|taro|example.jp"]),
        (
            "Taro <taro@example.jp, b@c",
            &["Taro|taro|example.jp", "|b|c"],
        ),
        ("<<a@b>>", &["|a|b"]),
        ("a@b <a@b>", &["a@b|a|b"]),
        ("A <a@b> B <c@d>", &["A|a|b", "B|c|d"]),
        ("a@b; c@d;", &["|a|b", "|c|d"]),
        (",, a@b,,", &["|a|b"]),
        ("Team: a@b", &["{Team", "|a|b", "}"]),
        ("\"Taro <taro@example.jp>", &["\"Taro|taro|example.jp"]),
        ("root", &["|root|"]),
        ("MAILER-DAEMON <>", &["MAILER-DAEMON||"]),
        ("Undisclosed Recipients", &["Undisclosed Recipients||"]),
        ("<mailto:a@b>", &["|a|b"]),
        ("(only a comment)", &[]),
        ("", &[]),
    ];
    for (value, expected) in cases {
        assert_eq!(list(value.as_bytes()), expected, "{value}");
    }
}

#[test]
fn japanese_names() {
    let cases: [(&str, &[&str]); 7] = [
        ("=?UTF-8?B?5bGx55Sw?= <a@b>", &["山田|a|b"]),
        (
            "=?UTF-8?B?5bGx55Sw?= =?UTF-8?B?5aSq6YOO?= <a@b>",
            &["山田太郎|a|b"],
        ),
        ("\"=?UTF-8?B?5bGx55Sw?=\" <a@b>", &["山田|a|b"]),
        ("a@b (=?UTF-8?B?5bGx55Sw?=)", &["山田|a|b"]),
        ("山田 太郎 <a@b>, c@d", &["山田 太郎|a|b", "|c|d"]),
        ("山田, 太郎 <a@b>", &["山田, 太郎|a|b"]),
        ("山田, c@d", &["山田||", "|c|d"]),
    ];
    for (value, expected) in cases {
        assert_eq!(list(value.as_bytes()), expected, "{value}");
    }
}

#[test]
fn raw_legacy_charsets_do_not_break_the_syntax() {
    // 山田 in ISO-2022-JP, raw; its bytes are `;3ED`.
    assert_eq!(list(b"\x1b$B;3ED\x1b(B <a@b>"), ["山田|a|b"]);
    // 表示 in Shift_JIS ends its first character with a backslash.
    assert_eq!(
        list(b"\"\x95\x5c\x8e\xa6\x95\x94\x96\xe5\" <a@b>"),
        ["表示部門|a|b"]
    );
}

#[test]
fn the_number_of_addresses_is_bounded() {
    let value = "a@b,".repeat(MAX_ADDRESSES + 1);
    let parsed = parse(value.as_bytes());
    assert_eq!(parsed.addresses.len(), MAX_ADDRESSES);
    assert_eq!(parsed.cut, Cut::Yes);
    let value = "a@b,".repeat(MAX_ADDRESSES - 1);
    let parsed = parse(value.as_bytes());
    assert_eq!(parsed.addresses.len(), MAX_ADDRESSES - 1);
    assert_eq!(parsed.cut, Cut::No);
}

#[test]
fn a_field_of_any_length_is_cut() {
    let value = format!("{} <a@b>", "x".repeat(MAX_FIELD_BYTES));
    assert_eq!(parse(value.as_bytes()).cut, Cut::Yes);
}
