//! Getting a queued message ready to be sent or reported.

use bytes::{Bytes, BytesMut};
use hikyaku_blob::{BlobError, Stored};
use hikyaku_db::{DbError, Tx, params};
use hikyaku_directory::{DirectoryError, PlatformScope, domains};
use hikyaku_message::ParsedMessage;
use hikyaku_types::{Domain, QueuedId};

use super::{
    QueueError, Trouble,
    message::{self, Message},
    settle::About,
};
use crate::{Transport, report::Original};

/// Messages up to this size (50 kB) go back whole with a report of failure, unless the sender wants
/// the header only; of larger ones the header goes back. Whoever sent it has it.
pub const RETURN_WHOLE_BYTES: usize = 50_000;

/// Whether the destination is a domain of ours by now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hosted {
    Here,
    Elsewhere,
}

/// A message with its content.
pub(super) struct Loaded {
    pub(super) message: Message,
    pub(super) hosted: Hosted,
    /// The content, or why it cannot be read.
    pub(super) content: Result<Bytes, BlobError>,
}

impl Loaded {
    /// What a report can tell of the message.
    pub(super) fn about(&self) -> About {
        match &self.content {
            Ok(content) => About {
                original: Original::of(content, &ParsedMessage::parse(content)),
                whole: Some(content.clone()).filter(|all| all.len() <= RETURN_WHOLE_BYTES),
            },
            Err(_) => About {
                original: Original {
                    header: Bytes::new(),
                    subject: String::new(),
                    message_id: self.message.header_id.clone(),
                },
                whole: None,
            },
        }
    }
}

/// The message for a destination; nothing when it has left the queue.
pub(super) async fn load(
    transport: &Transport,
    id: QueuedId,
    destination: Option<Domain>,
) -> Result<Option<Loaded>, QueueError> {
    let read = move |tx: &Tx<'_>| {
        let Some(message) = Message::load(tx, id)? else {
            return Ok(None);
        };
        let hosted = match &destination {
            Some(domain) => hosted(tx, domain)?,
            None => Hosted::Elsewhere,
        };
        let stored = match hikyaku_blob::load(tx, message.tenant, &message.hash) {
            Err(BlobError::Db(error)) => return Err(error.into()),
            stored => stored,
        };
        Ok::<_, QueueError>(Some((message, hosted, stored)))
    };
    let Some((message, hosted, stored)) = transport.db().read(read).await? else {
        return Ok(None);
    };
    let content = match stored {
        Ok(stored) => content(transport, &message, stored).await,
        Err(error) => Err(error),
    };
    Ok(Some(Loaded {
        message,
        hosted,
        content,
    }))
}

fn hosted(tx: &Tx<'_>, domain: &Domain) -> Result<Hosted, DirectoryError> {
    match domains::find_in_service(tx, PlatformScope::operator(), domain) {
        Ok(_) => Ok(Hosted::Here),
        Err(DirectoryError::NoSuchDomain(_)) => Ok(Hosted::Elsewhere),
        Err(error) => Err(error),
    }
}

/// Prefix and blob in one.
async fn content(
    transport: &Transport,
    message: &Message,
    stored: Stored,
) -> Result<Bytes, BlobError> {
    let body = transport.contents().read(stored).await?;
    let mut all = BytesMut::with_capacity(message.prefix.len() + body.len());
    all.extend_from_slice(&message.prefix);
    all.extend_from_slice(&body);
    Ok(all.freeze())
}

/// What is remembered of a destination that cannot be reached.
pub(super) fn trouble_of(tx: &Tx<'_>, destination: &Domain) -> Result<Option<Trouble>, DbError> {
    let found = tx.query_opt(
        "SELECT trouble, status, remote_host, reply FROM queue_destination \
         WHERE destination = ?1",
        params![destination.as_str()],
        |row| message::trouble(row, 0),
    )?;
    Ok(found.flatten())
}
