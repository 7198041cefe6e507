//! Which bytes of a message an item means.

use bytes::Bytes;
use hikyaku_imap_proto::{FetchItem, Partial, Section, SectionText};
use hikyaku_message::{
    ByteRange, SectionPart, Structure,
    header::select::{Choice, select},
};

/// Whether a section is the whole message, for which no structure is needed.
pub(super) fn is_whole(section: &Section) -> bool {
    section.part.is_empty() && section.text == SectionText::Whole
}

/// The bytes that an item asks for; none where there is no such part. Contents are not copied,
/// except for chosen header fields.
pub(super) fn cut(
    item: &FetchItem,
    structure: Option<&Structure>,
    content: &Bytes,
) -> Option<Bytes> {
    let whole = || Some(content.clone());
    let part = |wanted| {
        structure?
            .section(&[], wanted)
            .map(|range| slice(content, range))
    };
    match item {
        FetchItem::Rfc822 => whole(),
        FetchItem::Rfc822Header => part(SectionPart::Header),
        FetchItem::Rfc822Text => part(SectionPart::Text),
        FetchItem::Section {
            section, partial, ..
        } => {
            let found = if is_whole(section) {
                whole()
            } else {
                of_section(section, structure?, content)
            };
            found.map(|bytes| cut_partial(&bytes, *partial))
        }
        _ => None,
    }
}

fn of_section(section: &Section, structure: &Structure, content: &Bytes) -> Option<Bytes> {
    let path: Vec<u32> = section.part.iter().map(|number| number.get()).collect();
    let range = |wanted| structure.section(&path, wanted);
    let chosen = |choice, fields: &[String]| {
        let names: Vec<&str> = fields.iter().map(String::as_str).collect();
        let header = range(SectionPart::Header)?;
        Some(Bytes::from(select(content, header, choice, &names)))
    };
    match &section.text {
        SectionText::Whole => range(SectionPart::Content).map(|range| slice(content, range)),
        SectionText::Header => range(SectionPart::Header).map(|range| slice(content, range)),
        SectionText::Text => range(SectionPart::Text).map(|range| slice(content, range)),
        SectionText::Mime => range(SectionPart::Mime).map(|range| slice(content, range)),
        SectionText::HeaderFields(fields) => chosen(Choice::Only, fields),
        SectionText::HeaderFieldsNot(fields) => chosen(Choice::Except, fields),
    }
}

/// The bytes of a range, without copying. What lies outside the content is left out: the row and
/// the content were read one after the other.
fn slice(content: &Bytes, range: ByteRange) -> Bytes {
    content.slice_ref(range.of(content))
}

fn cut_partial(bytes: &Bytes, partial: Option<Partial>) -> Bytes {
    match partial {
        Some(partial) => bytes.slice(partial.range(bytes.len())),
        None => bytes.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hikyaku_imap_proto::{Command, Limits, RawCommand, Request};
    use hikyaku_message::ParsedMessage;

    const MESSAGE: &[u8] = b"Subject: a\r\nTo: b\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/mixed; boundary=x\r\n\r\npre\r\n\
        --x\r\nContent-Type: text/plain\r\n\r\none\r\n\
        --x\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\ninner\r\n--x--\r\n";

    fn fetched(item: &str) -> Option<String> {
        let raw = RawCommand::from_bytes(format!("a FETCH 1 {item}"));
        let request = Request::parse(&raw, &Limits::default()).unwrap();
        let Command::Fetch(fetch) = request.command else {
            panic!("no FETCH");
        };
        let content = Bytes::from_static(MESSAGE);
        let parsed = ParsedMessage::parse(MESSAGE);
        let bytes = cut(&fetch.items[0], Some(&parsed.structure), &content)?;
        Some(String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[test]
    fn sections_are_cut_out() {
        let whole = String::from_utf8(MESSAGE.to_vec()).unwrap();
        let (header, text) = whole.split_at(whole.find("pre").unwrap());
        for (item, expected) in [
            ("BODY[]", whole.as_str()),
            ("RFC822", &whole),
            ("RFC822.HEADER", header),
            ("RFC822.TEXT", text),
            ("BODY[HEADER]", header),
            ("BODY[TEXT]", text),
            ("BODY[1]", "one"),
            ("BODY[1.MIME]", "Content-Type: text/plain\r\n\r\n"),
            ("BODY[2.HEADER]", "Subject: in\r\n\r\n"),
            ("BODY[2.TEXT]", "inner"),
            ("BODY[2.1]", "inner"),
            ("BODY[HEADER.FIELDS (subject x)]", "Subject: a\r\n\r\n"),
            ("BODY[2.HEADER.FIELDS.NOT (To)]", "Subject: in\r\n\r\n"),
            ("BODY[1]<1.1>", "n"),
            ("BODY[1]<1.100>", "ne"),
            ("BODY[1]<3.1>", ""),
            ("BODY[]<0.7>", "Subject"),
        ] {
            assert_eq!(fetched(item).as_deref(), Some(expected), "{item}");
        }
        for item in ["BODY[3]", "BODY[1.HEADER]", "BODY[1.1]", "BODY[2.2]"] {
            assert_eq!(fetched(item), None, "{item}");
        }
    }
}
