//! Migrations: numbered SQL per engine, forward only.
//!
//! Each file runs in a transaction of its own together with the row that records it, so a crash
//! between two of them is resumed by the next start. A file is known by the hash of its content
//! (line ends normalised); one that changed after it was applied, or a version this program does
//! not know, refuses the start.

mod list;
pub(crate) mod postgres;
pub(crate) mod sqlite;

use std::collections::BTreeMap;

pub use self::list::MIGRATIONS;
use crate::{error::OpenError, options::Engine};

/// The table that records what was applied; the same text serves both engines.
pub(crate) const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migration (
    version BIGINT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL,
    applied_at BIGINT NOT NULL
)";
/// Reads the table.
pub(crate) const APPLIED: &str = "SELECT version, checksum FROM schema_migration ORDER BY version";
/// Records a migration.
pub(crate) const RECORD: &str = "INSERT INTO schema_migration (version, name, checksum, applied_at)
    VALUES (?1, ?2, ?3, ?4)";

/// One migration, for both engines.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Its number, from 1, without gaps.
    pub version: i64,
    /// The name of its files without `.sql`.
    pub name: &'static str,
    /// The statements for SQLite.
    pub sqlite: &'static str,
    /// The statements for PostgreSQL.
    pub postgres: &'static str,
}

impl Migration {
    /// The statements for an engine.
    pub(crate) fn script(&self, engine: Engine) -> &'static str {
        match engine {
            Engine::Sqlite => self.sqlite,
            Engine::Postgres => self.postgres,
        }
    }

    /// BLAKE3 of the statements, with line ends as LF.
    pub(crate) fn checksum(&self, engine: Engine) -> String {
        let normal = self.script(engine).replace("\r\n", "\n");
        blake3::hash(normal.as_bytes()).to_hex().to_string()
    }
}

/// The migrations that are still to be applied, or why the schema cannot be trusted.
pub(crate) fn pending(
    known: &[Migration],
    applied: &BTreeMap<i64, String>,
    engine: Engine,
) -> Result<Vec<Migration>, OpenError> {
    let highest_known = known
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or(0);
    let highest = applied.keys().next_back().copied().unwrap_or(0);
    if highest > highest_known {
        return Err(OpenError::SchemaNewer {
            found: highest,
            known: highest_known,
        });
    }
    let mut pending = Vec::new();
    for migration in known {
        match applied.get(&migration.version) {
            Some(checksum) if *checksum == migration.checksum(engine) => {}
            Some(_) => {
                return Err(OpenError::MigrationChanged {
                    version: migration.version,
                    name: migration.name.to_owned(),
                });
            }
            None if migration.version < highest => {
                return Err(OpenError::MigrationMissing {
                    version: migration.version,
                    name: migration.name.to_owned(),
                });
            }
            None => pending.push(*migration),
        }
    }
    Ok(pending)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_numbered_without_gaps_and_named_by_number() {
        for (index, migration) in MIGRATIONS.iter().enumerate() {
            assert_eq!(migration.version, index as i64 + 1);
            assert!(
                migration
                    .name
                    .starts_with(&format!("{:04}_", migration.version))
            );
        }
    }

    #[test]
    fn line_ends_do_not_change_a_checksum() {
        let with = |sqlite| Migration {
            version: 1,
            name: "0001_a",
            sqlite,
            postgres: "",
        };
        let sum = |text| with(text).checksum(Engine::Sqlite);
        assert_eq!(sum("a\nb\n"), sum("a\r\nb\r\n"));
        assert_ne!(sum("a\nb\n"), sum("a\nc\n"));
    }
}
