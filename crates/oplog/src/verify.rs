//! Checking a chain from its checkpoint to its end, in bounded steps.

use hikyaku_db::{Database, DbError, Row, Tx, params};

use crate::{
    Chain,
    body::Body,
    chain::{self, Ends, link},
    key, words,
};

/// Entries that are checked within one transaction.
pub const VERIFY_CHUNK: i64 = 1000;

/// A number and hash that somebody noted outside of this database. Against somebody who can write
/// the whole database, hash chain and checkpoint included, only this helps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// The number of the entry.
    pub seq: i64,
    /// Its hash.
    pub hash: String,
}

/// What checking a chain found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verdict {
    /// The chain.
    pub chain: Chain,
    /// The number of the first entry that is kept; 1 when none was removed.
    pub first: i64,
    /// Entries that were checked and found right.
    pub checked: u64,
    /// The last entry that was checked, to be noted elsewhere; nothing for an empty chain.
    pub head: Option<Anchor>,
    /// The first thing that is wrong.
    pub broken: Option<Broken>,
}

/// Where a chain is broken first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The number of the entry.
    pub seq: i64,
    /// What is wrong there.
    pub fault: Fault,
}

/// What is wrong with a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// An entry is not there.
    #[error("the entry is missing")]
    Missing,
    /// The text, or something before it, is not what was written.
    #[error("the entry was changed, or one before it was replaced")]
    Altered,
    /// The text is what was written, but the columns beside it say something else.
    #[error("the columns that searches use do not agree with the entry")]
    ColumnsDiffer,
    /// The checkpoint that pruning left has another MAC.
    #[error("the checkpoint of what was removed after its time is not the one that was signed")]
    CheckpointAltered,
    /// The chain ends before, or with another hash than, its last entry.
    #[error("the end of the chain is not the last entry that was written")]
    EndDiffers,
    /// The chain has another entry there than the one somebody noted.
    #[error("the entry is not the one that was noted")]
    AnchorDiffers,
    /// The noted entry was removed after its time, so nothing can be said about it.
    #[error("the noted entry was removed after its time")]
    AnchorPruned,
}

/// Checks a chain, and that it has the entry that somebody noted. Entries that are written
/// meanwhile are not waited for.
pub async fn verify(
    db: &Database,
    chain: Chain,
    anchor: Option<Anchor>,
) -> Result<Verdict, DbError> {
    let mut walk = Walk::new(chain, anchor);
    loop {
        walk = db
            .read(move |tx| {
                let mut next = walk.clone();
                next.step(tx)?;
                Ok::<_, DbError>(next)
            })
            .await?;
        if walk.is_done {
            return Ok(walk.verdict);
        }
    }
}

/// How far a check has come.
#[derive(Debug, Clone)]
struct Walk {
    chain: Chain,
    anchor: Option<Anchor>,
    /// Where the chain ended when the check began.
    end: Option<Anchor>,
    /// The last entry that was right, or the checkpoint.
    at: Anchor,
    is_done: bool,
    verdict: Verdict,
}

impl Walk {
    fn new(chain: Chain, anchor: Option<Anchor>) -> Self {
        let at = Anchor {
            seq: 0,
            hash: String::new(),
        };
        Self {
            chain,
            anchor,
            end: None,
            at,
            is_done: false,
            verdict: Verdict {
                chain,
                first: 1,
                checked: 0,
                head: None,
                broken: None,
            },
        }
    }

    fn step(&mut self, tx: &Tx<'_>) -> Result<(), DbError> {
        let Some(ends) = chain::ends(tx, self.chain)? else {
            self.finish();
            return Ok(());
        };
        self.begin(tx, &ends)?;
        if self.is_done {
            return Ok(());
        }
        let until = self.end.as_ref().map_or(0, |end| end.seq);
        let highest = until.min(self.at.seq + VERIFY_CHUNK);
        let range = params![self.chain.number(), self.at.seq, highest];
        for stored in tx.query(ENTRIES, range, Stored::read)? {
            self.look_at(&stored);
            if self.is_done {
                return Ok(());
            }
        }
        if self.at.seq < highest {
            self.broken(self.at.seq + 1, Fault::Missing);
        } else if self.at.seq >= until {
            self.finish();
        }
        Ok(())
    }

