//! Looking at all contents of a tenant, for checks.

use std::fmt::Write as _;

use hikyaku_db::{Tx, params};
use hikyaku_types::TenantId;

use crate::{error::BlobError, hash::ContentHash};

/// Most differing contents that one check lists (1,000): enough to see that something is wrong.
pub const DIFFERING_MAX: usize = 1_000;

/// Somebody who holds references to contents.
#[derive(Debug, Clone, Copy)]
pub struct ReferenceSource {
    /// A SELECT of one column named `hash`: a content of tenant `?1`, once for each reference held.
    pub sql: &'static str,
}

/// A content whose count of references differs from the references there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Differing {
    /// Which content.
    pub hash: ContentHash,
    /// The stored count; 0 when the content is not stored.
    pub stored: i64,
    /// The references found.
    pub found: i64,
}

/// The tenant's contents after `after`, in ascending order, at most `limit`.
pub fn hashes(
    tx: &Tx<'_>,
    tenant: TenantId,
    after: Option<&ContentHash>,
    limit: u32,
) -> Result<Vec<ContentHash>, BlobError> {
    let lowest = ContentHash::from_bytes([0; 32]);
    let (after, inclusive) = (after.unwrap_or(&lowest), after.is_none());
    let compare = if inclusive { ">=" } else { ">" };
    let sql = format!(
        "SELECT hash FROM blob WHERE tenant_id = ?1 AND hash {compare} ?2 ORDER BY hash LIMIT ?3"
    );
    Ok(tx.query(&sql, params![tenant, after, limit], |row| row.get(0))?)
}

/// Compares the tenant's counts of references with the references that the sources hold. Lists at
/// most [`DIFFERING_MAX`].
pub fn differing_references(
    tx: &Tx<'_>,
    tenant: TenantId,
    sources: &[ReferenceSource],
) -> Result<Vec<Differing>, BlobError> {
    let mut union =
        String::from("SELECT hash AS h, refs AS stored, 0 AS found FROM blob WHERE tenant_id = ?1");
    for (number, source) in sources.iter().enumerate() {
        let inner = source.sql;
        // Writing to a string cannot fail.
        let _ = write!(
            union,
            " UNION ALL SELECT s{number}.hash, 0, 1 FROM ({inner}) AS s{number}"
        );
    }
    // PostgreSQL's sums of integers are numerics.
    let sql = format!(
        "SELECT h, CAST(SUM(stored) AS BIGINT), CAST(SUM(found) AS BIGINT) FROM ({union}) AS refs \
         GROUP BY h HAVING SUM(stored) <> SUM(found) ORDER BY h LIMIT {DIFFERING_MAX}"
    );
    Ok(tx.query(&sql, params![tenant], |row| {
        Ok(Differing {
            hash: row.get(0)?,
            stored: row.get(1)?,
            found: row.get(2)?,
        })
    })?)
}
