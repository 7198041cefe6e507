//! What the corpus cannot show: byte ranges, limits, cost.

use super::*;
use crate::{
    Content, ParsedMessage, Part, SectionPart,
    limits::{
        MAX_ADDRESSES, MAX_ADDRESSES_OF_MESSAGE, MAX_DEPTH, MAX_HEADER_BYTES, MAX_HEADER_FIELDS,
        MAX_PARTS, MAX_PROBLEMS, MAX_REFERENCES, MAX_TEXT_FIELD_BYTES,
    },
};

fn parse(message: &str) -> ParsedMessage {
    let parsed = ParsedMessage::parse(message.as_bytes());
    crate::fuzz::check_structure(&parsed.structure);
    parsed
}

fn section<'a>(message: &'a str, path: &[u32], wanted: SectionPart) -> Option<&'a str> {
    let range = parse(message).structure.section(path, wanted)?;
    message.get(range.as_range())
}

/// The example of RFC 3501 §6.4.5, with bodies.
const NESTED: &str = "Subject: top\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n\
    --a\r\nContent-Type: text/plain\r\n\r\none\r\n\
    --a\r\nContent-Type: application/octet-stream\r\n\r\ntwo\r\n\
    --a\r\nContent-Type: message/rfc822\r\n\r\n\
    Subject: three\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
    --b\r\n\r\nthree-one\r\n--b\r\nContent-Type: image/gif\r\n\r\nthree-two\r\n--b--\r\n\r\n\
    --a\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n\
    --c\r\nContent-Type: image/gif\r\n\r\nfour-one\r\n\
    --c\r\nContent-Type: message/rfc822\r\n\r\nSubject: four-two\r\n\r\nfour-two-one\r\n--c--\r\n\
    --a--\r\n";

#[test]
fn sections_of_the_standards_example() {
    use SectionPart::{Content, Header, Mime, Text};
    assert_eq!(section(NESTED, &[], Content), Some(NESTED));
    assert!(
        section(NESTED, &[], Header)
            .unwrap()
            .ends_with("boundary=a\r\n\r\n")
    );
    assert!(section(NESTED, &[], Text).unwrap().starts_with("--a\r\n"));
    assert_eq!(section(NESTED, &[], Mime), None);
    assert_eq!(section(NESTED, &[1], Content), Some("one"));
    assert_eq!(
        section(NESTED, &[1], Mime),
        Some("Content-Type: text/plain\r\n\r\n")
    );
    assert_eq!(section(NESTED, &[1], Header), None);
    assert_eq!(section(NESTED, &[2], Content), Some("two"));
    assert!(
        section(NESTED, &[3], Content)
            .unwrap()
            .starts_with("Subject: three\r\n")
    );
    assert!(
        section(NESTED, &[3], Content)
            .unwrap()
            .ends_with("--b--\r\n")
    );
    assert!(
        section(NESTED, &[3], Header)
            .unwrap()
            .starts_with("Subject: three\r\n")
    );
    assert!(section(NESTED, &[3], Text).unwrap().starts_with("--b\r\n"));
    assert_eq!(section(NESTED, &[3, 1], Content), Some("three-one"));
    assert_eq!(section(NESTED, &[3, 1], Mime), Some("\r\n"));
    assert_eq!(section(NESTED, &[3, 2], Content), Some("three-two"));
    assert_eq!(section(NESTED, &[4, 1], Content), Some("four-one"));
    assert_eq!(
        section(NESTED, &[4, 1], Mime),
        Some("Content-Type: image/gif\r\n\r\n")
    );
    assert_eq!(
        section(NESTED, &[4, 2], Header),
        Some("Subject: four-two\r\n\r\n")
    );
    assert_eq!(section(NESTED, &[4, 2], Text), Some("four-two-one"));
    assert_eq!(section(NESTED, &[4, 2, 1], Content), Some("four-two-one"));
    assert_eq!(
        section(NESTED, &[4, 2, 1], Mime),
        Some("Subject: four-two\r\n\r\n")
    );
    for absent in [
        &[0][..],
        &[5],
        &[1, 1],
        &[3, 3],
        &[4, 2, 2],
        &[4, 2, 1, 1],
        &[u32::MAX],
    ] {
        assert_eq!(section(NESTED, absent, Content), None, "{absent:?}");
    }
}

#[test]
fn a_message_without_multipart_is_its_own_part_1() {
    let message = "Subject: x\r\n\r\nbody\r\n";
    assert_eq!(
        section(message, &[1], SectionPart::Content),
        Some("body\r\n")
    );
    assert_eq!(
        section(message, &[1], SectionPart::Mime),
        Some("Subject: x\r\n\r\n")
    );
    assert_eq!(section(message, &[2], SectionPart::Content), None);
    assert_eq!(section(message, &[1, 1], SectionPart::Content), None);
    let embedded = "Content-Type: message/rfc822\r\n\r\nSubject: y\r\n\r\nbody\r\n";
    assert_eq!(
        section(embedded, &[1], SectionPart::Header),
        Some("Subject: y\r\n\r\n")
    );
    assert_eq!(
        section(embedded, &[1, 1], SectionPart::Content),
        Some("body\r\n")
    );
}

