//! Objects that nothing needs any more: noted in the transaction that removes the content's row,
//! deleted after the grace time.
//!
//! That time makes "snapshot the database, then copy the objects" a consistent backup: what the
//! snapshot refers to is still there when the copy is made.

use hikyaku_db::{Tx, Value, WriteTx, params, sql::in_list};
use hikyaku_types::Timestamp;

use crate::{error::BlobError, name::ObjectName};

/// Notes objects, from now on. Costs a statement for each object, and nothing for contents that
/// were in the database.
pub(crate) fn add(
    tx: &WriteTx<'_>,
    objects: impl IntoIterator<Item = ObjectName>,
) -> Result<(), BlobError> {
    for name in objects {
        tx.execute(
            "INSERT INTO object_garbage (name, since) VALUES (?1, ?2) \
             ON CONFLICT (name) DO UPDATE SET since = excluded.since",
            params![&name, tx.now()],
        )?;
    }
    Ok(())
}

/// Objects that were noted before this time, the oldest first; without those that a content refers
/// to, should there be any.
pub(crate) fn due(
    tx: &Tx<'_>,
    before: Timestamp,
    limit: u32,
) -> Result<Vec<ObjectName>, BlobError> {
    Ok(tx.query(
        "SELECT g.name FROM object_garbage g WHERE g.since < ?1 \
         AND NOT EXISTS (SELECT 1 FROM blob b WHERE b.object_name = g.name) \
         ORDER BY g.since, g.name LIMIT ?2",
        params![before, limit],
        |row| row.get(0),
    )?)
}

/// Forgets objects that are deleted.
pub(crate) fn forget(tx: &WriteTx<'_>, objects: &[ObjectName]) -> Result<(), BlobError> {
    if objects.is_empty() {
        return Ok(());
    }
    let parameters: Vec<Value<'_>> = objects.iter().map(Value::from).collect();
    let list = in_list(1, objects.len());
    tx.execute(
        &format!("DELETE FROM object_garbage WHERE name IN ({list})"),
        &parameters,
    )?;
    Ok(())
}

/// Those of the objects that neither a content refers to nor the garbage names.
pub(crate) fn unknown(tx: &Tx<'_>, objects: &[ObjectName]) -> Result<Vec<ObjectName>, BlobError> {
    if objects.is_empty() {
        return Ok(Vec::new());
    }
    let parameters: Vec<Value<'_>> = objects.iter().map(Value::from).collect();
    let list = in_list(1, objects.len());
    // A union of the two indexes.
    let sql = format!(
        "SELECT object_name FROM blob WHERE object_name IS NOT NULL AND object_name IN ({list}) \
         UNION SELECT name FROM object_garbage WHERE name IN ({list})"
    );
    let known: std::collections::HashSet<ObjectName> = tx
        .query(&sql, &parameters, |row| row.get(0))?
        .into_iter()
        .collect();
    let unknown = objects.iter().filter(|name| !known.contains(*name));
    Ok(unknown.cloned().collect())
}

/// How many objects wait for their deletion.
pub fn count_garbage(tx: &Tx<'_>) -> Result<u64, BlobError> {
    Ok(tx.query_one("SELECT COUNT(*) FROM object_garbage", &[], |row| row.get(0))?)
}
