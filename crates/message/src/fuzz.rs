//! Fuzz targets as plain functions: each takes any bytes and panics when an invariant breaks. The
//! tests feed them with seeds and mutations; `make fuzz` gives them to cargo-fuzz.

use crate::{
    Content, Envelope, ParsedMessage, Part, SectionPart, Structure, body, build::edit, charset,
    header, rfc2047,
};

/// A fuzz target.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// What it is called, the same as the function.
    pub name: &'static str,
    /// Panics when an invariant breaks.
    pub run: fn(&[u8]),
}

/// Every target.
pub const TARGETS: [Target; 8] = [
    Target {
        name: "message",
        run: message,
    },
    Target {
        name: "headers",
        run: headers,
    },
    Target {
        name: "encoded_words",
        run: encoded_words,
    },
    Target {
        name: "charsets",
        run: charsets,
    },
    Target {
        name: "text_encoding",
        run: text_encoding,
    },
    Target {
        name: "bodies",
        run: bodies,
    },
    Target {
        name: "stored",
        run: stored,
    },
    Target {
        name: "building",
        run: building,
    },
];

/// A whole message: parse it and use everything that comes out.
pub fn message(data: &[u8]) {
    let parsed = ParsedMessage::parse(data);
    check_structure(&parsed.structure);
    let root = &parsed.structure.root;
    assert_eq!(root.header.start(), 0);
    assert_eq!(root.header.end(), root.body.start());
    assert_eq!(root.body.end(), data.len());
    let stored = parsed.structure.encode();
    assert_eq!(Structure::decode(&stored).as_ref(), Ok(&parsed.structure));
    let stored = parsed.envelope.encode();
    assert_eq!(Envelope::decode(&stored).as_ref(), Ok(&parsed.envelope));
    assert!(parsed.preview(data).chars().count() <= crate::limits::MAX_PREVIEW_CHARS);
    for text in body::search_texts(data, &parsed.structure) {
        assert!(text.as_str().len() <= data.len().saturating_mul(4));
    }
    for field in body::header_values(data, root.header) {
        assert!(!field.value.contains(['\r', '\n']));
    }
    for path in [&[1][..], &[2], &[1, 1], &[1, 2], &[2, 1, 1]] {
        for wanted in [SectionPart::Content, SectionPart::Mime, SectionPart::Header] {
            let range = parsed.structure.section(path, wanted);
            assert!(range.is_none_or(|range| range.end() <= data.len()));
        }
    }
    let all = edit::assemble(data, &edit::without_fields(data, &[]));
    assert_eq!(all, data);
    edit::lacking(data);
    assert!(edit::skip_leading(data, &["received"]) <= data.len());
    header::select::select(data, root.header, header::select::Choice::Except, &["to"]);
}

/// Panics when `structure` breaks one of the rules that its documentation states.
pub fn check_structure(structure: &Structure) {
    check_part(&structure.root);
    assert!(structure.parts().count() <= 2 * crate::limits::MAX_PARTS + 2);
}

fn check_part(part: &Part) {
    assert!(part.header.end() <= part.body.start());
    match &part.content {
        Content::Single => {
            assert!(!part.content_type.is_multipart() && !part.content_type.is_message());
        }
        Content::Multipart(children) => {
            assert!(part.content_type.is_multipart() && !children.is_empty());
            let mut free = part.body.start();
            for child in children {
                assert!(child.header.start() >= free && child.body.end() <= part.body.end());
                free = child.body.end();
                check_part(child);
            }
        }
        Content::Message(embedded) => {
            assert!(part.content_type.is_message());
            assert!(part.body.contains(embedded.root.header));
            assert!(part.body.contains(embedded.root.body));
            check_part(&embedded.root);
        }
    }
}

/// The bytes as the value of every structured field.
pub fn headers(data: &[u8]) {
    let list = header::address::parse(data);
    let depth = list.addresses.iter().fold(0_i32, |depth, address| {
        let depth = match address {
            crate::Address::GroupStart(_) => depth + 1,
            crate::Address::GroupEnd => depth - 1,
            crate::Address::Mailbox(_) => depth,
        };
        assert!((0..=1).contains(&depth));
        depth
    });
    assert_eq!(depth, 0);
    if let Some(date) = header::date::parse(data) {
        assert!(date.offset_minutes.unsigned_abs() < 24 * 60);
        let written = crate::build::format_date(date);
        assert!(written.len() == 31);
    }
    assert!(header::message_id::parse_list(data).len() <= crate::limits::MAX_REFERENCES);
    let content_type = header::mime::content_type(data);
    if let Some(found) = content_type.value {
        assert!(found.main.is_ascii() && !found.main.is_empty() && !found.sub.is_empty());
        assert!(found.parameters.len() <= crate::limits::MAX_PARAMETERS);
    }
    header::mime::disposition(data);
    header::mime::languages(data);
    header::mime::word(data);
}

