//! Command lines: what is taken, what is refused, with which reply.

use hikyaku_smtp_proto::{
    Command, CommandError, ForwardPath, Notify, PathError, Returned,
    command::{Bdat, Body, Last, Mail, Rcpt, Smtputf8},
    reply::table,
};
use hikyaku_types::AddressError;

fn parse(line: &str) -> Result<Command, CommandError> {
    Command::parse(line.as_bytes())
}

fn mail(line: &str) -> Mail {
    match parse(line) {
        Ok(Command::Mail(mail)) => mail,
        other => panic!("{line:?} gave {other:?}"),
    }
}

fn rcpt(line: &str) -> Rcpt {
    match parse(line) {
        Ok(Command::Rcpt(rcpt)) => rcpt,
        other => panic!("{line:?} gave {other:?}"),
    }
}

/// The error, and the start of the reply that the client sees.
fn refused(line: &str) -> (CommandError, String) {
    let error = parse(line).expect_err(line);
    let mut wire = Vec::new();
    table::syntax(&error).encode(&mut wire);
    let reply = String::from_utf8(wire).expect("ASCII");
    let codes = reply.split(' ').take(2).collect::<Vec<_>>().join(" ");
    (error, codes)
}

#[test]
fn words_are_known_in_any_case() {
    for (line, verb) in [
        ("EHLO client.example", "EHLO"),
        ("helo [192.0.2.1]", "HELO"),
        ("Lhlo x", "LHLO"),
        ("data", "DATA"),
        ("RSET", "RSET"),
        ("rset  ", "RSET"),
        ("NOOP", "NOOP"),
        ("NOOP what ever", "NOOP"),
        ("quit", "QUIT"),
        ("HELP", "HELP"),
        ("help me", "HELP"),
        ("VRFY taro", "VRFY"),
        ("expn staff", "EXPN"),
        ("starttls", "STARTTLS"),
        ("auth plain", "AUTH"),
        ("bdat 10 last", "BDAT"),
        ("mail from:<>", "MAIL"),
        ("rcpt to:<a@b>", "RCPT"),
    ] {
        assert_eq!(parse(line).expect(line).verb(), verb);
    }
}

#[test]
fn lines_that_are_no_commands_say_why() {
    for (line, error, codes) in [
        ("", CommandError::Unknown, "500 5.5.1"),
        ("FOO", CommandError::Unknown, "500 5.5.1"),
        (" NOOP", CommandError::Unknown, "500 5.5.1"),
        ("GET / HTTP/1.1", CommandError::Unknown, "500 5.5.1"),
        ("TURN", CommandError::NotImplemented, "502 5.5.1"),
        (
            "ETRN example.test",
            CommandError::NotImplemented,
            "502 5.5.1",
        ),
        ("NOOP \u{1}", CommandError::NotText, "500 5.5.2"),
        ("NOOP a\rQUIT", CommandError::NotText, "500 5.5.2"),
        ("NOOP a\nQUIT", CommandError::NotText, "500 5.5.2"),
        ("NOOP \u{85}", CommandError::NotText, "500 5.5.2"),
        ("EHLO", CommandError::Usage("EHLO domain"), "501 5.5.4"),
        ("DATA now", CommandError::Usage("DATA"), "501 5.5.4"),
        ("QUIT now", CommandError::Usage("QUIT"), "501 5.5.4"),
        ("RSET now", CommandError::Usage("RSET"), "501 5.5.4"),
        ("STARTTLS now", CommandError::Usage("STARTTLS"), "501 5.5.4"),
        ("VRFY", CommandError::Usage("VRFY address"), "501 5.5.4"),
    ] {
        assert_eq!(refused(line), (error, codes.to_owned()), "{line:?}");
    }
    assert_eq!(
        Command::parse(b"NOOP \xff").unwrap_err(),
        CommandError::NotText
    );
}

