//! Migrations on SQLite. The write lock of each transaction keeps two processes apart.

use std::{collections::BTreeMap, ops::ControlFlow};

use hikyaku_types::Timestamp;

use super::{APPLIED, Migration, RECORD, TABLE, pending};
use crate::{
    error::{DbError, OpenError},
    options::Engine,
    params,
    sqlite::SqliteConnection,
};

/// Applies what is missing.
pub(crate) fn run(
    connection: &SqliteConnection,
    known: &[Migration],
    now: Timestamp,
) -> Result<(), OpenError> {
    connection.run_script(TABLE)?;
    while let Some(migration) = next(connection, known)? {
        connection.run_script("BEGIN IMMEDIATE")?;
        let applied = apply_if_still_next(connection, known, &migration, now);
        let end = if applied.is_ok() {
            "COMMIT"
        } else {
            "ROLLBACK"
        };
        let ended = connection.run_script(end);
        applied?;
        ended.map_err(|source| failed(&migration, source))?;
        tracing::info!(
            version = migration.version,
            name = migration.name,
            "migration applied"
        );
    }
    Ok(())
}

fn next(
    connection: &SqliteConnection,
    known: &[Migration],
) -> Result<Option<Migration>, OpenError> {
    let mut applied = BTreeMap::new();
    connection.for_each(APPLIED, &[], &mut |row| {
        applied.insert(row.get(0)?, row.get::<String>(1)?);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(pending(known, &applied, Engine::Sqlite)?.first().copied())
}

/// Looks again under the write lock: another process may have been faster.
fn apply_if_still_next(
    connection: &SqliteConnection,
    known: &[Migration],
    migration: &Migration,
    now: Timestamp,
) -> Result<(), OpenError> {
    if next(connection, known)?.map(|next| next.version) != Some(migration.version) {
        return Ok(());
    }
    apply(connection, migration, now).map_err(|source| failed(migration, source))
}

fn apply(
    connection: &SqliteConnection,
    migration: &Migration,
    now: Timestamp,
) -> Result<(), DbError> {
    connection.run_script(migration.sqlite)?;
    let checksum = migration.checksum(Engine::Sqlite);
    connection.execute(
        RECORD,
        params![migration.version, migration.name, &checksum, now],
    )?;
    Ok(())
}

fn failed(migration: &Migration, source: DbError) -> OpenError {
    OpenError::MigrationFailed {
        version: migration.version,
        name: migration.name.to_owned(),
        source,
    }
}
