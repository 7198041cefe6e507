//! Messages are built, parsed again and compared.

use hikyaku_types::{OffsetTimestamp, Timestamp};

use super::*;
use crate::{Mailbox, ParsedMessage, body::part_text, charset::Target};

fn mailbox(name: &str, local: &str, host: &str) -> Mailbox {
    Mailbox {
        name: (!name.is_empty()).then(|| name.into()),
        local: local.into(),
        host: host.into(),
        ..Mailbox::default()
    }
}

fn header(target: Target) -> HeaderBlock {
    let to: Vec<Mailbox> = (0..5)
        .map(|n| mailbox("山田 太郎（総務部）", &format!("taro{n}"), "example.jp"))
        .collect();
    HeaderBlock::new()
        .date(
            "Date",
            OffsetTimestamp {
                at: Timestamp(1_704_423_600_000),
                offset_minutes: 540,
            },
        )
        .and_then(|block| {
            block.addresses("From", &[mailbox("Yamada, T.", "t", "example.jp")], target)
        })
        .and_then(|block| block.addresses("To", &to, target))
        .and_then(|block| {
            block.text(
                "Subject",
                "【重要】来週月曜日の定例会議（第１会議室）のご案内 and English",
                target,
            )
        })
        .and_then(|block| block.message_ids("Message-ID", &["a.b@example.jp"]))
        .unwrap()
}

/// Checks what every written message must keep.
fn check(message: &[u8]) -> ParsedMessage {
    let parsed = ParsedMessage::parse(message);
    assert!(parsed.problems.is_empty(), "{:?}", parsed.problems);
    for line in message.split(|&byte| byte == b'\n') {
        assert!(line.len() <= 999);
    }
    assert!(
        !message
            .windows(2)
            .any(|pair| pair[1] == b'\n' && pair[0] != b'\r')
    );
    let head = parsed.structure.root.header.of(message);
    for line in head.split(|&byte| byte == b'\n') {
        assert!(
            line.len() <= 79 && line.is_ascii(),
            "{}",
            String::from_utf8_lossy(line)
        );
    }
    parsed
}

#[test]
fn messages_are_valid_and_read_back() {
    let text = "山田様\n\nお世話になっております。\r\n.\nFrom here\n";
    for target in [
        Target::Utf8,
        Target::Iso2022Jp,
        Target::ShiftJis,
        Target::EucJp,
    ] {
        let entity = Entity::text("plain", text, target).unwrap();
        let built = message(&header(target), &entity).unwrap();
        let parsed = check(&built);
        let envelope = &parsed.envelope;
        let subject = envelope.subject.as_ref().unwrap().decoded();
        assert_eq!(
            subject,
            "【重要】来週月曜日の定例会議（第１会議室）のご案内 and English"
        );
        assert_eq!(envelope.to.len(), 5);
        let name = envelope.to[4]
            .mailbox()
            .unwrap()
            .name
            .as_ref()
            .unwrap()
            .decoded();
        assert_eq!(name, "山田 太郎（総務部）");
        let from = envelope.from[0].mailbox().unwrap();
        assert_eq!(from.name.as_ref().unwrap().decoded(), "Yamada, T.");
        assert_eq!(envelope.sent_at.unwrap().offset_minutes, 540);
        assert_eq!(parsed.message_id.as_deref(), Some("a.b@example.jp"));
        let read = part_text(&built, &parsed.structure.root);
        assert_eq!(read.text.replace("\r\n", "\n"), text.replace("\r\n", "\n"));
        assert_eq!(read.charset.name(), target.name());
        assert!(built.is_ascii());
    }
}