#[test]
fn any_name_is_taken_in_ehlo_and_shown_harmlessly() {
    for (name, shown) in [
        ("mail.example.test", "mail.example.test"),
        ("[IPv6:2001:db8::1]", "[IPv6:2001:db8::1]"),
        ("WIN-10_PC", "WIN-10_PC"),
        ("a (b) by c; d", "a??b??by?c??d"),
        ("日本", "??"),
    ] {
        let Ok(Command::Ehlo(client)) = parse(&format!("EHLO {name}")) else {
            panic!("{name:?} was refused");
        };
        assert_eq!(client.as_str(), name);
        assert_eq!(client.to_string(), shown);
    }
    assert!(parse(&format!("EHLO {}", "a".repeat(255))).is_ok());
    assert!(parse(&format!("EHLO {}", "a".repeat(256))).is_err());
}

#[test]
fn mail_with_every_parameter() {
    let mail = mail(
        "MAIL FROM:<Taro@example.test> SIZE=1000 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=QQ+2B1 \
         AUTH=<>",
    );
    assert_eq!(mail.sender.unwrap().to_string(), "Taro@example.test");
    assert_eq!(mail.size, Some(1000));
    assert_eq!(mail.body, Body::EightBitMime);
    assert_eq!(mail.smtputf8, Smtputf8::Yes);
    assert_eq!(mail.returned, Some(Returned::Headers));
    assert_eq!(mail.envelope_id.unwrap().as_str(), "QQ+1");
}

#[test]
fn mail_without_parameters() {
    let null = mail("MAIL FROM:<>");
    assert_eq!(
        (null.sender, null.size, null.body),
        (None, None, Body::SevenBit)
    );
    assert_eq!(
        (null.smtputf8, null.returned, null.envelope_id),
        (Smtputf8::No, None, None)
    );
}

#[test]
fn parameters_that_are_wrong_are_named() {
    let bad = |name: &str| CommandError::BadParameter(name.to_owned());
    let unknown = |name: &str| CommandError::UnknownParameter(name.to_owned());
    let twice = |name: &str| CommandError::RepeatedParameter(name.to_owned());
    let long = "x".repeat(101);
    for (parameters, error, codes) in [
        ("SIZE", bad("SIZE"), "501 5.5.4"),
        ("SIZE=", bad("SIZE"), "501 5.5.4"),
        ("SIZE=-1", bad("SIZE"), "501 5.5.4"),
        ("SIZE=+1", bad("SIZE"), "501 5.5.4"),
        ("SIZE=123456789012345678901", bad("SIZE"), "501 5.5.4"),
        ("size=1 SIZE=1", twice("SIZE"), "501 5.5.4"),
        ("BODY=BINARYMIME", bad("BODY"), "501 5.5.4"),
        ("BODY", bad("BODY"), "501 5.5.4"),
        ("SMTPUTF8=yes", bad("SMTPUTF8"), "501 5.5.4"),
        ("SMTPUTF8 SMTPUTF8", twice("SMTPUTF8"), "501 5.5.4"),
        ("RET=ALL", bad("RET"), "501 5.5.4"),
        ("ENVID=a+", bad("ENVID"), "501 5.5.4"),
        (&format!("ENVID={long}"), bad("ENVID"), "501 5.5.4"),
        ("AUTH", bad("AUTH"), "501 5.5.4"),
        ("AUTH=a+zz", bad("AUTH"), "501 5.5.4"),
        ("NOTIFY=NEVER", unknown("NOTIFY"), "555 5.5.4"),
        ("REQUIRETLS", unknown("REQUIRETLS"), "555 5.5.4"),
        ("X=a=b", bad("X"), "501 5.5.4"),
        ("-X", CommandError::ParameterSyntax, "501 5.5.4"),
        ("=1", CommandError::ParameterSyntax, "501 5.5.4"),
        ("(comment)", CommandError::ParameterSyntax, "501 5.5.4"),
    ] {
        let line = format!("MAIL FROM:<a@example.test> {parameters}");
        assert_eq!(refused(&line), (error, codes.to_owned()), "{line:?}");
    }
}

