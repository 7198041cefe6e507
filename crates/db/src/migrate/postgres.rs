//! Migrations on PostgreSQL. An advisory lock keeps processes that start at once apart.

use std::{collections::BTreeMap, ops::ControlFlow};

use hikyaku_types::Timestamp;

use super::{APPLIED, Migration, RECORD, TABLE, pending};
use crate::{
    error::{DbError, OpenError},
    options::Engine,
    params,
    postgres::PostgresConnection,
};

/// Of this program in this database: "hikyaku" in ASCII. Waiting for it is not bounded, since
/// another process may be in the middle of a long migration.
const LOCK: &str = "SET lock_timeout = 0; SELECT pg_advisory_lock(29389307896753013)";
/// Gives the lock back and lets waiting be bounded again.
const UNLOCK: &str = "SELECT pg_advisory_unlock(29389307896753013); SET lock_timeout = '30s'";

/// Applies what is missing.
pub(crate) fn run(
    connection: &PostgresConnection,
    known: &[Migration],
    now: Timestamp,
) -> Result<(), OpenError> {
    connection.run_script(LOCK)?;
    let result = run_locked(connection, known, now);
    let unlocked = connection.run_script(UNLOCK);
    result?;
    unlocked?;
    Ok(())
}

fn run_locked(
    connection: &PostgresConnection,
    known: &[Migration],
    now: Timestamp,
) -> Result<(), OpenError> {
    connection.run_script(TABLE)?;
    let mut applied = BTreeMap::new();
    connection.for_each_collected(APPLIED, &[], &mut |row| {
        applied.insert(row.get(0)?, row.get::<String>(1)?);
        Ok(ControlFlow::Continue(()))
    })?;
    for migration in pending(known, &applied, Engine::Postgres)? {
        connection.run_script("BEGIN")?;
        let result = apply(connection, &migration, now);
        let end = if result.is_ok() { "COMMIT" } else { "ROLLBACK" };
        let ended = connection.run_script(end);
        result
            .and(ended)
            .map_err(|source| OpenError::MigrationFailed {
                version: migration.version,
                name: migration.name.to_owned(),
                source,
            })?;
        tracing::info!(
            version = migration.version,
            name = migration.name,
            "migration applied"
        );
    }
    Ok(())
}

fn apply(
    connection: &PostgresConnection,
    migration: &Migration,
    now: Timestamp,
) -> Result<(), DbError> {
    connection.run_script(migration.postgres)?;
    let checksum = migration.checksum(Engine::Postgres);
    connection.execute(
        RECORD,
        params![migration.version, migration.name, &checksum, now],
    )?;
    Ok(())
}
