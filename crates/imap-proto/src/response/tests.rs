//! Tests of the answers, against the bytes on the wire.

use hikyaku_message::{
    Address, ByteRange, Content, ContentType, Disposition, Embedded, Envelope, HeaderText, Mailbox,
    Parameter, ParameterForm, Part, Structure,
};
use hikyaku_types::{Id as _, MailboxId, ModSeq, OffsetTimestamp, Timestamp, Uid, UidValidity};

use super::*;
use crate::{Partial, Section, SectionText, SpecialUse, StatusItem, Tag};

fn written(write: impl FnOnce(&mut ResponseBuf)) -> String {
    let mut buffer = ResponseBuf::new();
    write(&mut buffer);
    let all = buffer.to_vec();
    assert_eq!(all.len(), buffer.len());
    String::from_utf8(all).unwrap()
}

fn uid(number: u32) -> Uid {
    Uid::new(number).unwrap()
}

#[test]
fn conditions_and_codes() {
    let tag = Tag::new(b"a1").unwrap();
    let coded = |code| {
        let line = written(|out| out.tagged(&tag, Condition::Ok, Some(code), "done"));
        line.strip_prefix("a1 OK [")
            .unwrap()
            .strip_suffix("] done\r\n")
            .unwrap()
            .to_owned()
    };
    for (code, expected) in [
        (Code::ReadWrite, "READ-WRITE"),
        (Code::UidValidity(UidValidity(7)), "UIDVALIDITY 7"),
        (Code::MailboxId(MailboxId::from_i64(7)), "MAILBOXID (F7)"),
        (Code::UidNext(uid(4_294_967_295)), "UIDNEXT 4294967295"),
        (Code::Unseen(12), "UNSEEN 12"),
        (
            Code::HighestModSeq(ModSeq(715_194_045_007)),
            "HIGHESTMODSEQ 715194045007",
        ),
        (Code::Modified(&[7, 9, 10]), "MODIFIED 7,9:10"),
        (
            Code::PermanentFlags(&["\\Seen", "\\*"]),
            "PERMANENTFLAGS (\\Seen \\*)",
        ),
        (Code::PermanentFlags(&[]), "PERMANENTFLAGS ()"),
        (
            Code::BadCharset(&["US-ASCII", "UTF-8"]),
            "BADCHARSET (US-ASCII UTF-8)",
        ),
        (
            Code::Capability(&["IMAP4rev1".into(), "IDLE".into()]),
            "CAPABILITY IMAP4rev1 IDLE",
        ),
        (
            Code::AppendUid(UidValidity(1), &[uid(3), uid(4), uid(9)]),
            "APPENDUID 1 3:4,9",
        ),
        (
            Code::CopyUid(
                UidValidity(1),
                &[(uid(3), uid(10)), (uid(4), uid(11)), (uid(9), uid(12))],
            ),
            "COPYUID 1 3:4,9 10:12",
        ),
    ] {
        assert_eq!(coded(code), expected);
    }
    assert_eq!(
        written(|out| out.untagged(Condition::Bye, None, "over")),
        "* BYE over\r\n"
    );
    assert_eq!(
        written(|out| out.tagged(&tag, Condition::No, None, "no")),
        "a1 NO no\r\n"
    );
    assert_eq!(
        written(|out| out.tagged(&tag, Condition::Bad, None, "")),
        "a1 BAD .\r\n"
    );
}

#[test]
fn text_for_people_cannot_break_out_of_its_line() {
    let text = "[x] a\r\nb OK {5}\0日";
    let line = written(|out| out.untagged(Condition::No, None, text));
    assert_eq!(line, "* NO (x] a??b OK (5)??\r\n");
}

#[test]
fn continuation_requests() {
    assert_eq!(written(|out| out.continuation("Ready")), "+ Ready\r\n");
    assert_eq!(written(|out| out.challenge("")), "+ \r\n");
    assert_eq!(written(|out| out.challenge("VXNlcg==")), "+ VXNlcg==\r\n");
}

