//! A parsed message.

use crate::{
    body,
    envelope::Envelope,
    header::{Field, message_id},
    mime,
    problem::Problems,
    structure::Structure,
};

/// What was read of a message: the header's fields, the envelope and the structure, as byte
/// ranges and decoded values. It holds none of the message's bytes itself.
#[derive(Debug, Default)]
pub struct ParsedMessage {
    /// The fields of the message's header, at most
    /// [`MAX_HEADER_FIELDS`](crate::limits::MAX_HEADER_FIELDS).
    pub fields: Vec<Field>,
    /// The envelope.
    pub envelope: Envelope,
    /// The structure.
    pub structure: Structure,
    /// The ids of References and In-Reply-To, oldest first, without angle brackets, each once, at
    /// most [`MAX_REFERENCES`](crate::limits::MAX_REFERENCES). For threads.
    pub references: Vec<Box<str>>,
    /// The message's own id, without angle brackets.
    pub message_id: Option<Box<str>>,
    /// What was wrong with the message.
    pub problems: Problems,
}

impl ParsedMessage {
    /// Parses a message. Total: any bytes give a structure whose ranges lie within them; what is
    /// wrong is listed in [`problems`](Self::problems). One pass; bodies are not decoded.
    pub fn parse(message: &[u8]) -> Self {
        let scan = mime::scan(message);
        let own_id = scan.envelope.message_id.as_ref();
        Self {
            references: mime::references(message, &scan.fields),
            message_id: own_id.and_then(|text| message_id::parse_one(text.raw())),
            fields: scan.fields,
            envelope: scan.envelope,
            structure: scan.structure,
            problems: scan.problems,
        }
    }

    /// The first field with this name; case does not matter.
    pub fn field(&self, message: &[u8], name: &str) -> Option<Field> {
        self.fields
            .iter()
            .copied()
            .find(|field| field.is(message, name))
    }

    /// The preview of the message, see [`body::preview`].
    pub fn preview(&self, message: &[u8]) -> String {
        body::preview(message, &self.structure)
    }
}
