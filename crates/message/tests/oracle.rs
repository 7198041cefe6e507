//! Compares our reading of the corpus with mail-parser's. Where the two differ, the table at the
//! end says why; a difference that is not in the table, or no longer there, fails.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use hikyaku_message::{Address, Content, HeaderText, ParsedMessage, Part, body};
use mail_parser::{MimeHeaders as _, PartType};

/// The comparison must not become empty unnoticed.
const LEAST_COMPARED: usize = 1_200;

#[test]
fn differences_from_the_oracle_are_known() {
    let mut differences = Vec::new();
    let mut compared = 0;
    for path in samples() {
        let message = fs::read(&path).expect("the corpus can be read");
        let name = sample_name(&path);
        let (ours, theirs) = (ours(&message), theirs(&message));
        compared += ours.len();
        for (aspect, our_value) in &ours {
            let their_value = theirs.get(aspect).cloned().unwrap_or_default();
            if *our_value != their_value {
                differences.push((format!("{name} {aspect}"), our_value.clone(), their_value));
            }
        }
    }
    assert!(
        compared >= LEAST_COMPARED,
        "only {compared} values compared"
    );
    let known: Vec<&str> = KNOWN
        .iter()
        .flat_map(|(_, list)| list.iter().copied())
        .collect();
    let is_known = |difference: &str| known.contains(&difference);
    let unknown: Vec<String> = differences
        .iter()
        .filter(|(difference, ..)| !is_known(difference))
        .map(|(difference, ours, theirs)| format!("{difference}:\n  {ours:?}\n  {theirs:?}"))
        .collect();
    assert!(
        unknown.is_empty(),
        "{} unknown differences:\n{}",
        unknown.len(),
        unknown.join("\n")
    );
    let stale: Vec<&str> = known
        .iter()
        .copied()
        .filter(|known| {
            !differences
                .iter()
                .any(|(difference, ..)| difference == known)
        })
        .collect();
    assert!(stale.is_empty(), "no longer different: {stale:?}");
}

fn samples() -> Vec<PathBuf> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let list = |path: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(path).expect("the corpus can be listed");
        entries
            .map(|entry| entry.expect("the corpus can be listed").path())
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

/// `topic/name`.
fn sample_name(path: &Path) -> String {
    let stem = path.with_extension("");
    let parts: Vec<_> = stem
        .iter()
        .rev()
        .take(2)
        .map(|part| part.to_string_lossy())
        .collect();
    format!("{}/{}", parts[1], parts[0])
}

type Aspects = BTreeMap<String, String>;

fn ours(message: &[u8]) -> Aspects {
    let parsed = ParsedMessage::parse(message);
    let envelope = &parsed.envelope;
    let mut aspects = Aspects::new();
    let text = |text: &Option<HeaderText>| {
        text.as_ref()
            .map(|text| text.decoded().into_owned())
            .unwrap_or_default()
    };
    let date = envelope
        .sent_at
        .map(|date| date.at.seconds().to_string())
        .unwrap_or_default();
    aspects.insert("subject".into(), text(&envelope.subject));
    aspects.insert("date".into(), date);
    aspects.insert("from".into(), our_addresses(&envelope.from));
    aspects.insert("to".into(), our_addresses(&envelope.to));
    aspects.insert(
        "id".into(),
        parsed.message_id.as_deref().unwrap_or_default().into(),
    );
    aspects.insert("shape".into(), our_shape(&parsed.structure.root));
    for (index, part) in parsed.structure.parts().enumerate() {
        if part.content == Content::Single {
            let name = part.file_name().unwrap_or_default();
            aspects.insert(format!("name {index}"), name);
            if part.content_type.is_text() {
                let text = body::part_text(message, part).text.into_owned();
                aspects.insert(format!("text {index}"), text);
            }
        }
    }
    aspects
}

fn our_addresses(addresses: &[Address]) -> String {
    let entries: Vec<String> = addresses
        .iter()
        .filter_map(Address::mailbox)
        .map(|mailbox| {
            let name = mailbox
                .name
                .as_ref()
                .map(HeaderText::decoded)
                .unwrap_or_default();
            let host = if mailbox.host.is_empty() { "" } else { "@" };
            format!("{name}<{}{host}{}>", mailbox.local, mailbox.host)
        })
        .collect();
    entries.join(",")
}

fn our_shape(part: &Part) -> String {
    match &part.content {
        Content::Single if part.content_type.is("text", "html") => "html".into(),
        Content::Single if part.content_type.is_text() => "text".into(),
        Content::Single => "binary".into(),
        Content::Multipart(children) => {
            format!(
                "({})",
                children.iter().map(our_shape).collect::<Vec<_>>().join(" ")
            )
        }
        Content::Message(embedded) => format!("[{}]", our_shape(&embedded.root)),
    }
}

