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
    11 "0011_oplog",
    12 "0012_contracts",
    13 "0013_people",
    14 "0014_jobs",
    15 "0015_usage",
    16 "0016_access",
    17 "0017_roles",
    18 "0018_notices",
    19 "0019_web_sessions",
    20 "0020_api",
];
