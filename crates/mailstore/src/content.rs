//! A message made ready for storing: everything that costs processor time is done.

use std::sync::Arc;

use bytes::Bytes;
use hikyaku_blob::{Contents, Prepared};
use hikyaku_message::ParsedMessage;
use hikyaku_types::TenantId;

use crate::{error::MailError, message::Facts, thread::ThreadRef};

/// A message with its hash, its compressed form and the facts that lists show. Cheap to clone.
///
/// Made outside transactions, once for all recipients: by
/// [`Mailstore::prepare`](crate::Mailstore::prepare), or with [`Content::parsed`] when the message
/// was parsed already.
#[derive(Debug, Clone)]
pub struct Content {
    prepared: Prepared,
    facts: Arc<Facts>,
}

impl Content {
    /// Parses, hashes and compresses a message that will be stored in the database. Takes about as
    /// long as reading it twice.
    pub fn new(message: &Bytes) -> Self {
        Self::parsed(
            &Contents::in_database(),
            message,
            &ParsedMessage::parse(message),
        )
    }

    /// Hashes and compresses a message that was parsed already. When it is large it has to be
    /// uploaded ([`Content::upload`]) before it is stored.
    pub fn parsed(contents: &Contents, message: &Bytes, parsed: &ParsedMessage) -> Self {
        Self {
            prepared: contents.prepare(message),
            facts: Arc::new(Facts::of(message, parsed)),
        }
    }

    /// Uploads a large content for these tenants, so that a transaction can store it. Nothing to
    /// wait for when it is small.
    pub async fn upload(
        self,
        contents: &Contents,
        tenants: &[TenantId],
    ) -> Result<Self, MailError> {
        if !self.prepared.is_object() {
            return Ok(self);
        }
        Ok(Self {
            prepared: contents.upload(self.prepared, tenants).await?,
            facts: self.facts,
        })
    }

    /// Bytes of the message.
    pub fn size(&self) -> u64 {
        self.prepared.size()
    }

    /// The message as it will be stored.
    pub fn prepared(&self) -> &Prepared {
        &self.prepared
    }

    pub(crate) fn facts(&self) -> &Facts {
        &self.facts
    }

    pub(crate) fn thread_refs(&self) -> &[ThreadRef] {
        &self.facts.references
    }
}