#[test]
fn numbers_of_a_mailbox() {
    let lines = written(|out| {
        out.exists(0);
        out.recent(4_294_967_295);
        out.expunge(3);
        out.search_start();
        out.search_hit(2);
        out.search_hit(84);
        out.end_line();
        out.search_start();
        out.end_line();
        out.flags(["\\Seen", "$Forwarded"]);
    });
    assert_eq!(
        lines,
        "* 0 EXISTS\r\n* 4294967295 RECENT\r\n* 3 EXPUNGE\r\n* SEARCH 2 84\r\n* SEARCH\r\n\
         * FLAGS (\\Seen $Forwarded)\r\n"
    );
}

#[test]
fn mailboxes() {
    let counts = StatusCounts {
        append_limit: 26_214_400,
        deleted: 4,
        deleted_storage: 5000,
        highest_modseq: ModSeq(8),
        mailbox_id: MailboxId::from_i64(77),
        messages: 3,
        recent: 1,
        size: 9_000_000_000,
        uid_next: uid(9),
        uid_validity: UidValidity(5),
        unseen: 2,
    };
    let items = [
        StatusItem::Unseen,
        StatusItem::Messages,
        StatusItem::Recent,
        StatusItem::UidNext,
        StatusItem::UidValidity,
        StatusItem::MailboxId,
        StatusItem::Size,
        StatusItem::Deleted,
        StatusItem::DeletedStorage,
        StatusItem::AppendLimit,
    ];
    let lines = written(|out| {
        out.list(
            ListLine::List,
            [
                MailboxAttribute::HasNoChildren,
                MailboxAttribute::SpecialUse(SpecialUse::Sent),
            ],
            "送信済み",
        );
        out.list(ListLine::Lsub, [MailboxAttribute::NoSelect], "a b");
        out.list(ListLine::List, [], "nil");
        out.list(ListLine::List, [], "a{3}");
        out.list_root(ListLine::List);
        out.status("R&D", &items, &counts);
        out.namespace();
        out.capability(["IMAP4rev1", "IDLE"]);
        out.id([("name", "Hikyaku"), ("version", "\"1\"")]);
        out.id([]);
    });
    let expected = [
        "* LIST (\\HasNoChildren \\Sent) \"/\" &kAFP4W4IMH8-",
        "* LSUB (\\Noselect) \"/\" \"a b\"",
        "* LIST () \"/\" \"nil\"",
        "* LIST () \"/\" \"a{3}\"",
        "* LIST (\\Noselect) \"/\" \"\"",
        "* STATUS R&-D (UNSEEN 2 MESSAGES 3 RECENT 1 UIDNEXT 9 UIDVALIDITY 5 \
         MAILBOXID (F77) SIZE 9000000000 DELETED 4 DELETED-STORAGE 5000 APPENDLIMIT 26214400)",
        "* NAMESPACE ((\"\" \"/\")) NIL NIL",
        "* CAPABILITY IMAP4rev1 IDLE",
        "* ID (\"name\" \"Hikyaku\" \"version\" \"\\\"1\\\"\")",
        "* ID NIL",
        "",
    ];
    assert_eq!(lines, expected.join("\r\n"));
}

#[test]
fn strings_take_the_form_their_bytes_allow() {
    let string = |bytes: &[u8]| {
        let mut out = Vec::new();
        string::write_string(bytes, &mut out);
        out.escape_ascii().to_string()
    };
    for (bytes, expected) in [
        (&b""[..], "\\\"\\\""),
        (b"a b", "\\\"a b\\\""),
        (b"a\"b\\", "\\\"a\\\\\\\"b\\\\\\\\\\\""),
        (b"a\tb", "\\\"a\\tb\\\""),
        (b"a\r\nb", "{4}\\r\\na\\r\\nb"),
        (b"\xe6\x97", "{2}\\r\\n\\xe6\\x97"),
        (b"a\0b\0", "{2}\\r\\nab"),
        (b"\x1b$B", "{3}\\r\\n\\x1b$B"),
    ] {
        assert_eq!(string(bytes), expected);
    }
}

