//! Round trips, and damage of every kind.

use super::*;
use crate::{Address, ParsedMessage};

const SAMPLE: &str = "Date: Fri, 5 Jan 2024 12:00:00 +0900\r\n\
    Subject: =?utf-8?B?5bGx55Sw?=\r\nFrom: =?utf-8?B?5bGx55Sw?= <taro@example.jp>\r\n\
    To: Team: a@b, <@x:c@d>;, root\r\nCc: c@d\r\nBcc: e@f\r\nSender: g@h\r\nReply-To: i@j\r\n\
    In-Reply-To: <x@y>\r\nMessage-ID: <z@y>\r\n\
    Content-Type: multipart/mixed; boundary=b; x=\"y z\"\r\n\r\npreamble\r\n\
    --b\r\nContent-Type: text/plain; charset=iso-2022-jp\r\nContent-ID: <1@x>\r\n\
    Content-Description: d\r\nContent-MD5: abc==\r\nContent-Language: ja, en\r\n\
    Content-Location: http://x/y\r\nContent-Transfer-Encoding: base64\r\n\r\nYQ==\r\n\
    --b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nx\r\ny\r\n\
    --b\r\nContent-Type: image/x-odd\r\nContent-Transfer-Encoding: x-odd\r\n\
    Content-Disposition: attachment; filename*=utf-8''%E5%B1%B1.png\r\n\r\nx\r\n--b--\r\n\
    epilogue\r\n";

fn sample() -> ParsedMessage {
    let parsed = ParsedMessage::parse(SAMPLE.as_bytes());
    assert!(parsed.problems.is_empty(), "{:?}", parsed.problems);
    parsed
}

#[test]
fn what_is_written_is_read_back() {
    let parsed = sample();
    let envelope = parsed.envelope.encode();
    assert_eq!(Envelope::decode(&envelope).as_ref(), Ok(&parsed.envelope));
    let structure = parsed.structure.encode();
    assert_eq!(
        Structure::decode(&structure).as_ref(),
        Ok(&parsed.structure)
    );
    assert_eq!(
        Envelope::decode(&Envelope::default().encode()),
        Ok(Envelope::default())
    );
    assert_eq!(
        Structure::decode(&Structure::default().encode()),
        Ok(Structure::default())
    );
}

#[test]
fn it_is_small() {
    let parsed = sample();
    assert!(
        parsed.envelope.encode().len() < 260,
        "{}",
        parsed.envelope.encode().len()
    );
    assert!(
        parsed.structure.encode().len() < 230,
        "{}",
        parsed.structure.encode().len()
    );
    let plain = ParsedMessage::parse(b"Content-Type: text/plain; charset=UTF-8\r\n\r\nx");
    assert!(
        plain.structure.encode().len() <= 16,
        "{}",
        plain.structure.encode().len()
    );
}

#[test]
fn every_truncation_and_every_addition_is_an_error() {
    let parsed = sample();
    let mut bytes = parsed.structure.encode();
    for len in 0..bytes.len() {
        assert!(Structure::decode(&bytes[..len]).is_err(), "{len}");
    }
    bytes.push(0);
    assert!(Structure::decode(&bytes).is_err());
    let mut bytes = parsed.envelope.encode();
    for len in 0..bytes.len() {
        assert!(Envelope::decode(&bytes[..len]).is_err(), "{len}");
    }
    bytes.push(0);
    assert!(Envelope::decode(&bytes).is_err());
}

#[test]
fn other_versions_are_refused() {
    assert_eq!(Envelope::decode(&[2, 0]), Err(DecodeError::Version(2)));
    assert_eq!(Structure::decode(&[]), Err(DecodeError::Truncated));
}

/// A changed byte gives an error or another valid structure, never a broken one.
#[test]
fn damage_does_not_break_the_invariants() {
    let bytes = sample().structure.encode();
    for at in 1..bytes.len() {
        for flip in [0x01, 0x02, 0x80, 0xff] {
            let mut damaged = bytes.clone();
            damaged[at] ^= flip;
            if let Ok(structure) = Structure::decode(&damaged) {
                crate::fuzz::check_structure(&structure);
            }
        }
    }
}

#[test]
fn unmatched_groups_are_refused() {
    let start = Address::GroupStart("g".into());
    for list in [
        vec![start.clone()],
        vec![Address::GroupEnd],
        vec![start.clone(), start],
    ] {
        let envelope = Envelope {
            to: list,
            ..Envelope::default()
        };
        assert!(Envelope::decode(&envelope.encode()).is_err());
    }
}

#[test]
fn huge_counts_allocate_nothing() {
    assert!(Structure::decode(&[1, 1, 0, 0, 0, 0, 0, 4, 5, 0xff, 0xff, 0xff, 0xff, 0x0f]).is_err());
    assert!(Envelope::decode(&[1, 0x10, 0xff, 0xff, 0xff, 0xff, 0x0f]).is_err());
}

#[test]
fn a_decoded_structure_of_endless_parts_is_refused() {
    let structure = |count: usize| Structure {
        root: crate::Part {
            content_type: crate::ContentType::new("multipart", "mixed"),
            content: crate::Content::Multipart(vec![crate::Part::default(); count]),
            ..Default::default()
        },
    };
    let most = 2 * crate::limits::MAX_PARTS + 1;
    assert_eq!(
        Structure::decode(&structure(most).encode()),
        Ok(structure(most))
    );
    let refused = Structure::decode(&structure(most + 1).encode());
    assert_eq!(refused, Err(DecodeError::Damaged("too many parts")));
}

#[test]
fn a_decoded_structure_of_bottomless_depth_is_refused() {
    let mut part = crate::Part {
        content_type: crate::ContentType::default(),
        ..Default::default()
    };
    for _ in 0..=crate::limits::MAX_DEPTH + 2 {
        part = crate::Part {
            content_type: crate::ContentType::new("multipart", "mixed"),
            content: crate::Content::Multipart(vec![part]),
            ..Default::default()
        };
    }
    let bytes = Structure { root: part }.encode();
    assert_eq!(
        Structure::decode(&bytes),
        Err(DecodeError::Damaged("nested too deeply"))
    );
}