#[test]
fn a_size_that_no_counter_holds_is_still_a_size() {
    assert_eq!(
        mail("MAIL FROM:<> SIZE=99999999999999999999").size,
        Some(u64::MAX)
    );
}

#[test]
fn addresses_beyond_ascii_need_smtputf8() {
    assert_eq!(
        refused("MAIL FROM:<太郎@example.test>"),
        (CommandError::Utf8Sender, "550 5.6.7".to_owned())
    );
    // The domain alone is enough: it was not written as A-label.
    assert_eq!(
        refused("MAIL FROM:<taro@日本語.jp>").0,
        CommandError::Utf8Sender
    );
    let sender = mail("MAIL FROM:<太郎@日本語.jp> SMTPUTF8").sender.unwrap();
    assert_eq!(sender.to_string(), "太郎@xn--wgv71a119e.jp");
    assert_eq!(rcpt("RCPT TO:<花子@example.test>").smtputf8, Smtputf8::Yes);
    assert_eq!(rcpt("RCPT TO:<hanako@example.test>").smtputf8, Smtputf8::No);
}

#[test]
fn rcpt_with_every_parameter() {
    let rcpt = rcpt(
        "RCPT TO:<hanako@example.test> NOTIFY=SUCCESS,delay ORCPT=rfc822;Bob+2B1@example.test",
    );
    assert_eq!(
        rcpt.notify,
        Some(Notify {
            success: true,
            failure: false,
            delay: true
        })
    );
    let original = rcpt.original.unwrap();
    assert_eq!(original.address_type, "rfc822");
    assert_eq!(original.address, "Bob+1@example.test");
}

#[test]
fn original_recipients_may_be_utf8() {
    for value in [
        r"utf-8;\x{82B1}\x{5B50}@example.test",
        "UTF-8;花子@example.test",
        "utf-8;+E8+8A+B1+E5+AD+90@example.test",
    ] {
        let rcpt = rcpt(&format!("RCPT TO:<hanako@example.test> ORCPT={value}"));
        let original = rcpt.original.unwrap();
        assert_eq!(original.address_type, "utf-8");
        assert_eq!(original.address, "花子@example.test");
    }
}

#[test]
fn notify_and_orcpt_that_are_wrong_are_refused() {
    let long = format!("ORCPT=rfc822;{}", "x".repeat(500));
    for parameters in [
        "NOTIFY",
        "NOTIFY=",
        "NOTIFY=NEVER,SUCCESS",
        "NOTIFY=SUCCESS,",
        "NOTIFY=ALWAYS",
        "NOTIFY=NEVER NOTIFY=NEVER",
        "ORCPT=a@example.test",
        "ORCPT=;a@example.test",
        "ORCPT=rfc822;",
        "ORCPT=rfc822;a+",
        r"ORCPT=utf-8;\x{D800}",
        "ORCPT=rfc(822);a@b",
        &long,
        "SIZE=1",
    ] {
        let line = format!("RCPT TO:<a@example.test> {parameters}");
        assert!(refused(&line).1.ends_with(" 5.5.4"), "{line:?}");
    }
    assert_eq!(
        rcpt("RCPT TO:<a@b> NOTIFY=never").notify,
        Some(Notify::NEVER)
    );
}

