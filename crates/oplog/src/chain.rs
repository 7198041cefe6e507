//! The chains: one per tenant, one for the platform.

use hikyaku_db::{DbError, Row, Tx, params};
use hikyaku_types::{Id, TenantId};

/// In whose log an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Chain {
    /// The operator's: contracts, plans, nodes.
    Platform,
    /// A tenant's: everything that concerns its people and mail, whoever did it.
    Tenant(TenantId),
}

impl Chain {
    /// The number that stands for it in the tables: 0 is the platform, and no id.
    pub(crate) fn number(self) -> i64 {
        match self {
            Self::Platform => 0,
            Self::Tenant(tenant) => tenant.to_i64(),
        }
    }

    pub(crate) fn from_number(number: i64) -> Self {
        match number {
            0 => Self::Platform,
            tenant => Self::Tenant(TenantId::from_i64(tenant)),
        }
    }
}

impl std::fmt::Display for Chain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Platform => f.write_str("platform"),
            Self::Tenant(tenant) => write!(f, "tenant {tenant}"),
        }
    }
}

/// Up to `limit` chains that have entries, after one.
pub fn chains(tx: &Tx<'_>, after: Option<Chain>, limit: u32) -> Result<Vec<Chain>, DbError> {
    tx.query(
        "SELECT chain FROM oplog_chain WHERE chain > ?1 ORDER BY chain LIMIT ?2",
        params![after.map_or(-1, Chain::number), limit],
        |row| row.get(0).map(Chain::from_number),
    )
}

/// Where a chain begins and ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ends {
    /// The number of the last entry.
    pub(crate) seq: i64,
    /// Its hash.
    pub(crate) hash: String,
    /// The number of the last entry that was removed; 0: none.
    pub(crate) pruned_seq: i64,
    /// Its hash.
    pub(crate) pruned_hash: String,
    /// The keyed MAC over both.
    pub(crate) pruned_mac: String,
}

/// The ends of a chain; nothing when it has no entry yet.
pub(crate) fn ends(tx: &Tx<'_>, chain: Chain) -> Result<Option<Ends>, DbError> {
    tx.query_opt(
        "SELECT seq, hash, pruned_seq, pruned_hash, pruned_mac FROM oplog_chain WHERE chain = ?1",
        params![chain.number()],
        read_ends,
    )
}

/// The same, and nobody appends until commit.
pub(crate) fn lock(tx: &Tx<'_>, chain: Chain) -> Result<Option<Ends>, DbError> {
    tx.query_opt(
        "SELECT seq, hash, pruned_seq, pruned_hash, pruned_mac FROM oplog_chain
         WHERE chain = ?1 FOR UPDATE",
        params![chain.number()],
        read_ends,
    )
}

fn read_ends(row: &Row<'_>) -> Result<Ends, DbError> {
    Ok(Ends {
        seq: row.get(0)?,
        hash: row.get(1)?,
        pruned_seq: row.get(2)?,
        pruned_hash: row.get(3)?,
        pruned_mac: row.get(4)?,
    })
}

/// The hash of an entry: over that of the one before it and its own text.
pub(crate) fn link(before: &str, body: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(before.as_bytes());
    hasher.update(b"\n");
    hasher.update(body.as_bytes());
    hasher.finalize().to_hex().to_string()
}
