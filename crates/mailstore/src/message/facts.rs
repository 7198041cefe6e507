//! The facts of a message that lists show: made once when it comes, kept in its row.

use hikyaku_message::{
    ByteRange, Content as PartContent, Envelope, ParsedMessage, Part, Structure,
};
use hikyaku_types::OffsetTimestamp;

use crate::{
    error::MailError,
    thread::{self, ThreadRef},
};

/// The facts of a message that its row holds.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) envelope: Vec<u8>,
    pub(crate) structure: Vec<u8>,
    pub(crate) preview: String,
    pub(crate) sent: Option<OffsetTimestamp>,
    pub(crate) references: Vec<ThreadRef>,
}

impl Facts {
    /// The facts of a message that was parsed.
    pub(crate) fn of(message: &[u8], parsed: &ParsedMessage) -> Self {
        let referred = parsed.references.iter().map(AsRef::as_ref);
        Self {
            envelope: parsed.envelope.encode(),
            structure: parsed.structure.encode(),
            // A text column holds no NUL.
            preview: parsed.preview(message).replace('\0', " "),
            sent: parsed.envelope.sent_at,
            references: thread::references(parsed.message_id.as_deref(), referred),
        }
    }
}

/// An envelope as stored.
pub(crate) fn decode_envelope(bytes: &[u8]) -> Result<Envelope, MailError> {
    Envelope::decode(bytes).map_err(|_| MailError::Damaged {
        what: "message.envelope",
    })
}

/// A structure as stored, with its ranges moved to where they are in the message as it is read:
/// after `prefix` bytes, and with `skip` bytes of the content left out.
pub(crate) fn decode_structure(
    bytes: &[u8],
    prefix: u64,
    skip: u64,
) -> Result<Structure, MailError> {
    let damaged = MailError::Damaged {
        what: "message.structure",
    };
    let Ok(mut structure) = Structure::decode(bytes) else {
        return Err(damaged);
    };
    let (Ok(prefix), Ok(skip)) = (usize::try_from(prefix), usize::try_from(skip)) else {
        return Err(damaged);
    };
    if (prefix, skip) != (0, 0) {
        let header_end = structure.root.header.end();
        move_part(&mut structure.root, prefix, skip);
        // What stands before the content belongs to the message's header.
        structure.root.header = ByteRange::new(0, moved(header_end, prefix, skip));
    }
    Ok(structure)
}

fn moved(offset: usize, prefix: usize, skip: usize) -> usize {
    prefix.saturating_add(offset.saturating_sub(skip))
}

fn move_part(part: &mut Part, prefix: usize, skip: usize) {
    let range = |range: ByteRange| {
        ByteRange::new(
            moved(range.start(), prefix, skip),
            moved(range.end(), prefix, skip),
        )
    };
    part.header = range(part.header);
    part.body = range(part.body);
    match &mut part.content {
        PartContent::Single => {}
        PartContent::Multipart(children) => {
            for child in children {
                move_part(child, prefix, skip);
            }
        }
        PartContent::Message(embedded) => move_part(&mut embedded.root, prefix, skip),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &[u8] = b"Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
        --b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ninner body\r\n--b\r\n\r\n\
        second\r\n--b--\r\n";

    /// Every part's header and body as they read in `message`.
    fn parts(message: &[u8], structure: &Structure) -> Vec<(Vec<u8>, Vec<u8>)> {
        let part = |part: &Part| {
            (
                part.header.of(message).to_vec(),
                part.body.of(message).to_vec(),
            )
        };
        structure.parts().map(part).collect()
    }

    #[test]
    fn ranges_follow_a_prefix() {
        let parsed = ParsedMessage::parse(MESSAGE);
        let facts = Facts::of(MESSAGE, &parsed);
        let prefix = b"Return-Path: <>\r\n".to_vec();
        let whole = [&prefix[..], MESSAGE].concat();
        let moved = decode_structure(&facts.structure, prefix.len() as u64, 0).unwrap();
        assert_eq!(
            parts(&whole, &moved),
            parts(&whole, &ParsedMessage::parse(&whole).structure)
        );
        let same = decode_structure(&facts.structure, 0, 0).unwrap();
        assert_eq!(same, parsed.structure);
    }

    #[test]
    fn ranges_follow_a_rewritten_header() {
        let facts = Facts::of(MESSAGE, &ParsedMessage::parse(MESSAGE));
        let skip = b"Subject: x\r\n".len();
        let prefix = b"Subject: [tag] x\r\n".to_vec();
        let whole = [&prefix[..], &MESSAGE[skip..]].concat();
        let moved = decode_structure(&facts.structure, prefix.len() as u64, skip as u64).unwrap();
        assert_eq!(
            parts(&whole, &moved),
            parts(&whole, &ParsedMessage::parse(&whole).structure)
        );
    }

    #[test]
    fn what_is_no_structure_is_an_error() {
        assert!(decode_structure(b"\xff\xff", 0, 0).is_err());
        assert!(decode_envelope(b"").is_err());
    }
}
