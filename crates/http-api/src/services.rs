//! What the API works on.

use hikyaku_db::Database;
use hikyaku_directory::password::HashPool;
use hikyaku_mailstore::Mailstore;

/// The services of one open store. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Services {
    /// The database, for the directory's functions.
    pub db: Database,
    /// Mail.
    pub mailstore: Mailstore,
    /// Hashing of passwords.
    pub hashing: HashPool,
}