fn theirs(message: &[u8]) -> Aspects {
    let Some(parsed) = mail_parser::MessageParser::new().parse(message) else {
        return Aspects::new();
    };
    let mut aspects = Aspects::new();
    let date = parsed
        .date()
        .map(|date| date.to_timestamp().to_string())
        .unwrap_or_default();
    aspects.insert(
        "subject".into(),
        parsed.subject().unwrap_or_default().into(),
    );
    aspects.insert("date".into(), date);
    aspects.insert("from".into(), their_addresses(parsed.from()));
    aspects.insert("to".into(), their_addresses(parsed.to()));
    aspects.insert("id".into(), parsed.message_id().unwrap_or_default().into());
    let mut index = 0;
    let shape = their_shape(&parsed, 0, &mut index, &mut aspects);
    aspects.insert("shape".into(), shape);
    aspects
}

fn their_addresses(address: Option<&mail_parser::Address<'_>>) -> String {
    let entries: Vec<String> = address
        .into_iter()
        .flat_map(mail_parser::Address::iter)
        .map(|found| {
            let name = found.name.as_deref().unwrap_or_default();
            format!("{name}<{}>", found.address.as_deref().unwrap_or_default())
        })
        .collect();
    entries.join(",")
}

/// The shape from part `id` on; numbers the parts in our order and notes names and texts.
fn their_shape(
    message: &mail_parser::Message<'_>,
    id: u32,
    index: &mut usize,
    aspects: &mut Aspects,
) -> String {
    let Some(part) = message.part(id) else {
        return "none".into();
    };
    let own = *index;
    *index += 1;
    let mut leaf = |kind: &str, text: Option<&str>| {
        aspects.insert(
            format!("name {own}"),
            part.attachment_name().unwrap_or_default().into(),
        );
        if let Some(text) = text {
            aspects.insert(format!("text {own}"), text.into());
        }
        kind.to_owned()
    };
    match &part.body {
        PartType::Text(text) => leaf("text", Some(text.as_ref())),
        PartType::Html(text) => leaf("html", Some(text.as_ref())),
        PartType::Binary(_) | PartType::InlineBinary(_) => leaf("binary", None),
        PartType::Message(embedded) => {
            format!("[{}]", their_shape(embedded, 0, index, aspects))
        }
        PartType::Multipart(children) => {
            let shapes: Vec<String> = children
                .iter()
                .map(|child| their_shape(message, *child, index, aspects))
                .collect();
            format!("({})", shapes.join(" "))
        }
    }
}