/// The bytes as unstructured header text.
pub fn encoded_words(data: &[u8]) {
    let text = rfc2047::decode(data);
    assert!(!text.bytes().any(|byte| byte < b' ' || byte == 0x7f));
    assert!(text.len() <= data.len().saturating_mul(3));
}

/// The first byte chooses a label, the rest is decoded.
pub fn charsets(data: &[u8]) {
    const LABELS: [&str; 12] = [
        "",
        "utf-8",
        "iso-2022-jp",
        "cp50221",
        "shift_jis",
        "euc-jp",
        "eucjp-ms",
        "utf-7",
        "utf-16",
        "gbk",
        "iso-8859-1",
        "unknown",
    ];
    let Some((&choice, bytes)) = data.split_first() else {
        return;
    };
    let label = LABELS
        .get(usize::from(choice) % LABELS.len())
        .copied()
        .unwrap_or_default();
    let decoded = charset::decode(label, bytes);
    assert!(decoded.text.len() <= bytes.len().saturating_mul(3) + 3);
}

/// The first byte chooses a charset, the rest is a text: what is encoded without loss comes back.
pub fn text_encoding(data: &[u8]) {
    use charset::{Charset, KanaWidth, Policy, Target as Into};
    let Some((&choice, bytes)) = data.split_first() else {
        return;
    };
    let text = String::from_utf8_lossy(bytes);
    let (target, charset) = match choice % 4 {
        0 => (Into::Utf8, Charset::Utf8),
        1 => (Into::Iso2022Jp, Charset::Iso2022Jp),
        2 => (Into::ShiftJis, Charset::ShiftJis),
        _ => (Into::EucJp, Charset::EucJp),
    };
    let policy = Policy {
        kana: KanaWidth::Half,
        ..Policy::default()
    };
    let once = charset::encode_with(target, &text, policy);
    let back = charset::decode_as(charset, &once.bytes);
    // Some characters become their equivalents; after that nothing changes any more.
    let twice = charset::encode_with(target, &back.text, policy);
    assert_eq!(twice.unmappable, 0);
    assert_eq!(charset::decode_as(charset, &twice.bytes).text, back.text);
    for word in rfc2047::encode(&text, target).split(' ') {
        assert!(word.len() <= 400);
    }
}

/// The bytes as a body in each transfer encoding, and as HTML.
pub fn bodies(data: &[u8]) {
    use crate::TransferEncoding::{Base64, QuotedPrintable};
    for encoding in [Base64, QuotedPrintable] {
        assert!(body::decode_transfer(&encoding, data).len() <= data.len());
    }
    let html = String::from_utf8_lossy(data);
    let text = body::html_to_text(&html);
    assert!(text.len() <= html.len().saturating_mul(2));
}

/// The bytes as a stored envelope and as a stored structure.
pub fn stored(data: &[u8]) {
    if let Ok(envelope) = Envelope::decode(data) {
        assert_eq!(Envelope::decode(&envelope.encode()), Ok(envelope));
    }
    if let Ok(structure) = Structure::decode(data) {
        check_structure(&structure);
        assert_eq!(Structure::decode(&structure.encode()), Ok(structure));
    }
}

/// The bytes as texts of a message that is built: it is refused or valid.
pub fn building(data: &[u8]) {
    use crate::build::{Entity, HeaderBlock};
    let text = String::from_utf8_lossy(data);
    let target = match data.first() {
        Some(0..0x40) => charset::Target::Iso2022Jp,
        _ => charset::Target::Utf8,
    };
    if let Ok(block) = HeaderBlock::new().text("Subject", &text, target) {
        let parsed = ParsedMessage::parse(block.as_bytes());
        assert_eq!(parsed.fields.len(), 1);
        assert!(parsed.structure.root.body.is_empty());
    }
    let name = body::html_to_text(&text);
    let parts = [
        Entity::text("plain", &text, target),
        Entity::embedded(data),
        Entity::attachment("a/b", &name, data),
    ];
    let parts: Vec<Entity> = parts.into_iter().flatten().collect();
    let Ok(entity) = Entity::multipart("mixed", &[], &parts, "fuzz") else {
        return;
    };
    let Ok(built) = crate::build::message(&HeaderBlock::new(), &entity) else {
        return;
    };
    let parsed = ParsedMessage::parse(&built);
    check_structure(&parsed.structure);
    assert_eq!(parsed.structure.root.children().len(), parts.len());
}