#[test]
fn lines_and_octets_are_counted() {
    let parsed = parse(NESTED);
    let counts: Vec<(u32, u32)> = parsed
        .structure
        .parts()
        .map(|part| (part.lines, part.octets()))
        .collect();
    let lines = |text: &str| text.matches('\n').count() as u32;
    let body = section(NESTED, &[], SectionPart::Text).unwrap();
    assert_eq!(counts[0], (lines(body), body.len() as u32));
    assert_eq!(counts[1], (0, 3));
    let three = section(NESTED, &[3], SectionPart::Content).unwrap();
    assert_eq!(counts[3], (lines(three), three.len() as u32));
    let four = section(NESTED, &[4], SectionPart::Content).unwrap();
    assert!(counts.contains(&(lines(four), four.len() as u32)));
    assert_eq!(parse("\r\na\r\nb\r\n").structure.root.lines, 2);
    assert_eq!(parse("\r\na\r\nb").structure.root.lines, 1);
}

#[test]
fn depth_is_bounded() {
    let nest = |depth: usize| -> String {
        (0..depth)
            .map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n"))
            .collect::<Vec<_>>()
            .concat()
            + "\nbottom\n"
    };
    assert!(!parse(&nest(MAX_DEPTH)).problems.contains(Problem::TooDeep));
    let parsed = parse(&nest(MAX_DEPTH + 1));
    assert!(parsed.problems.contains(Problem::TooDeep));
    assert_eq!(parsed.structure.parts().count(), MAX_DEPTH + 2);
    // What is below the limit is still there, as text.
    let last = parsed
        .structure
        .parts()
        .last()
        .map(|part| part.body)
        .unwrap();
    assert!(nest(MAX_DEPTH + 1)[last.as_range()].contains("bottom"));
    let messages = "Content-Type: message/rfc822\n\n".repeat(100_000);
    let parsed = parse(&messages);
    assert!(parsed.problems.contains(Problem::TooDeep));
    assert_eq!(parsed.structure.parts().count(), MAX_DEPTH + 2);
}

#[test]
fn the_number_of_parts_is_bounded() {
    let head = "Content-Type: multipart/mixed; boundary=b\n\n";
    let parts = |count: usize| format!("{head}{}--b--\n", "--b\n\nx\n".repeat(count));
    let fits = parse(&parts(MAX_PARTS - 1));
    assert!(fits.problems.is_empty());
    let message = parts(MAX_PARTS + 5);
    let parsed = parse(&message);
    assert!(parsed.problems.contains(Problem::TooManyParts));
    assert_eq!(parsed.structure.root.children().len(), MAX_PARTS);
    let rest = parsed.structure.root.children().last().unwrap();
    assert!(rest.content_type.is("application", "octet-stream"));
    assert_eq!(rest.body.end(), message.len());
    let embedded = format!(
        "{head}{}",
        "--b\nContent-Type: message/rfc822\n\n".repeat(MAX_PARTS)
    );
    let parsed = parse(&embedded);
    assert!(parsed.problems.contains(Problem::TooManyParts));
    assert!(parsed.structure.parts().count() <= MAX_PARTS + 1);
    let last = parsed
        .structure
        .parts()
        .last()
        .map(|part: &Part| part.content.clone());
    assert_eq!(last, Some(Content::Single));
}

#[test]
fn header_fields_are_bounded_in_number_and_size() {
    let many = format!(
        "{}Subject: late\n\nbody",
        "X: y\n".repeat(MAX_HEADER_FIELDS)
    );
    let parsed = parse(&many);
    assert!(parsed.problems.contains(Problem::TooManyHeaderFields));
    assert_eq!(parsed.fields.len(), MAX_HEADER_FIELDS);
    assert_eq!(parsed.envelope.subject, None);
    assert_eq!(section(&many, &[], SectionPart::Text), Some("body"));
    let large = format!("X: {}\nSubject: late\n\nbody", "y".repeat(MAX_HEADER_BYTES));
    let parsed = parse(&large);
    assert!(parsed.problems.contains(Problem::HeaderTooLarge));
    assert_eq!(parsed.fields.len(), 0);
    assert_eq!(section(&large, &[], SectionPart::Text), Some("body"));
}

