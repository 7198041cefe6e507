//! A message that may match: its rows, and its content once that is read.

use std::cell::OnceCell;

use bytes::Bytes;
use hikyaku_message::{
    Address, Envelope, Structure,
    body::{header_values, search_texts},
};
use hikyaku_types::{OffsetTimestamp, ThreadId};

use crate::{error::MailError, message, placement::Placement, query::AddressField};

use super::{contains_folded, fold};

/// The rows of a message in a mailbox.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) placement: Placement,
    /// From the message's own row, when the query depends on it.
    pub(super) facts: Option<RowFacts>,
}

/// What a message's own row says.
#[derive(Debug)]
pub(super) struct RowFacts {
    pub(super) thread: ThreadId,
    pub(super) sent: Option<OffsetTimestamp>,
    /// The encoded envelope, when the query asks for it.
    pub(super) envelope: Option<Vec<u8>>,
    /// The encoded structure, when the query asks for it.
    pub(super) structure: Option<Vec<u8>>,
    pub(super) prefix: u64,
    pub(super) skip: u64,
}

impl Candidate {
    fn facts(&self) -> Result<&RowFacts, MailError> {
        self.facts.as_ref().ok_or(MailError::Damaged {
            what: "a search's rows",
        })
    }

    pub(super) fn thread(&self) -> Result<ThreadId, MailError> {
        Ok(self.facts()?.thread)
    }

    pub(super) fn sent(&self) -> Result<Option<OffsetTimestamp>, MailError> {
        Ok(self.facts()?.sent)
    }

    fn envelope(&self) -> Result<Envelope, MailError> {
        message::decode_envelope(self.facts()?.envelope.as_deref().unwrap_or_default())
    }

    /// Whether the folded text occurs in an address field.
    pub(super) fn address_contains(
        &self,
        field: AddressField,
        text: &str,
    ) -> Result<bool, MailError> {
        let envelope = self.envelope()?;
        let addresses = match field {
            AddressField::From => &envelope.from,
            AddressField::To => &envelope.to,
            AddressField::Cc => &envelope.cc,
            AddressField::Bcc => &envelope.bcc,
        };
        Ok(addresses
            .iter()
            .any(|address| fold(&address_text(address)).contains(text)))
    }

    /// Whether the folded text occurs in the subject.
    pub(super) fn subject_contains(&self, text: &str) -> Result<bool, MailError> {
        let envelope = self.envelope()?;
        Ok(envelope
            .subject
            .is_some_and(|subject| fold(&subject.decoded()).contains(text)))
    }
}

fn address_text(address: &Address) -> String {
    match address {
        Address::Mailbox(mailbox) => {
            let name = mailbox
                .name
                .as_ref()
                .map(|name| name.decoded())
                .unwrap_or_default();
            format!("{name} <{}>", mailbox.addr_spec())
        }
        Address::GroupStart(name) => name.decoded().into_owned(),
        Address::GroupEnd => String::new(),
    }
}

/// A candidate with its content.
pub(super) struct Read<'a> {
    pub(super) candidate: &'a Candidate,
    content: &'a Bytes,
    structure: OnceCell<Structure>,
}

impl<'a> Read<'a> {
    pub(super) fn new(candidate: &'a Candidate, content: &'a Bytes) -> Self {
        Self {
            candidate,
            content,
            structure: OnceCell::new(),
        }
    }

    fn structure(&self) -> Result<&Structure, MailError> {
        if let Some(structure) = self.structure.get() {
            return Ok(structure);
        }
        let facts = self.candidate.facts()?;
        let encoded = facts.structure.as_deref().unwrap_or_default();
        let structure = message::decode_structure(encoded, facts.prefix, facts.skip)?;
        Ok(self.structure.get_or_init(|| structure))
    }

    /// Whether the folded text occurs in a header field of this (lower-case) name.
    pub(super) fn header_contains(&self, name: &str, text: &str) -> Result<bool, MailError> {
        let header = self.structure()?.root.header;
        Ok(header_values(self.content, header).any(|field| {
            field.name.eq_ignore_ascii_case(name) && contains_folded(&field.value, text)
        }))
    }

    /// Whether the folded text occurs anywhere in the header.
    pub(super) fn any_header_contains(&self, text: &str) -> Result<bool, MailError> {
        let header = self.structure()?.root.header;
        Ok(header_values(self.content, header)
            .any(|field| fold(&format!("{}: {}", field.name, field.value)).contains(text)))
    }

    /// Whether the folded text occurs in a text part, in the header of an embedded message or in
    /// the name of an attachment.
    pub(super) fn body_contains(&self, text: &str) -> Result<bool, MailError> {
        let structure = self.structure()?;
        Ok(
            search_texts(self.content, structure)
                .any(|found| contains_folded(found.as_str(), text)),
        )
    }
}