#[test]
fn the_encoding_suits_the_text() {
    let encoding = |text: &str, target| {
        let built = message(
            &HeaderBlock::new(),
            &Entity::text("plain", text, target).unwrap(),
        );
        let built = built.unwrap();
        let parsed = check(&built);
        let read = part_text(&built, &parsed.structure.root);
        assert_eq!(read.text, text);
        (
            parsed.structure.root.encoding.as_str().to_owned(),
            read.charset.name(),
        )
    };
    let long = "x".repeat(999);
    assert_eq!(encoding("hello", Target::Utf8), ("7bit".into(), "UTF-8"));
    assert_eq!(
        encoding("hello café, how do you do", Target::Utf8).0,
        "quoted-printable"
    );
    assert_eq!(encoding("山田", Target::Utf8), ("base64".into(), "UTF-8"));
    assert_eq!(
        encoding("山田", Target::Iso2022Jp),
        ("7bit".into(), "ISO-2022-JP")
    );
    assert_eq!(
        encoding("山田😀", Target::Iso2022Jp),
        ("base64".into(), "UTF-8")
    );
    assert_eq!(encoding(&long, Target::Utf8).0, "quoted-printable");
    assert_eq!(encoding("nul \0 byte", Target::Utf8).0, "quoted-printable");
    assert_eq!(encoding(&"山".repeat(500), Target::Iso2022Jp).0, "base64");
    assert_eq!(
        encoding("trailing \t\r\n = é..............\r\n", Target::Utf8).0,
        "quoted-printable"
    );
}

#[test]
fn a_delivery_report_reads_back() {
    let original = b"Subject: lost\r\n\r\nhello\r\n\r\n--=_u1_0\r\n";
    let status = HeaderBlock::new()
        .structured("Reporting-MTA", "dns; mx.example.jp")
        .unwrap();
    let recipient = HeaderBlock::new()
        .structured("Final-Recipient", "rfc822; taro@example.jp")
        .and_then(|block| block.structured("Action", "failed"))
        .unwrap();
    let parts = [
        Entity::text("plain", "配信できませんでした。\n", Target::Utf8).unwrap(),
        Entity::field_groups("message/delivery-status", &[status, recipient]).unwrap(),
        Entity::embedded(original).unwrap(),
    ];
    let report = [("report-type", "delivery-status")];
    let entity = Entity::multipart("report", &report, &parts, "u1").unwrap();
    let built = message(&header(Target::Utf8), &entity).unwrap();
    let parsed = check(&built);
    let root = &parsed.structure.root;
    assert!(root.content_type.is("multipart", "report"));
    assert_eq!(root.children().len(), 3);
    assert_eq!(
        part_text(&built, &root.children()[0]).text,
        "配信できませんでした。\r\n"
    );
    assert_eq!(
        root.children()[1].body.of(&built),
        b"Reporting-MTA: dns; mx.example.jp\r\n\r\n\
          Final-Recipient: rfc822; taro@example.jp\r\nAction: failed\r\n"
    );
    // The boundary kept clear of the one in the embedded message.
    assert_eq!(root.children()[2].body.of(&built), original);
}

#[test]
fn file_names_of_every_kind_come_back() {
    let long = "長い名前の添付ファイル（最終版）".repeat(8) + ".xlsx";
    for name in [
        "a.txt",
        "a b;\"c\\d\".txt",
        "見積書.pdf",
        &long,
        "=?utf-8?B?x?=",
        "%41'x*.txt",
    ] {
        let parts = [Entity::attachment("application/pdf", name, b"\x00\xff").unwrap()];
        let entity = Entity::multipart("mixed", &[], &parts, "x").unwrap();
        let built = message(&HeaderBlock::new(), &entity).unwrap();
        let parsed = check(&built);
        let part = &parsed.structure.root.children()[0];
        assert_eq!(part.file_name().as_deref(), Some(name));
        assert_eq!(*crate::body::decode_part(&built, part), *b"\x00\xff");
    }
}

