//! Paths: quoted local parts, source routes, address literals, and what is tolerated.

use hikyaku_smtp_proto::{AddressLiteral, Command, CommandError, ForwardPath, PathError};
use hikyaku_types::{AddressError, DomainError};

fn recipient(path: &str) -> Result<ForwardPath, PathError> {
    match Command::parse(format!("RCPT TO:{path}").as_bytes()) {
        Ok(Command::Rcpt(rcpt)) => Ok(rcpt.recipient),
        Err(CommandError::Recipient(error)) => Err(error),
        other => panic!("{path:?} gave {other:?}"),
    }
}

/// The address, shown as it would be written again.
fn shown(path: &str) -> String {
    match recipient(path) {
        Ok(ForwardPath::Mailbox(address)) => address.to_string(),
        other => panic!("{path:?} gave {other:?}"),
    }
}

#[test]
fn plain_and_quoted_addresses() {
    for (path, address) in [
        ("<taro@example.test>", "taro@example.test"),
        (
            "<taro.yamada+tag@Example.TEST>",
            "taro.yamada+tag@example.test",
        ),
        ("<taro@example.test.>", "taro@example.test"),
        (r#"<"taro"@example.test>"#, "taro@example.test"),
        (r#"<"a b"@example.test>"#, r#""a b"@example.test"#),
        (r#"<"a>b"@example.test>"#, r#""a>b"@example.test"#),
        (r#"<"a@b"@example.test>"#, r#""a@b"@example.test"#),
        (r#"<"a\"b\\c"@example.test>"#, r#""a\"b\\c"@example.test"#),
        (r#"<"\t\a"@example.test>"#, "ta@example.test"),
    ] {
        assert_eq!(shown(path), address, "{path:?}");
    }
}

#[test]
fn source_routes_are_read_and_ignored() {
    for path in [
        "<@relay.example:taro@example.test>",
        "<@one.example,@two.example:taro@example.test>",
        "<@one.example, @two.example:taro@example.test>",
    ] {
        assert_eq!(shown(path), "taro@example.test", "{path:?}");
    }
    for path in [
        "<@relay.example>",
        "<@:a@b>",
        "<@a,b:c@d>",
        "<@relay.example:>",
    ] {
        assert_eq!(recipient(path), Err(PathError::Route), "{path:?}");
    }
}

#[test]
fn address_literals_name_machines() {
    for (path, local, host) in [
        ("<root@[192.0.2.1]>", "root", "192.0.2.1"),
        ("<root@[IPv6:2001:db8::1]>", "root", "2001:db8::1"),
        ("<root@[ipv6:::1]>", "root", "::1"),
        (r#"<"a b"@[192.0.2.1]>"#, "a b", "192.0.2.1"),
    ] {
        let expected = ForwardPath::Literal {
            local: local.to_owned(),
            host: AddressLiteral(host.parse().unwrap()),
        };
        assert_eq!(recipient(path), Ok(expected), "{path:?}");
    }
    for path in [
        "<a@[192.0.2]>",
        "<a@[192.0.2.1>",
        "<a@[2001:db8::1]>",
        "<a@[IPv6:192.0.2.1]>",
        "<a@[x-tag:abc]>",
        "<a@[]>",
        "<a@[192.0.2.1].test>",
    ] {
        assert_eq!(recipient(path), Err(PathError::Literal), "{path:?}");
    }
    let bad_local = Err(PathError::Address(AddressError::BadCharacter(' ')));
    assert_eq!(recipient("<a b@[192.0.2.1]>"), bad_local);
}

#[test]
fn tolerated_forms_of_old_clients() {
    for (path, address) in [
        // quirk::space_after_colon
        (" <taro@example.test>", "taro@example.test"),
        ("   <taro@example.test>", "taro@example.test"),
        // quirk::bare_path
        ("taro@example.test", "taro@example.test"),
        (" taro@example.test NOTIFY=NEVER", "taro@example.test"),
        (
            r#""a b"@example.test NOTIFY=NEVER"#,
            r#""a b"@example.test"#,
        ),
        // quirk::misplaced_dots
        (
            "<taro..yamada.@carrier.example>",
            r#""taro..yamada."@carrier.example"#,
        ),
        ("<.taro@carrier.example>", r#"".taro"@carrier.example"#),
        // quirk::trailing_space
        ("<taro@example.test>  ", "taro@example.test"),
    ] {
        assert_eq!(shown(path), address, "{path:?}");
    }
}

#[test]
fn what_is_not_tolerated() {
    let long = format!("<{}@example.test>", "a".repeat(65));
    let address = PathError::Address;
    for (path, error) in [
        ("<taro@example.test", PathError::Unbalanced),
        (r#"<"taro@example.test>"#, PathError::Unbalanced),
        ("<taro@example.test>x", PathError::Unbalanced),
        (r#""taro"#, PathError::Unbalanced),
        ("taro", PathError::NoDomain),
        (r#"<"taro">"#, PathError::NoDomain),
        (r#"<"taro"x@example.test>"#, PathError::NoDomain),
        ("<@example.test>", PathError::Route),
        (
            "<a@b@example.test>",
            address(AddressError::BadCharacter('@')),
        ),
        (
            "<a<b@example.test>",
            address(AddressError::BadCharacter('<')),
        ),
        (r#"<""@example.test>"#, address(AddressError::EmptyLocal)),
        (long.as_str(), address(AddressError::LocalTooLong)),
        ("<a@>", address(AddressError::Domain(DomainError::Empty))),
        (
            "<a@b_-.c->",
            address(AddressError::Domain(DomainError::Invalid("b_-.c-".into()))),
        ),
    ] {
        assert_eq!(recipient(path), Err(error), "{path:?}");
    }
}
