//! Wires everything from the configuration; start, drain, stop.
//!
//! [`Store`] is an open store with its services, under the exclusive lock; [`Server`] is a store
//! with listeners; [`run`] is what `hikyaku serve` does.
#![deny(missing_docs, clippy::unwrap_used)]

pub mod config;
pub mod init;
mod lock;
mod logging;
mod maintenance;
mod metrics;
mod running;
mod secret_words;
mod store;

pub use lock::LockError;
pub use logging::LogError;
pub use running::{Server, StartError};
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

/// Serves a configuration until SIGTERM or SIGINT.
pub fn run(config: Config) -> Result<(), RunError> {
    logging::start(&config.log)?;
    // Each connection is a descriptor; the soft limit of many systems is 1,024.
    let files = hikyaku_net::raise_file_limit();
    tracing::debug!(files, "limit of open files");
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