#[test]
fn chunk_sizes_are_numbers() {
    let bdat = |line: &str| match parse(line) {
        Ok(Command::Bdat(bdat)) => bdat,
        other => panic!("{line:?} gave {other:?}"),
    };
    assert_eq!(
        bdat("BDAT 86 LAST"),
        Bdat {
            size: 86,
            last: Last::Yes
        }
    );
    assert_eq!(
        bdat("BDAT  0 last "),
        Bdat {
            size: 0,
            last: Last::Yes
        }
    );
    assert_eq!(
        bdat("bdat 100000"),
        Bdat {
            size: 100_000,
            last: Last::No
        }
    );
    assert_eq!(bdat("BDAT 99999999999999999999").size, u64::MAX);
    for line in [
        "BDAT",
        "BDAT LAST",
        "BDAT -1",
        "BDAT +1",
        "BDAT 1 FIRST",
        "BDAT 1 LAST LAST",
        "BDAT 0x10",
        "BDAT 999999999999999999999",
    ] {
        let (error, codes) = refused(line);
        assert_eq!(
            (error.clone(), codes.as_str()),
            (CommandError::Chunk, "501 5.5.4")
        );
        assert!(error.ends_session(), "{line:?}");
    }
}

#[test]
fn auth_keeps_its_secret() {
    let Ok(Command::Auth(auth)) = parse("auth plain AHRpbQBz") else {
        panic!()
    };
    assert_eq!(auth.mechanism, "PLAIN");
    assert_eq!(auth.initial.as_ref().unwrap().expose(), "AHRpbQBz");
    assert!(!format!("{auth:?}").contains("AHRpbQBz"));
    let Ok(Command::Auth(auth)) = parse("AUTH XOAUTH2") else {
        panic!()
    };
    assert_eq!(
        (auth.mechanism.as_str(), auth.initial.is_none()),
        ("XOAUTH2", true)
    );
    for line in [
        "AUTH",
        "AUTH PLAIN a b",
        "AUTH PL(AIN",
        "AUTH ABCDEFGHIJKLMNOPQRSTU",
    ] {
        assert!(
            matches!(refused(line).0, CommandError::Usage(_)),
            "{line:?}"
        );
    }
}

#[test]
fn the_empty_and_the_malformed_recipient_are_refused() {
    for (line, error) in [
        ("RCPT TO:<>", PathError::Null),
        ("RCPT TO:", PathError::Missing),
        ("RCPT TO:<a@b", PathError::Unbalanced),
        ("RCPT TO:<taro>", PathError::NoDomain),
        (
            "RCPT TO:<a..@>",
            PathError::Address(AddressError::Domain(hikyaku_types::DomainError::Empty)),
        ),
    ] {
        assert_eq!(
            refused(line),
            (CommandError::Recipient(error), "501 5.1.3".to_owned())
        );
    }
    for line in [
        "RCPT",
        "RCPT FROM:<a@b>",
        "RCPT <a@b>",
        "MAIL TO:<a@b>",
        "MAIL FROM",
    ] {
        assert!(
            matches!(refused(line).0, CommandError::Usage(_)),
            "{line:?}"
        );
    }
    for (line, error) in [
        ("MAIL FROM:<postmaster>", PathError::NoDomain),
        ("MAIL FROM:<root@[192.0.2.1]>", PathError::LiteralSender),
    ] {
        assert_eq!(
            refused(line),
            (CommandError::Sender(error), "501 5.1.7".to_owned())
        );
    }
}

#[test]
fn groups_of_a_pipeline_end_where_rfc_2920_says() {
    for (line, ends) in [
        ("EHLO x", true),
        ("MAIL FROM:<>", false),
        ("RCPT TO:<a@b>", false),
        ("RSET", false),
        ("BDAT 1", false),
        ("BDAT 1 LAST", true),
        ("DATA", true),
        ("NOOP", true),
        ("STARTTLS", true),
        ("AUTH PLAIN", true),
        ("QUIT", true),
    ] {
        assert_eq!(parse(line).expect(line).ends_group(), ends, "{line:?}");
    }
}

#[test]
fn recipients_without_a_domain_are_the_postmaster_only() {
    let ForwardPath::Postmaster(word) = rcpt("RCPT TO:<PostMaster>").recipient else {
        panic!()
    };
    assert_eq!(word.as_str(), "PostMaster");
    let ForwardPath::Mailbox(address) = rcpt("RCPT TO:<Postmaster@example.test>").recipient else {
        panic!()
    };
    assert_eq!(address.local(), "Postmaster");
}
