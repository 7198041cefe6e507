//! The key of the MACs over checkpoints.
//!
//! It lies in the database itself, so that every node has it and a restored copy still verifies.
//! What it protects against: a checkpoint that is edited by hand, by another program or by a fault,
//! or taken from another database. What it does not: somebody who can read the whole database and
//! write to it can compute a new MAC; against that, note a head elsewhere ([`crate::Anchor`]).

use hikyaku_db::{DbError, Tx, WriteTx, params};

use crate::Chain;

/// The key.
pub(crate) struct Key([u8; 32]);

impl Key {
    /// Over the chain, the last removed entry and its hash.
    pub(crate) fn mac(&self, chain: Chain, seq: i64, hash: &str) -> String {
        let text = format!("{}\n{seq}\n{hash}", chain.number());
        let mac = blake3::keyed_hash(&self.0, text.as_bytes());
        mac.to_hex().to_string()
    }
}

/// The key of this database; nothing before the first pruning.
pub(crate) fn load(tx: &Tx<'_>) -> Result<Option<Key>, DbError> {
    tx.query_opt("SELECT key FROM oplog_key WHERE one = 1", &[], |row| {
        row.get(0).map(Key)
    })
}

/// The key of this database; the first time it is `candidate`.
pub(crate) fn load_or_make(tx: &WriteTx<'_>, candidate: &[u8; 32]) -> Result<Key, DbError> {
    tx.execute(
        "INSERT INTO oplog_key (one, key) VALUES (1, ?1) ON CONFLICT (one) DO NOTHING",
        params![candidate],
    )?;
    load(tx)?.ok_or(DbError::NotFound)
}
