//! Which store the objects of a database are in: the database and a marker in the store name each
//! other, so that an empty mount point, another bucket, or the folder of another machine is noticed
//! before mail is written into it or reported missing.

use hikyaku_db::{Database, Lane, Tx, WriteTx, params};

use crate::{
    error::BlobError,
    name,
    objects::{ObjectError, Objects},
};

/// What the database says the marker should be; nothing while there are no objects.
async fn expected(db: &Database) -> Result<Option<String>, BlobError> {
    db.read(read).await
}

fn read(tx: &Tx<'_>) -> Result<Option<String>, BlobError> {
    Ok(tx.query_opt(
        "SELECT store_id FROM object_store WHERE id = 1",
        &[],
        |row| row.get(0),
    )?)
}

/// Looks whether this is the right store. One that has no objects yet is right.
pub(crate) async fn check(db: &Database, objects: &Objects) -> Result<(), BlobError> {
    match expected(db).await? {
        Some(expected) => Ok(compare(objects, &expected).await?),
        None => Ok(()),
    }
}

/// Like [`check`], before the first object is written: marks a store that is new.
pub(crate) async fn establish(db: &Database, objects: &Objects) -> Result<(), BlobError> {
    if let Some(expected) = expected(db).await? {
        return Ok(compare(objects, &expected).await?);
    }
    let mut found = objects.marker().await?;
    if found.is_none() {
        let own = format!("{:032x}", rand::random::<u128>());
        objects.mark(&own).await?;
        // Somebody else may have been first.
        found = objects.marker().await?;
    }
    let found = found.unwrap_or_default();
    let registered = found.clone();
    let expected = db
        .write(Lane::Mail, move |tx| register(tx, &registered))
        .await?;
    if expected != found {
        return Err(wrong(objects, &expected, Some(found)).into());
    }
    Ok(())
}

fn register(tx: &WriteTx<'_>, store: &str) -> Result<String, BlobError> {
    tx.execute(
        "INSERT INTO object_store (id, store_id, swept_after) VALUES (1, ?1, ?2) \
         ON CONFLICT (id) DO NOTHING",
        params![store, name::before_all(tx.now())],
    )?;
    Ok(read(tx)?.unwrap_or_default())
}

async fn compare(objects: &Objects, expected: &str) -> Result<(), ObjectError> {
    match objects.marker().await? {
        Some(found) if found == expected => Ok(()),
        found => Err(wrong(objects, expected, found)),
    }
}

fn wrong(objects: &Objects, expected: &str, found: Option<String>) -> ObjectError {
    ObjectError::WrongStore {
        place: objects.place(),
        found: found.map_or_else(|| "missing".to_owned(), |found| format!("{found:?}")),
        expected: format!("{expected:?}"),
    }
}
