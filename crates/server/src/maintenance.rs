//! What a running server does by itself: purging what is past its time.

use std::time::Duration;

use hikyaku_db::{Database, DbError, Lane};
use hikyaku_mailstore::Mailstore;
use hikyaku_transport::trace;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// Time between two rounds.
const INTERVAL: Duration = Duration::from_hours(1);

/// Goes round until the server stops.
pub(crate) async fn run(
    db: Database,
    mailstore: Mailstore,
    trace_days: u32,
    stop: CancellationToken,
) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(INTERVAL) => {}
        }
        match mailstore.purge().await {
            Ok(report) if report.messages > 0 => {
                info!(
                    messages = report.messages,
                    "expunged messages are past their time"
                );
            }
            Ok(_) => {}
            Err(error) => warn!(
                error = &error as &dyn std::error::Error,
                "purging mail failed"
            ),
        }
        if let Err(error) = purge_trace(&db, trace_days).await {
            warn!(
                error = &error as &dyn std::error::Error,
                "purging the trace failed"
            );
        }
    }
}

async fn purge_trace(db: &Database, days: u32) -> Result<(), DbError> {
    let before = db
        .now()
        .minus(Duration::from_secs(u64::from(days) * 86_400));
    while db
        .write(Lane::Background, move |tx| trace::purge(tx, before))
        .await?
        > 0
    {}
    Ok(())
}
