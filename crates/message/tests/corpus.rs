//! Reads every message of `testdata`, with LF and with CRLF line ends, and compares the result
//! with what is known of it: the facts stated by hand (`given`) and the whole result kept from
//! the last review (`parsed`). `UPDATE=1` rewrites the latter; `testdata/make.py` makes the rest.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use hikyaku_message::{
    Address, Content, Envelope, HeaderText, ParsedMessage, Part, SectionPart, Structure, body, fuzz,
};
use serde_json::{Map, Value, json};

/// The corpus must not shrink unnoticed.
const LEAST_SAMPLES: usize = 140;

#[test]
fn every_sample_is_read_as_known() {
    let samples = samples();
    assert!(
        samples.len() >= LEAST_SAMPLES,
        "only {} samples",
        samples.len()
    );
    let failures: Vec<String> = samples.iter().flat_map(|path| check(path)).collect();
    assert!(
        failures.is_empty(),
        "{} failures:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

fn samples() -> Vec<PathBuf> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let list = |path: &Path| -> Vec<PathBuf> {
        fs::read_dir(path)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect()
    };
    let topics = list(&corpus).into_iter().filter(|path| path.is_dir());
    let mut samples: Vec<PathBuf> = topics
        .flat_map(|topic| list(&topic))
        .filter(|path| path.extension().is_some_and(|extension| extension == "eml"))
        .collect();
    samples.sort();
    samples
}

/// The failures of one sample.
fn check(path: &Path) -> Vec<String> {
    let lf = fs::read(path).unwrap();
    let crlf = with_crlf(&lf);
    let record_path = path.with_extension("json");
    let mut record: Value = serde_json::from_slice(&fs::read(&record_path).unwrap()).unwrap();
    let name = path.display();
    let mut failures = Vec::new();
    let found = dump(&lf);
    let found_crlf = dump(&crlf);
    if found != found_crlf {
        failures.push(format!(
            "{name}: LF and CRLF differ:\n{found}\n{found_crlf}"
        ));
    }
    for (key, expected) in record["given"].as_object().unwrap() {
        let pointer = if key.starts_with('/') {
            key.clone()
        } else {
            format!("/{key}")
        };
        let actual = found.pointer(&pointer).unwrap_or(&Value::Null);
        if actual != expected {
            failures.push(format!("{name}: {key} is {actual}, should be {expected}"));
        }
    }
    if std::env::var_os("UPDATE").is_some() {
        record["parsed"] = found;
        let text = serde_json::to_string_pretty(&record).unwrap();
        fs::write(record_path, text + "\n").unwrap();
    } else if record["parsed"] != found {
        let kept = &record["parsed"];
        failures.push(format!(
            "{name}: changed; run with UPDATE=1:\n{kept}\n{found}"
        ));
    }
    failures
}

fn with_crlf(lf: &[u8]) -> Vec<u8> {
    let mut crlf = Vec::with_capacity(lf.len() * 2);
    for &byte in lf {
        if byte == b'\n' {
            crlf.push(b'\r');
        }
        crlf.push(byte);
    }
    crlf
}

/// Everything that was read, without what depends on line ends.
fn dump(message: &[u8]) -> Value {
    let parsed = ParsedMessage::parse(message);
    fuzz::check_structure(&parsed.structure);
    let mut problems: Vec<String> = parsed
        .problems
        .iter()
        .map(|located| located.problem.to_string())
        .collect();
    if parsed.problems.has_more() {
        problems.push("…".into());
    }
    let mut parts = Vec::new();
    let root = &parsed.structure.root;
    dump_message(
        message,
        &parsed.structure,
        root,
        &mut Vec::new(),
        &mut parts,
    );
    let mut dump = dump_envelope(&parsed.envelope);
    dump.insert("references".into(), json!(parsed.references));
    dump.insert("message_id".into(), json!(parsed.message_id));
    dump.insert("preview".into(), json!(parsed.preview(message)));
    dump.insert("types".into(), json!(types(&parsed.structure.root)));
    dump.insert("parts".into(), json!(parts));
    dump.insert("problems".into(), json!(problems));
    let texts: Vec<String> = body::search_texts(message, &parsed.structure)
        .map(|text| text.as_str().replace("\r\n", "\n"))
        .collect();
    dump.insert("search_texts".into(), json!(texts));
    Value::Object(dump)
}

fn dump_envelope(envelope: &Envelope) -> Map<String, Value> {
    let text = |text: &Option<HeaderText>| json!(text.as_ref().map(HeaderText::decoded));
    let list = |list: &[Address]| json!(list.iter().map(address).collect::<Vec<_>>());
    let sent_at = envelope
        .sent_at
        .map(|date| format!("{} {:+}", date.at.seconds(), date.offset_minutes));
    let fields = [
        ("subject", text(&envelope.subject)),
        ("date", text(&envelope.date)),
        ("in_reply_to", text(&envelope.in_reply_to)),
        ("sent_at", json!(sent_at)),
        ("from", list(&envelope.from)),
        ("sender", list(&envelope.sender)),
        ("reply_to", list(&envelope.reply_to)),
        ("to", list(&envelope.to)),
        ("cc", list(&envelope.cc)),
        ("bcc", list(&envelope.bcc)),
    ];
    fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

fn address(address: &Address) -> String {
    match address {
        Address::GroupStart(name) => format!("{{{}", name.decoded()),
        Address::GroupEnd => "}".into(),
        Address::Mailbox(mailbox) => match &mailbox.name {
            Some(name) => format!("{} <{}>", name.decoded(), mailbox.addr_spec()),
            None => mailbox.addr_spec(),
        },
    }
}

fn types(part: &Part) -> String {
    let own = format!("{}/{}", part.content_type.main, part.content_type.sub);
    match &part.content {
        Content::Single => own,
        Content::Multipart(children) => {
            format!(
                "{own}({})",
                children.iter().map(types).collect::<Vec<_>>().join(",")
            )
        }
        Content::Message(embedded) => format!("{own}({})", types(&embedded.root)),
    }
}

/// The parts of the message whose root is `root`, in order. A message that is no multipart is its
/// own part 1; a multipart that is a message's root has no number of its own.
fn dump_message(
    message: &[u8],
    structure: &Structure,
    root: &Part,
    path: &mut Vec<u32>,
    parts: &mut Vec<Value>,
) {
    if root.content_type.is_multipart() {
        parts.push(dump_part(message, root, &[]));
        dump_children(message, structure, root, path, parts);
    } else {
        path.push(1);
        dump_numbered(message, structure, root, path, parts);
        path.pop();
    }
}

fn dump_numbered(
    message: &[u8],
    structure: &Structure,
    part: &Part,
    path: &mut Vec<u32>,
    parts: &mut Vec<Value>,
) {
    let section = |wanted| structure.section(path, wanted);
    assert_eq!(
        section(SectionPart::Content),
        Some(part.body),
        "section {path:?}"
    );
    assert_eq!(
        section(SectionPart::Mime),
        Some(part.header),
        "section {path:?}"
    );
    let embedded = part.embedded().map(|embedded| &embedded.root);
    assert_eq!(
        section(SectionPart::Header),
        embedded.map(|root| root.header)
    );
    assert_eq!(section(SectionPart::Text), embedded.map(|root| root.body));
    parts.push(dump_part(message, part, path));
    match embedded {
        Some(root) => dump_message(message, structure, root, path, parts),
        None => dump_children(message, structure, part, path, parts),
    }
}

fn dump_children(
    message: &[u8],
    structure: &Structure,
    part: &Part,
    path: &mut Vec<u32>,
    parts: &mut Vec<Value>,
) {
    for (child, number) in part.children().iter().zip(1..) {
        path.push(number);
        dump_numbered(message, structure, child, path, parts);
        path.pop();
    }
    path.push(u32::try_from(part.children().len()).unwrap() + 2);
    assert_eq!(
        structure.section(path, SectionPart::Content),
        None,
        "section {path:?}"
    );
    path.pop();
}

fn dump_part(message: &[u8], part: &Part, path: &[u32]) -> Value {
    let numbers: Vec<String> = path.iter().map(u32::to_string).collect();
    let parameters: Vec<String> = part
        .content_type
        .parameters
        .iter()
        .map(|found| format!("{}={}", found.wire_name(), found.value.decoded()))
        .collect();
    let decoded = body::decode_part(message, part);
    let line_ends = if part.encoding.is_identity() {
        memchr_count(&decoded)
    } else {
        0
    };
    let mut dump = json!({
        "section": numbers.join("."),
        "type": format!("{}/{}", part.content_type.main, part.content_type.sub),
        "parameters": parameters,
        "disposition": part.disposition.as_ref().map(|found| found.kind.clone()),
        "file_name": part.file_name(),
        "is_attachment": part.is_attachment(),
        "encoding": part.encoding.as_str(),
        "id": part.id,
        "description": part.description.as_ref().map(|text| text.decoded().into_owned()),
        "md5": part.md5,
        "language": part.language,
        "location": part.location,
        "lines": part.lines,
    });
    match &part.content {
        Content::Single if part.content_type.is_text() => {
            let text = body::part_text(message, part);
            dump["text"] = json!(text.text.replace("\r\n", "\n"));
            dump["charset"] = json!(text.charset.name());
        }
        Content::Single => dump["size"] = json!(decoded.len() - line_ends),
        Content::Multipart(_) => {}
        Content::Message(embedded) => {
            let subject = embedded.envelope.subject.as_ref();
            dump["subject"] = json!(subject.map(|text| text.decoded().into_owned()));
        }
    }
    dump
}

fn memchr_count(bytes: &[u8]) -> usize {
    bytes.windows(2).filter(|pair| *pair == b"\r\n").count()
}
