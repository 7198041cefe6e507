//! The two SQL engines behind one interface.
//!
//! [`Database::read`] and [`Database::write`] take synchronous closures and run them on
//! threads of their own, so storage code is plain sequential Rust, written once:
//!
//! ```no_run
//! # use hikyaku_db::{Database, DbError, Lane, params};
//! # async fn example(db: Database) -> Result<(), DbError> {
//! let count = db
//!     .write(Lane::Mail, |tx| {
//!         tx.execute("UPDATE counter SET value = value + ?1", params![1])?;
//!         tx.query_one("SELECT value FROM counter", params![], |row| row.get::<i64>(0))
//!     })
//!     .await?;
//! # Ok(()) }
//! ```
//!
//! Rules for closures:
//! - They are `Fn` and may run again (a lost group on SQLite, a deadlock on PostgreSQL): clone
//!   what is moved out, and have no effect outside the transaction. Time and ids come from the
//!   handle; effects after commit are hints or follow from the returned value.
//! - After an error of a statement the transaction has failed and is rolled back, whatever the
//!   closure returns. Expected conflicts are handled by `ON CONFLICT` and the number of rows.
//! - Writers first lock what they decide on (`SELECT … FOR UPDATE`, accounts by rising id, then
//!   mailboxes), then read: PostgreSQL runs them at READ COMMITTED.
//! - Statements are in the common subset of both engines, with parameters `?1`…`?n`; see [`sql`].

mod clock;
mod database;
mod error;
mod hints;
mod ids;
mod job;
mod keeper;
mod lease;
mod metrics;
mod migrate;
mod options;
mod postgres;
mod queue;
mod row;
pub mod sql;
mod sqlite;
mod store;
#[cfg(feature = "test-support")]
pub mod testing;
mod threads;
mod turn;
mod tx;
mod value;

pub use self::{
    clock::{Clock, ManualClock, SystemClock},
    database::Database,
    error::{DbError, OpenError},
    hints::{Hint, HintSubscription, Hints},
    metrics::{HistogramSnapshot, MetricsSnapshot, SIZE_BOUNDS, TIME_BOUNDS_US},
    migrate::{MIGRATIONS, Migration},
    options::{Engine, Options, SqliteSynchronous, Target},
    postgres::{NOTIFY_EVERY, RERUNS},
    queue::{FOREGROUND_PER_BACKGROUND, Lane},
    row::Row,
    sqlite::GROUP_MEMBERS,
    turn::{Kept, Turn},
    tx::{Tx, WriteTx},
    value::{FromValue, Value, ValueRef},
};
