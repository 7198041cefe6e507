//! Counting who needs a content. The only place that writes the table.

use std::{collections::BTreeMap, time::Duration};

use hikyaku_db::{
    Value, WriteTx, params,
    sql::{in_list, values_list},
};
use hikyaku_types::TenantId;

use crate::{
    error::BlobError,
    garbage,
    hash::ContentHash,
    name::ObjectName,
    prepared::{Prepared, Upload},
};

/// What became of a content when references were released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Released {
    /// Others still refer to it.
    Kept,
    /// That was the last reference: the content is gone.
    Gone,
}

/// Rows of one statement when several contents are added at once.
const ADD_ROWS: usize = 8;

/// Bytes that one statement of several rows carries at most (1 MiB); larger contents go alone.
const ADD_ROWS_BYTES: u64 = 1024 * 1024;

/// Hashes named by one statement when several contents are released at once.
const RELEASE_ROWS: [usize; 2] = [64, 8];

const INSERT_COLUMNS: usize = 8;
const INSERT: &str = "INSERT INTO blob \
    (tenant_id, hash, size, stored_size, encoding, place, refs, created_at, data) VALUES ";
const COUNT_UP: &str =
    " ON CONFLICT (tenant_id, hash) DO UPDATE SET refs = blob.refs + excluded.refs";

/// How long an upload may be relied on (1 hour): what is not in use by then will never be. It is
/// far below the shortest grace time, after which an unused upload is garbage.
pub const UPLOAD_VALID: Duration = Duration::from_hours(1);

/// Adds references to one content, storing it if the tenant does not have it yet.
pub fn add_reference(
    tx: &WriteTx<'_>,
    tenant: TenantId,
    content: &Prepared,
    references: u32,
) -> Result<(), BlobError> {
    add_one(tx, tenant, (content, references))
}

/// Adds references to several contents, in ascending order of their hashes. The same content may be
/// named more than once.
pub fn add_references<'a>(
    tx: &WriteTx<'_>,
    tenant: TenantId,
    contents: impl IntoIterator<Item = (&'a Prepared, u32)>,
) -> Result<(), BlobError> {
    let mut merged: BTreeMap<ContentHash, (&Prepared, u32)> = BTreeMap::new();
    for (content, references) in contents {
        let entry = merged.entry(*content.hash()).or_insert((content, 0));
        entry.1 = entry.1.saturating_add(references);
    }
    let merged: Vec<(&Prepared, u32)> = merged.into_values().filter(|(_, n)| *n > 0).collect();
    for rows in merged.chunks(ADD_ROWS) {
        let bytes: u64 = rows.iter().map(|(content, _)| content.stored_size()).sum();
        let together = rows.len() == ADD_ROWS && bytes <= ADD_ROWS_BYTES;
        if together && !rows.iter().any(|(content, _)| content.is_object()) {
            insert(tx, tenant, rows)?;
        } else {
            rows.iter().try_for_each(|row| add_one(tx, tenant, *row))?;
        }
    }
    Ok(())
}

fn add_one(
    tx: &WriteTx<'_>,
    tenant: TenantId,
    (content, references): (&Prepared, u32),
) -> Result<(), BlobError> {
    let Some(uploads) = content.uploads() else {
        return insert(tx, tenant, &[(content, references)]);
    };
    match uploads.get(&tenant) {
        Some(upload) if tx.now().since(upload.at) <= UPLOAD_VALID => {
            insert_object(tx, tenant, (content, references), upload)
        }
        // Old, or not made because the tenant had the content.
        _ => match add_references_by_hash(tx, tenant, content.hash(), references) {
            Err(BlobError::Missing { hash }) => Err(BlobError::NotUploaded { hash, tenant }),
            added => added,
        },
    }
}

/// The object of the upload becomes the tenant's; when the tenant has the content already, nobody
/// comes to need the upload, and it is swept up.
fn insert_object(
    tx: &WriteTx<'_>,
    tenant: TenantId,
    (content, references): (&Prepared, u32),
    upload: &Upload,
) -> Result<(), BlobError> {
    let sql = format!(
        "INSERT INTO blob \
         (tenant_id, hash, size, stored_size, encoding, place, refs, created_at, object_name) \
         VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6, ?7, ?8){COUNT_UP}"
    );
    let (size, stored) = (content.size(), content.stored_size());
    let code = content.encoding().code();
    tx.execute(
        &sql,
        params![
            tenant,
            content.hash(),
            size as i64,
            stored as i64,
            code,
            references,
            tx.now(),
            &upload.name
        ],
    )?;
    Ok(())
}

fn insert(tx: &WriteTx<'_>, tenant: TenantId, rows: &[(&Prepared, u32)]) -> Result<(), BlobError> {
    let values = values_list(1, rows.len(), INSERT_COLUMNS + 1);
    let mut parameters: Vec<Value<'_>> = Vec::with_capacity(rows.len() * (INSERT_COLUMNS + 1));
    for (content, references) in rows {
        let (size, stored) = (content.size() as i64, content.data().len() as i64);
        parameters.extend([
            tenant.into(),
            content.hash().into(),
            size.into(),
            stored.into(),
        ]);
        parameters.extend([
            content.encoding().code().into(),
            0_i64.into(),
            (*references).into(),
        ]);
        parameters.extend([tx.now().into(), content.data().as_ref().into()]);
    }
    tx.execute(&format!("{INSERT}{values}{COUNT_UP}"), &parameters)?;
    Ok(())
}

