//! Reading a source on a thread that may block: messages are made ready there, and handed on in
//! batches of one folder each.

use hikyaku_blob::Contents;
use hikyaku_message::ParsedMessage;
use hikyaku_types::OffsetTimestamp;
use tokio::sync::mpsc;

use crate::{content::Content, flags::Flags};

use super::super::{
    Found, FoundFolder, Place, Position, SkipReason, Source, SourceMessage, TransferError,
};

/// Bytes of messages after which a batch is handed on although it has few of them (8 MiB).
pub const IMPORT_BATCH_BYTES: u64 = 8 << 20;

/// A message ready for the transaction.
#[derive(Debug, Clone)]
pub(super) struct Ready {
    pub(super) content: Content,
    pub(super) flags: Flags,
    pub(super) internal_date: Option<OffsetTimestamp>,
    pub(super) place: Place,
}

/// Messages of one folder.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) messages: Vec<Ready>,
    /// What stood among them and is no mail.
    pub(super) dropped: u64,
    /// How far the folder is read behind the last of them.
    pub(super) position: Position,
}

/// What the reading thread hands on, in the order of the source.
#[derive(Debug)]
pub(super) enum Handed {
    Folder(FoundFolder),
    Batch(Batch),
    Unusable(Place, SkipReason),
}

/// A [`Handed`] and how far the source is.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) handed: Handed,
    pub(super) done: u64,
}

/// Reads the source to its end, in batches of up to `limit` messages. Returns how far it came.
pub(super) fn read(
    mut source: impl Source,
    contents: &Contents,
    limit: usize,
    sender: &mpsc::Sender<Step>,
) -> Result<u64, TransferError> {
    let mut batch = Batch::default();
    let mut bytes = 0;
    while let Some(found) = source.next()? {
        let mut after = None;
        let is_full = match found {
            Found::Message(message) => {
                bytes += message.content.len() as u64;
                batch.messages.push(Ready::new(contents, message));
                batch.position = source.position()?;
                batch.messages.len() >= limit || bytes >= IMPORT_BATCH_BYTES
            }
            Found::Dropped => {
                batch.dropped += 1;
                false
            }
            Found::Folder(folder) => after.insert(Handed::Folder(folder)).ends_batch(),
            Found::Unusable { place, reason } => {
                after.insert(Handed::Unusable(place, reason)).ends_batch()
            }
        };
        if !is_full {
            continue;
        }
        bytes = 0;
        let before = Handed::Batch(std::mem::take(&mut batch));
        for handed in [Some(before), after].into_iter().flatten() {
            let done = source.done();
            if sender.blocking_send(Step { handed, done }).is_err() {
                // Nobody listens any more: the import was given up.
                return Ok(done);
            }
        }
    }
    let done = source.done();
    let handed = Handed::Batch(batch);
    // Whether or not somebody listens, this was all.
    let _ = sender.blocking_send(Step { handed, done });
    Ok(done)
}

impl Handed {
    /// What comes between messages is handed on behind those before it.
    fn ends_batch(&self) -> bool {
        !matches!(self, Self::Batch(_))
    }
}

impl Ready {
    fn new(contents: &Contents, message: SourceMessage) -> Self {
        let parsed = ParsedMessage::parse(&message.content);
        Self {
            content: Content::parsed(contents, &message.content, &parsed),
            flags: message.flags,
            internal_date: message.internal_date,
            place: message.place,
        }
    }
}