    /// The first time: the checkpoint. Later: it may have moved on.
    fn begin(&mut self, tx: &Tx<'_>, ends: &Ends) -> Result<(), DbError> {
        if self.end.is_none() {
            self.end = Some(Anchor {
                seq: ends.seq,
                hash: ends.hash.clone(),
            });
        }
        if ends.pruned_seq == 0 || ends.pruned_seq < self.at.seq {
            return Ok(());
        }
        let mac = key::load(tx)?.map(|key| key.mac(self.chain, ends.pruned_seq, &ends.pruned_hash));
        if mac.as_ref() != Some(&ends.pruned_mac) {
            self.broken(ends.pruned_seq, Fault::CheckpointAltered);
            return Ok(());
        }
        self.at = Anchor {
            seq: ends.pruned_seq,
            hash: ends.pruned_hash.clone(),
        };
        self.verdict.first = ends.pruned_seq + 1;
        if let Some(anchor) = &self.anchor
            && anchor.seq < ends.pruned_seq
        {
            self.broken(anchor.seq, Fault::AnchorPruned);
        } else {
            self.compare_with_anchor();
        }
        Ok(())
    }

    fn look_at(&mut self, stored: &Stored) {
        let expected = self.at.seq + 1;
        if stored.seq != expected {
            return self.broken(expected, Fault::Missing);
        }
        if link(&self.at.hash, &stored.body) != stored.hash {
            return self.broken(expected, Fault::Altered);
        }
        if !stored.agrees(self.chain) {
            return self.broken(expected, Fault::ColumnsDiffer);
        }
        self.at = Anchor {
            seq: stored.seq,
            hash: stored.hash.clone(),
        };
        self.verdict.checked += 1;
        self.compare_with_anchor();
    }

    fn compare_with_anchor(&mut self) {
        if let Some(anchor) = &self.anchor
            && anchor.seq == self.at.seq
            && anchor.hash != self.at.hash
        {
            self.broken(self.at.seq, Fault::AnchorDiffers);
        }
    }

    fn finish(&mut self) {
        let end = self.end.clone();
        if end.as_ref().is_some_and(|end| *end != self.at) {
            return self.broken(self.at.seq, Fault::EndDiffers);
        }
        if let Some(anchor) = &self.anchor
            && anchor.seq > self.at.seq
        {
            return self.broken(anchor.seq, Fault::Missing);
        }
        self.verdict.head = end;
        self.is_done = true;
    }

    fn broken(&mut self, seq: i64, fault: Fault) {
        self.verdict.broken = Some(Broken { seq, fault });
        self.is_done = true;
    }
}

const ENTRIES: &str = "SELECT seq, id, at, action, actor_id, actor_name, target_kind, target_id,
         target_name, words, shown_to, body, hash
     FROM oplog_entry WHERE chain = ?1 AND seq > ?2 AND seq <= ?3 ORDER BY seq";

/// A row with its columns.
struct Stored {
    seq: i64,
    columns: (i64, i64, [String; 7], Option<i64>),
    body: String,
    hash: String,
}

impl Stored {
    fn read(row: &Row<'_>) -> Result<Self, DbError> {
        let mut texts: [String; 7] = Default::default();
        for (index, text) in texts.iter_mut().enumerate() {
            *text = row.get(index + 3)?;
        }
        Ok(Self {
            seq: row.get(0)?,
            columns: (row.get(1)?, row.get(2)?, texts, row.get(10)?),
            body: row.get(11)?,
            hash: row.get(12)?,
        })
    }

    /// Whether the columns say what the text says.
    fn agrees(&self, chain: Chain) -> bool {
        use hikyaku_types::Id as _;

        let Some(body) = Body::from_text(&self.body) else {
            return false;
        };
        let words = words::of(&body);
        let texts = [
            body.action,
            body.actor.id,
            body.actor.name,
            body.target.kind,
            body.target.id,
            body.target.name,
            words,
        ];
        let (id, at) = (body.id.to_i64(), body.at.millis());
        let owner = body.shown_to.map(hikyaku_types::AccountId::to_i64);
        (body.chain, body.seq) == (chain.number(), self.seq)
            && (id, at, texts, owner) == self.columns
    }
}
