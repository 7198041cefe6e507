//! The migrations of this program, in order. Each owner of tables adds one line per file.

use super::Migration;

macro_rules! migrations {
    ($($version:literal $name:literal),+ $(,)?) => {
        &[$(Migration {
            version: $version,
            name: $name,
            sqlite: include_str!(concat!("../../../../migrations/sqlite/", $name, ".sql")),
            postgres: include_str!(concat!("../../../../migrations/postgres/", $name, ".sql")),
        }),+]
    };
}

/// All migrations. A file that was released is never changed: a later one corrects it.
pub const MIGRATIONS: &[Migration] = migrations![
    1 "0001_platform",
    2 "0002_directory",
    3 "0003_blob",
    4 "0004_mail",
    5 "0005_trace",
    6 "0006_queue",
    7 "0007_objects",
    8 "0008_transfer",
    9 "0009_fetch",
    10 "0010_nodes",
];
