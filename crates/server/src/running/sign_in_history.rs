//! Writing the history of sign-ins for as long as the server runs.

use std::sync::Arc;

use hikyaku_access::history::History;
use hikyaku_control::credentials::LockNotices;
use tokio_util::sync::CancellationToken;
use tracing::warn;

/// Writes until the server stops, and then what is left.
pub(super) async fn write(history: History, stop: CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = history.run(Arc::new(LockNotices)) => {}
    }
    if let Err(error) = history.flush(Arc::new(LockNotices)).await {
        warn!(
            error = &error as &dyn std::error::Error,
            "the end of the sign-in history is lost"
        );
    }
}