#[test]
fn fetch_items() {
    let section = Section {
        part: Vec::new(),
        text: SectionText::HeaderFields(vec!["Date".to_owned(), "X Y".to_owned()]),
    };
    let partial = Partial {
        offset: 5,
        length: std::num::NonZeroU32::MIN,
    };
    let line = written(|out| {
        let mut fetch = out.fetch(12);
        fetch.uid(uid(44));
        fetch.flags(["\\Seen", "$a"]);
        fetch.flags([]);
        fetch.internal_date(OffsetTimestamp::utc(Timestamp(0)));
        fetch.size(1 << 33);
        let name = SectionName::Body(&section, Some(partial));
        fetch.content(name, Some(Bytes::from_static(b"Date: x\r\n\r\n")));
        fetch.content(SectionName::Rfc822Text, Some(Bytes::new()));
        fetch.content(SectionName::Rfc822, None);
        fetch.end();
    });
    assert_eq!(
        line,
        "* 12 FETCH (UID 44 FLAGS (\\Seen $a) FLAGS () INTERNALDATE \" 1-Jan-1970 00:00:00 +0000\" \
         RFC822.SIZE 8589934592 BODY[HEADER.FIELDS (Date \"X Y\")]<5> {11}\r\nDate: x\r\n\r\n \
         RFC822.TEXT {0}\r\n RFC822 NIL)\r\n"
    );
}

#[test]
fn large_contents_are_attached_in_their_place() {
    let content = Bytes::from(vec![b'x'; ATTACH_FROM]);
    let pointer = content.as_ptr();
    let mut buffer = ResponseBuf::new();
    for sequence in 1..3 {
        let mut fetch = buffer.fetch(sequence);
        fetch.content(SectionName::Rfc822, Some(content.clone()));
        fetch.uid(uid(sequence));
        fetch.end();
    }
    let chunks: Vec<&[u8]> = buffer.chunks().collect();
    assert_eq!(chunks.len(), 5);
    assert_eq!(chunks[0], b"* 1 FETCH (RFC822 {4096}\r\n");
    assert_eq!(chunks[1].as_ptr(), pointer, "it is not copied");
    assert_eq!(chunks[2], b" UID 1)\r\n* 2 FETCH (RFC822 {4096}\r\n");
    assert_eq!(chunks[4], b" UID 2)\r\n");
    assert_eq!(buffer.len(), buffer.to_vec().len());
    buffer.clear(0);
    assert!(buffer.is_empty());
    assert_eq!(buffer.chunks().count(), 0);
}

#[test]
fn nul_does_not_travel_in_a_literal() {
    let line = {
        let mut buffer = ResponseBuf::new();
        let mut fetch = buffer.fetch(1);
        fetch.content(SectionName::Rfc822, Some(Bytes::from_static(b"a\0b")));
        fetch.end();
        buffer.to_vec()
    };
    assert_eq!(line, b"* 1 FETCH (RFC822 {3}\r\na\x80b)\r\n");
}

fn mailbox(name: Option<&str>, local: &str, host: &str) -> Address {
    Address::Mailbox(Mailbox {
        name: name.map(HeaderText::from),
        route: None,
        local: local.into(),
        host: host.into(),
    })
}

