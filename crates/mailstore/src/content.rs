//! A message made ready for storing: everything that costs processor time is done.

use std::sync::Arc;

use bytes::Bytes;
use hikyaku_blob::Prepared;
use hikyaku_message::ParsedMessage;

use crate::{message::Facts, thread::ThreadRef};

/// A message with its hash, its compressed form and the facts that lists show. Cheap to clone.
///
/// Made outside transactions, once for all recipients: with [`Content::new`] or, when the message
/// was parsed already, with [`Content::from_parsed`].
#[derive(Debug, Clone)]
pub struct Content {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    prepared: Prepared,
    facts: Facts,
}

impl Content {
    /// Parses, hashes and compresses a message. Takes about as long as reading it twice: for large
    /// messages call it on a thread that may block
    /// ([`Mailstore::prepare`](crate::Mailstore::prepare)).
    pub fn new(message: &Bytes) -> Self {
        Self::from_parsed(message, &ParsedMessage::parse(message))
    }

    /// Hashes and compresses a message that was parsed already.
    pub fn from_parsed(message: &Bytes, parsed: &ParsedMessage) -> Self {
        Self {
            inner: Arc::new(Inner {
                prepared: hikyaku_blob::prepare(message),
                facts: Facts::of(message, parsed),
            }),
        }
    }

    /// Bytes of the message.
    pub fn size(&self) -> u64 {
        self.inner.prepared.size()
    }

    /// The message as it will be stored.
    pub fn prepared(&self) -> &Prepared {
        &self.inner.prepared
    }

    pub(crate) fn facts(&self) -> &Facts {
        &self.inner.facts
    }

    pub(crate) fn thread_refs(&self) -> &[ThreadRef] {
        &self.inner.facts.references
    }
}
