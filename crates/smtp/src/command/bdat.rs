//! BDAT (RFC 3030 §2).

use hikyaku_smtp_proto::{
    ChunkReader, Fault,
    command::{Bdat, Last},
    reply::table,
};

use super::deliver;
use crate::{
    session::{Ending, Received, Session},
    transaction::Chunks,
};

/// Reads one chunk; with the last one the message is complete.
pub(super) async fn run(session: &mut Session, bdat: Bdat) -> Result<(), Ending> {
    let mut chunks = take_chunks(session);
    session.receive_chunk(&mut chunks, bdat.size).await?;
    match (bdat.last, chunks.reader.fault()) {
        (Last::Yes, _) => {
            let Chunks { reader, share } = chunks;
            let received = reader.finish().map(|message| Received { message, share });
            deliver::conclude(session, received).await
        }
        (Last::No, Some(fault)) => refuse(session, fault).await,
        (Last::No, None) => {
            if let Some(transaction) = &mut session.transaction {
                transaction.chunks = Some(chunks);
            }
            session.flow.chunk_accepted();
            session.say(&table::chunk_ok(bdat.size)).await
        }
    }
}

/// The chunks so far, or none yet.
fn take_chunks(session: &mut Session) -> Chunks {
    let limits = session.content_limits();
    let before = session
        .transaction
        .as_mut()
        .and_then(|transaction| transaction.chunks.take());
    before.unwrap_or_else(|| Chunks {
        reader: ChunkReader::new(limits),
        share: session.shared.rooms.memory.share(),
    })
}

/// Refuses the message before its last chunk. The transaction is over; the chunks that are in the
/// pipeline already are out of place then, and are read away.
async fn refuse(session: &mut Session, fault: Fault) -> Result<(), Ending> {
    let reply = deliver::fault(session, fault);
    session.reset();
    session.say(&reply).await
}