#[test]
fn envelopes() {
    let envelope = Envelope {
        date: Some("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)".into()),
        sent_at: None,
        subject: Some("=?utf-8?B?5pel5pys?=".into()),
        from: vec![mailbox(
            Some("Terry \"T\" Gray"),
            "gray",
            "cac.washington.edu",
        )],
        sender: Vec::new(),
        reply_to: Vec::new(),
        to: vec![
            Address::GroupStart("team".into()),
            mailbox(None, "a", "example.test"),
            Address::GroupEnd,
        ],
        cc: vec![
            mailbox(None, "taro", ""),
            mailbox(None, "太郎", "example.jp"),
        ],
        bcc: Vec::new(),
        in_reply_to: None,
        message_id: Some("<B27397-0100000@cac>".into()),
    };
    let line = written(|out| {
        let mut fetch = out.fetch(1);
        fetch.envelope(&envelope);
        fetch.envelope(&Envelope::default());
        fetch.end();
    });
    let from = "((\"Terry \\\"T\\\" Gray\" NIL \"gray\" \"cac.washington.edu\"))";
    assert_eq!(
        line,
        format!(
            "* 1 FETCH (ENVELOPE (\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" \
             \"=?utf-8?B?5pel5pys?=\" {from} {from} {from} \
             ((NIL NIL \"team\" NIL)(NIL NIL \"a\" \"example.test\")(NIL NIL NIL NIL)) \
             ((NIL NIL \"taro\" \"\")(NIL NIL {{6}}\r\n太郎 \"example.jp\")) NIL NIL \
             \"<B27397-0100000@cac>\") \
             ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL))\r\n"
        )
    );
}

fn parameter(name: &str, value: &str, form: ParameterForm) -> Parameter {
    Parameter {
        name: name.into(),
        value: value.into(),
        form,
    }
}

/// A multipart with a text, an attachment and a message.
fn structure() -> Structure {
    let mut text = Part {
        body: ByteRange::new(100, 1252),
        lines: 23,
        ..Part::default()
    };
    text.content_type.parameters = vec![parameter("charset", "us-ascii", ParameterForm::Plain)];
    let image = Part {
        body: ByteRange::new(1300, 1800),
        lines: 9,
        content_type: ContentType::new("image", "png"),
        disposition: Some(Disposition {
            kind: "attachment".into(),
            parameters: vec![parameter(
                "filename",
                "utf-8''%E6%97%A5",
                ParameterForm::Extended,
            )],
        }),
        encoding: hikyaku_message::TransferEncoding::Base64,
        id: Some("<1@a>".into()),
        description: Some("a picture".into()),
        md5: Some("Q2hlY2s=".into()),
        language: vec!["ja".into(), "en".into()],
        location: Some("http://a/".into()),
        ..Part::default()
    };
    let message = Part {
        body: ByteRange::new(1900, 2000),
        lines: 5,
        content_type: ContentType::new("message", "rfc822"),
        language: vec!["ja".into()],
        content: Content::Message(Box::new(Embedded {
            envelope: Envelope::default(),
            root: Part::default(),
        })),
        ..Part::default()
    };
    let root = Part {
        content_type: ContentType {
            parameters: vec![parameter("boundary", "b", ParameterForm::Plain)],
            ..ContentType::new("multipart", "mixed")
        },
        content: Content::Multipart(vec![text, image, message]),
        ..Part::default()
    };
    Structure { root }
}

#[test]
fn structures() {
    let structure = structure();
    let shown = |extensions| {
        written(|out| {
            let mut fetch = out.fetch(1);
            fetch.structure(&structure, extensions);
            fetch.end();
        })
    };
    let envelope = "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)";
    let image = "\"image\" \"png\" NIL \"<1@a>\" \"a picture\" \"base64\" 500";
    assert_eq!(
        shown(Extensions::Hidden),
        format!(
            "* 1 FETCH (BODY ((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" \
             1152 23)({image})(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 100 {envelope} \
             (\"text\" \"plain\" NIL NIL NIL \"7bit\" 0 0) 5) \"mixed\"))\r\n"
        )
    );
    assert_eq!(
        shown(Extensions::Shown),
        format!(
            "* 1 FETCH (BODYSTRUCTURE ((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \
             \"7bit\" 1152 23 NIL NIL NIL NIL)({image} \"Q2hlY2s=\" \
             (\"attachment\" (\"filename*\" \"utf-8''%E6%97%A5\")) (\"ja\" \"en\") \"http://a/\")\
             (\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 100 {envelope} \
             (\"text\" \"plain\" NIL NIL NIL \"7bit\" 0 0 NIL NIL NIL NIL) 5 NIL NIL \"ja\" NIL) \
             \"mixed\" (\"boundary\" \"b\") NIL NIL NIL))\r\n"
        )
    );
}