#[test]
fn long_texts_are_cut() {
    let fits = format!("Subject:{}\n\n", "y".repeat(MAX_TEXT_FIELD_BYTES));
    assert!(parse(&fits).problems.is_empty());
    let parsed = parse(&format!(
        "Subject:{}\n\n",
        "y".repeat(MAX_TEXT_FIELD_BYTES + 1)
    ));
    assert!(parsed.problems.contains(Problem::FieldTooLong));
    let subject = parsed.envelope.subject.unwrap();
    assert_eq!(subject.raw().len(), MAX_TEXT_FIELD_BYTES);
}

#[test]
fn addresses_are_bounded_over_all_fields_of_a_name() {
    let fields = format!("To: {}\n", "a@b,".repeat(3000)).repeat(2);
    let parsed = parse(&fields);
    assert!(parsed.problems.contains(Problem::TooManyAddresses));
    assert_eq!(parsed.envelope.to.len(), 3000);
}

#[test]
fn addresses_are_bounded_over_all_embedded_messages() {
    let list = format!("To: {}\n", "a,".repeat(MAX_ADDRESSES - 1));
    let embedded = format!("--b\nContent-Type: message/rfc822\n\n{list}\n");
    let message = format!(
        "Content-Type: multipart/mixed; boundary=b\n\n{}--b--\n",
        embedded.repeat(10)
    );
    let parsed = parse(&message);
    assert!(parsed.problems.contains(Problem::TooManyAddresses));
    let kept: usize = parsed
        .structure
        .parts()
        .filter_map(Part::embedded)
        .map(|embedded| embedded.envelope.to.len())
        .sum();
    assert_eq!(
        kept,
        MAX_ADDRESSES_OF_MESSAGE / (MAX_ADDRESSES - 1) * (MAX_ADDRESSES - 1)
    );
}

#[test]
fn references_of_all_fields_are_bounded_together() {
    let list = |from: usize| -> String {
        let ids: Vec<String> = (from..from + MAX_REFERENCES)
            .map(|n| format!("<{n}@x>"))
            .collect();
        ids.join(" ")
    };
    let message = format!("References: {}\nIn-Reply-To: {}\n\n", list(0), list(150));
    let references = ParsedMessage::parse(message.as_bytes()).references;
    assert_eq!(references.len(), MAX_REFERENCES);
    assert_eq!(&*references[0], "0@x");
    assert_eq!(&*references[MAX_REFERENCES - 1], "349@x");
}

#[test]
fn raw_headers_are_read_in_the_charset_of_the_text() {
    let message =
        b"Subject: \xb1\xb2\nFrom: \xb1 <a@b>\nContent-Type: text/plain; charset=sjis\n\n";
    let envelope = ParsedMessage::parse(message).envelope;
    assert_eq!(envelope.subject.unwrap().decoded(), "ｱｲ");
    let name = envelope.from[0].mailbox().unwrap().name.clone().unwrap();
    assert_eq!(name.decoded(), "ｱ");
}

#[test]
fn a_message_beyond_the_ranges_is_seen_up_to_there() {
    let scan = scan_within(b"Subject: x\n\nbody", 14);
    assert_eq!(scan.structure.root.body, crate::ByteRange::new(12, 14));
    assert!(scan.problems.contains(Problem::MessageTooLarge));
}

#[test]
fn problems_are_bounded() {
    let parsed = parse(&"Date: x\n".repeat(MAX_PROBLEMS * 2));
    assert!(parsed.problems.has_more());
}

/// Each of these would take minutes if anything in the parser were quadratic.
#[test]
fn cost_is_linear() {
    let head = "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n";
    let levels: Vec<String> = (0..MAX_DEPTH)
        .map(|n| {
            format!(
                "Content-Type: multipart/mixed; boundary=\"{}{n}\"\n\n--{}{n}\n",
                "x".repeat(60),
                "x".repeat(60)
            )
        })
        .collect();
    let levels = levels.concat();
    let near_miss = format!("--{}y\n", "x".repeat(60));
    for (head, piece) in [
        (head, "--\n"),
        (head, "\n--c"),
        (head, "--b \t \t"),
        (head, "--b\n"),
        (levels.as_str(), near_miss.as_str()),
        ("", "To: (((((\n"),
        ("To: ", "\"\\"),
        ("To: ", "(\\"),
        ("To: ", "<a@b> "),
        ("To: ", "=?a?Q?x"),
        ("Subject: ", "=?a?Q?x"),
        ("Subject: ", "=?utf-8?B?5?= "),
        ("References: ", "<"),
        ("References: ", "<a@b>"),
        ("Content-Type: a/b", "; a*1*=%"),
        ("Content-Type: a/b", "; ("),
        ("Date: ", "("),
        ("X: y", "\n "),
    ] {
        let message = format!("{head}{}", piece.repeat(2_000_000 / piece.len()));
        parse(&message);
    }
}
