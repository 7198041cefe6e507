//! Wires everything from the configuration; start, drain, stop.
//!
//! [`Store`] is an open store with its services, under the exclusive lock; [`Server`] is a store
//! with listeners; [`run`] is what `hikyaku serve` does.
#![deny(missing_docs, clippy::unwrap_used)]

pub mod config;
pub mod init;
mod jobs;
mod lock;
mod logging;
mod maintenance;
mod metrics;
mod running;
mod secret_words;
mod store;
mod usage;

pub use lock::LockError;
pub use logging::LogError;
pub use running::{OutgoingError, Server, StartError};
pub use secret_words::random_password;
pub use store::{Store, StoreError, StoreOptions};

use config::Config;

/// Why `serve` ended before it was told to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The runtime or its threads cannot be made.
    #[error("cannot start the runtime")]
    Runtime(#[source] std::io::Error),
    /// The log level is none.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The server cannot start.
    #[error(transparent)]
    Start(#[from] StartError),
}

/// Descriptors that the process needs beside those of its connections, with room to spare (200):
/// listeners, database, log, files that are read now and then.
const OWN_DESCRIPTORS: u64 = 200;

/// Each connection is a descriptor, and the soft limit of many systems is 1,024. Where even the
/// hard limit is too low, clients will be turned away earlier than the configuration says.
fn ensure_descriptors(max_connections: usize) {
    let files = hikyaku_net::raise_file_limit();
    if files < OWN_DESCRIPTORS.saturating_add(max_connections as u64) {
        tracing::warn!(
            files,
            max_connections,
            "fewer files may be open than limits.max_connections needs: raise the limit \
             (LimitNOFILE in systemd, ulimit -n)"
        );
    }
}

/// Serves a configuration until SIGTERM or SIGINT.
pub fn run(config: Config) -> Result<(), RunError> {
    logging::start(&config.log)?;
    ensure_descriptors(config.limits.max_connections);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("hikyaku")
        .build()
        .map_err(RunError::Runtime)?;
    runtime.block_on(async {
        let store = Store::open(config, "serve").await?;
        let server = Server::start(store)?;
        running::until_signalled(server).await;
        Ok(())
    })
}