#[test]
fn no_header_can_be_smuggled_in() {
    for evil in [
        "a\r\nBcc: x@y",
        "a\nb",
        "a\rb",
        "a\0b",
        "a\u{85}b",
        "a\u{7f}",
    ] {
        let refused = |result: Result<HeaderBlock, BuildError>| {
            assert!(result.is_err(), "{evil:?}");
        };
        let block = HeaderBlock::new();
        refused(block.clone().text("Subject", evil, Target::Utf8));
        refused(block.clone().structured("X", evil));
        refused(block.clone().message_ids("Message-ID", &[evil]));
        refused(
            block
                .clone()
                .addresses("To", &[mailbox("", evil, "b")], Target::Utf8),
        );
        refused(
            block
                .clone()
                .addresses("To", &[mailbox("", "a", evil)], Target::Utf8),
        );
        refused(block.clone().with_parameters("Content-Type", evil, &[]));
        refused(
            block
                .clone()
                .with_parameters("Content-Type", "a/b", &[("x", evil)]),
        );
        refused(
            block
                .clone()
                .with_parameters("Content-Type", "a/b", &[(evil, "x")]),
        );
        refused(block.clone().structured(evil, "x"));
        assert!(message_id(evil, &"example.jp".parse().unwrap()).is_err());
        assert!(Entity::attachment("a/b", evil, b"").is_err());
        assert!(Entity::text(evil, "", Target::Utf8).is_err());
        assert!(Entity::multipart("mixed", &[], &[], evil).is_err());
    }
    // A display name is decoded before it is written: controls in it are blanks by then.
    let from_words = mailbox("=?utf-8?Q?a=0D=0ABcc:_x?=", "a", "b");
    let block = HeaderBlock::new()
        .addresses("To", &[from_words], Target::Utf8)
        .unwrap();
    assert_eq!(ParsedMessage::parse(block.as_bytes()).fields.len(), 1);
}

#[test]
fn bad_names_and_values_are_refused() {
    let block = HeaderBlock::new;
    assert!(matches!(
        block().structured("", "x"),
        Err(BuildError::FieldName(_))
    ));
    assert!(matches!(
        block().structured("A B", "x"),
        Err(BuildError::FieldName(_))
    ));
    assert!(matches!(
        block().structured("A:", "x"),
        Err(BuildError::FieldName(_))
    ));
    assert!(matches!(
        block().structured("X", "山"),
        Err(BuildError::NotAscii(_))
    ));
    let long = "x".repeat(1200);
    assert!(matches!(
        block().structured("X", &long),
        Err(BuildError::TooLong(_))
    ));
    assert!(matches!(
        block().message_ids("X", &["a b"]),
        Err(BuildError::Invalid(_))
    ));
    let bad_host = [mailbox("", "a", "b, c@d")];
    assert!(matches!(
        block().addresses("To", &bad_host, Target::Utf8),
        Err(BuildError::Invalid(_))
    ));
    assert!(block().text("Subject", &long, Target::Utf8).is_ok());
    assert!(block().structured("X", &"x".repeat(990)).is_ok());
}

#[test]
fn message_ids_are_made_of_safe_characters() {
    let host = "mail.example.jp".parse().unwrap();
    assert_eq!(
        message_id("20240105.abc", &host).as_deref(),
        Ok("20240105.abc@mail.example.jp")
    );
    for bad in ["", "a b", "a..b", "<a", "a@b", "山"] {
        assert!(message_id(bad, &host).is_err(), "{bad}");
    }
}

#[test]
fn long_address_lists_are_folded() {
    let many: Vec<Mailbox> = (0..200)
        .map(|n| mailbox("", &format!("user{n}"), "example.jp"))
        .collect();
    let block = HeaderBlock::new()
        .addresses("To", &many, Target::Utf8)
        .unwrap();
    let parsed = ParsedMessage::parse(block.as_bytes());
    assert_eq!(parsed.envelope.to.len(), 200);
    assert!(
        block
            .as_bytes()
            .split(|&byte| byte == b'\n')
            .all(|line| line.len() <= 79)
    );
}