/// Every known difference, by the reason why ours is the reading that we want.
const KNOWN: [(&str, &[&str]); 11] = [
    (
        "RFC 5322's obsolete and broken address forms are read whole: missing brackets, routes, \
         comments within addresses, raw commas, fields that occur twice.",
        &[
            "addresses/broken from",
            "addresses/broken to",
            "addresses/japanese to",
            "addresses/no-addresses to",
            "addresses/obsolete from",
            "addresses/obsolete to",
            "addresses/several-fields to",
        ],
    ),
    (
        "ISO-2022-JP's dialects, their labels, and text that a strict decoder loses.",
        &[
            "cp5022x/cp50221-katakana text 0",
            "cp5022x/cp50222-shift-out text 0",
            "cp5022x/eight-bit-katakana text 0",
            "cp5022x/iso-2022-jp-ms text 0",
            "cp5022x/raw-katakana-header subject",
            "cp5022x/x-windows-label text 0",
            "iso-2022-jp/back-to-back-escapes text 0",
            "iso-2022-jp/blanks-in-two-byte-text text 0",
            "iso-2022-jp/empty-runs text 0",
            "iso-2022-jp/jis-x-0212 text 0",
            "iso-2022-jp/jp-2-other-languages text 0",
            "iso-2022-jp/jp-3-escapes text 0",
            "iso-2022-jp/line-end-in-two-byte-text text 0",
            "iso-2022-jp/old-sets text 0",
            "iso-2022-jp/quoted-printable-body text 0",
            "iso-2022-jp/two-byte-text-broken-over-lines text 0",
        ],
    ),
    (
        "EUC-JP's and Shift_JIS's Microsoft variants and their labels.",
        &[
            "euc-jp/cp51932 text 0",
            "euc-jp/eucjp-ms text 0",
            "shift-jis/quoted-printable text 0",
            "shift-jis/user-defined text 0",
        ],
    ),
    (
        "Labels are checked against the bytes, and missing ones guessed, in bodies, headers and \
         names.",
        &[
            "lying-labels/encoded-words subject",
            "lying-labels/euc-jp-under-shift-jis text 0",
            "lying-labels/euc-jp-under-us-ascii text 0",
            "lying-labels/iso-2022-jp-under-us-ascii text 0",
            "lying-labels/iso-2022-jp-under-utf-8 text 0",
            "lying-labels/shift-jis-under-euc-jp text 0",
            "lying-labels/shift-jis-under-iso-2022-jp text 0",
            "lying-labels/shift-jis-under-utf-8 text 0",
            "lying-labels/utf-8-footer-in-iso-2022-jp text 0",
            "lying-labels/utf-8-under-iso-2022-jp text 0",
            "lying-labels/utf-8-under-latin-1 text 0",
            "lying-labels/utf-8-under-shift-jis text 0",
            "missing-labels/euc-jp subject",
            "missing-labels/euc-jp text 0",
            "missing-labels/html-names-its-charset text 0",
            "missing-labels/iso-2022-jp subject",
            "missing-labels/iso-2022-jp text 0",
            "missing-labels/raw-iso-2022-jp-names from",
            "missing-labels/raw-iso-2022-jp-names to",
            "missing-labels/raw-names-and-file-names from",
            "missing-labels/raw-names-and-file-names name 0",
            "missing-labels/shift-jis subject",
            "missing-labels/shift-jis text 0",
            "missing-labels/unknown-8bit text 0",
        ],
    ),
    (
        "Dates in forms that are not RFC 5322's.",
        &[
            "dates/asctime date",
            "dates/iso-8601 date",
            "dates/obsolete-zone date",
        ],
    ),
    (
        "The bytes of adjacent encoded words are joined before they are decoded; text stays as \
         close as it was; no control character comes out.",
        &[
            "encoded-words/control-characters subject",
            "encoded-words/glued-to-text subject",
            "encoded-words/split-in-a-base64-group subject",
            "encoded-words/split-in-a-character subject",
            "encoded-words/split-in-a-two-byte-character subject",
            "encoded-words/split-in-an-escape-state subject",
            "encoded-words/split-in-shift-jis subject",
            "headers/nul-and-controls subject",
        ],
    ),
    (
        "Base64 skips rubbish, a comment after the encoding's name is no part of it, a byte order \
         mark is no text, Western text without a label is recognised.",
        &[
            "encodings/base64-with-rubbish text 0",
            "encodings/byte-order-mark text 0",
            "encodings/comment-after text 0",
            "encodings/latin-1-without-label subject",
            "encodings/latin-1-without-label text 0",
        ],
    ),
    (
        "RFC 2231 sections are joined before they are decoded, the extended form wins, lying \
         labels are found out, blanks and backslashes in names stay, sections are counted.",
        &[
            "rfc2231/both-forms name 0",
            "rfc2231/continuations name 0",
            "rfc2231/lying-label name 0",
            "rfc2231/many-parameters name 0",
            "rfc2231/raw-eight-bit name 0",
            "rfc2231/split-in-a-character name 0",
            "rfc2231/unquoted-with-blanks name 0",
            "rfc2231/windows-path name 0",
        ],
    ),
    (
        "An embedded message stays one when it is empty, cut short or encoded: IMAP must render \
         it.",
        &[
            "embedded/empty shape",
            "embedded/in-base64 text 1",
            "embedded/without-blank-line shape",
        ],
    ),
    (
        "The first of repeated fields counts, folding keeps its blanks, a header may end \
         anywhere, and an empty message is an empty text.",
        &[
            "headers/blank-continuation subject",
            "headers/empty-message shape",
            "headers/folded subject",
            "headers/no-blank-line text 0",
            "headers/no-header text 0",
            "headers/only-a-header subject",
            "headers/repeated shape",
            "headers/repeated subject",
        ],
    ),
    (
        "Every boundary in force ends a part; only whole lines are boundaries; nothing of a \
         broken multipart is lost; nesting is bounded.",
        &[
            "multipart/bare-cr-in-body text 1",
            "multipart/boundary-does-not-occur shape",
            "multipart/boundary-does-not-occur text 1",
            "multipart/boundary-is-prefix-of-inner text 4",
            "multipart/empty-parts shape",
            "multipart/header-ended-by-boundary shape",
            "multipart/header-ended-by-boundary text 2",
            "multipart/nested-too-deeply shape",
            "multipart/nested-too-deeply text 65",
            "multipart/no-boundary-parameter shape",
            "multipart/no-boundary-parameter text 1",
            "multipart/no-end-boundary shape",
            "multipart/no-inner-end-boundary shape",
            "multipart/no-inner-end-boundary text 2",
            "multipart/no-inner-end-boundary text 3",
            "multipart/only-an-end-boundary shape",
            "multipart/only-an-end-boundary text 1",
            "multipart/outer-end-within-inner shape",
            "multipart/outer-end-within-inner text 2",
            "multipart/part-without-header shape",
            "multipart/part-without-header text 1",
        ],
    ),
];