/// Adds references to a content that the tenant has.
pub fn add_references_by_hash(
    tx: &WriteTx<'_>,
    tenant: TenantId,
    hash: &ContentHash,
    references: u32,
) -> Result<(), BlobError> {
    let counted = tx.execute(
        "UPDATE blob SET refs = refs + ?3 WHERE tenant_id = ?1 AND hash = ?2",
        params![tenant, hash, references],
    )?;
    if counted == 0 {
        return Err(BlobError::Missing { hash: *hash });
    }
    Ok(())
}

/// Releases references to one content; the row goes with the last one.
pub fn release(
    tx: &WriteTx<'_>,
    tenant: TenantId,
    hash: &ContentHash,
    references: u32,
) -> Result<Released, BlobError> {
    // Most contents have one reference. The engine waits for the row's lock and looks again.
    let gone = tx.query_opt(
        "DELETE FROM blob WHERE tenant_id = ?1 AND hash = ?2 AND refs = ?3 RETURNING object_name",
        params![tenant, hash, references],
        |row| row.get::<Option<ObjectName>>(0),
    )?;
    if let Some(object) = gone {
        garbage::add(tx, object)?;
        return Ok(Released::Gone);
    }
    let stored = tx.query_opt(
        "SELECT refs FROM blob WHERE tenant_id = ?1 AND hash = ?2 FOR UPDATE",
        params![tenant, hash],
        |row| row.get::<i64>(0),
    )?;
    release_locked(tx, tenant, hash, references, stored)
}

/// Releases references to several contents, in ascending order of their hashes. Returns how many
/// contents are gone.
pub fn release_many(
    tx: &WriteTx<'_>,
    tenant: TenantId,
    contents: impl IntoIterator<Item = (ContentHash, u32)>,
) -> Result<u64, BlobError> {
    let mut merged: BTreeMap<ContentHash, u32> = BTreeMap::new();
    for (hash, references) in contents {
        let entry = merged.entry(hash).or_insert(0);
        *entry = entry.saturating_add(references);
    }
    merged.retain(|_, references| *references > 0);
    let merged: Vec<(ContentHash, u32)> = merged.into_iter().collect();
    let mut gone = 0;
    for chunk in merged.chunks(RELEASE_ROWS[0]) {
        gone += release_chunk(tx, tenant, chunk)?;
    }
    Ok(gone)
}

fn release_chunk(
    tx: &WriteTx<'_>,
    tenant: TenantId,
    chunk: &[(ContentHash, u32)],
) -> Result<u64, BlobError> {
    let hashes: Vec<ContentHash> = chunk.iter().map(|(hash, _)| *hash).collect();
    let (list, parameters) = hash_parameters(tenant, &hashes);
    let sql = format!(
        "SELECT hash, refs FROM blob WHERE tenant_id = ?1 AND hash IN ({list}) \
         ORDER BY hash FOR UPDATE"
    );
    let stored: BTreeMap<ContentHash, i64> = tx
        .query(&sql, &parameters, |row| Ok((row.get(0)?, row.get(1)?)))?
        .into_iter()
        .collect();
    let mut last = Vec::new();
    for (hash, references) in chunk {
        let refs = stored.get(hash).copied();
        if refs == Some(i64::from(*references)) {
            last.push(*hash);
        } else {
            release_locked(tx, tenant, hash, *references, refs)?;
        }
    }
    if last.is_empty() {
        return Ok(0);
    }
    let (list, parameters) = hash_parameters(tenant, &last);
    let sql =
        format!("DELETE FROM blob WHERE tenant_id = ?1 AND hash IN ({list}) RETURNING object_name");
    let gone = tx.query(&sql, &parameters, |row| row.get::<Option<ObjectName>>(0))?;
    let count = gone.len() as u64;
    garbage::add(tx, gone.into_iter().flatten())?;
    Ok(count)
}

/// Parameters naming these hashes, padded by repetition to one of a few lengths so that there are
/// few different statements.
fn hash_parameters(tenant: TenantId, hashes: &[ContentHash]) -> (String, Vec<Value<'_>>) {
    let fitting = RELEASE_ROWS
        .iter()
        .rev()
        .find(|rows| hashes.len() <= **rows);
    let rows = fitting.copied().unwrap_or(hashes.len());
    let mut parameters = vec![Value::from(tenant)];
    let padded = hashes.iter().chain(
        std::iter::repeat_n(hashes.last().into_iter(), rows.saturating_sub(hashes.len())).flatten(),
    );
    parameters.extend(padded.map(Value::from));
    (in_list(2, rows), parameters)
}

fn release_locked(
    tx: &WriteTx<'_>,
    tenant: TenantId,
    hash: &ContentHash,
    references: u32,
    stored: Option<i64>,
) -> Result<Released, BlobError> {
    let Some(stored) = stored else {
        return Err(BlobError::Missing { hash: *hash });
    };
    if stored < i64::from(references) {
        return Err(BlobError::TooFewReferences {
            hash: *hash,
            stored,
            released: references,
        });
    }
    if stored == i64::from(references) {
        let object = tx.query_opt(
            "DELETE FROM blob WHERE tenant_id = ?1 AND hash = ?2 RETURNING object_name",
            params![tenant, hash],
            |row| row.get::<Option<ObjectName>>(0),
        )?;
        garbage::add(tx, object.flatten())?;
        return Ok(Released::Gone);
    }
    tx.execute(
        "UPDATE blob SET refs = refs - ?3 WHERE tenant_id = ?1 AND hash = ?2",
        params![tenant, hash, references],
    )?;
    Ok(Released::Kept)
}
