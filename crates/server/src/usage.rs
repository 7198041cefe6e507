//! The timer that measures usage (O-013 to O-015). Of several processes, one measures.

use std::time::Duration;

use hikyaku_control::usage::{MEASURE_EVERY, Meter};
use hikyaku_db::Database;
use hikyaku_directory::pools::Gap;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

/// What the turn of measuring is called.
const NAME: &str = "usage";
/// How long after the death of a process another one measures (default 10 minutes). A measurement
/// takes seconds; what is measured twice does no harm.
const TURN: Duration = Duration::from_mins(10);

/// Measures until the server stops, first at once.
pub(crate) async fn run(db: Database, stop: CancellationToken) {
    let meter = Meter::new(db.clone());
    let mut gap = Gap::Started;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            done = measure_in_turn(&db, &meter, gap) => {
                if done {
                    gap = Gap::Running;
                }
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(MEASURE_EVERY) => {}
        }
    }
}

/// A measurement, unless another process is at it; says whether it was made.
async fn measure_in_turn(db: &Database, meter: &Meter, gap: Gap) -> bool {
    let turn = match db.take_turn(NAME, TURN).await {
        Ok(Some(turn)) => turn,
        Ok(None) => {
            debug!("another process measures usage");
            return false;
        }
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            warn!(error, "usage is not measured this time");
            return false;
        }
    };
    let measured = meter.round(gap).await;
    if let Err(error) = db.end_turn(turn).await {
        let error = &error as &dyn std::error::Error;
        warn!(error, "the next measurement waits until the turn is over");
    }
    match measured {
        Ok(report) => {
            if report.locked + report.unlocked > 0 {
                info!(
                    locked = report.locked,
                    unlocked = report.unlocked,
                    "pools were locked or opened"
                );
            }
            true
        }
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            warn!(error, "usage is not measured in full this time");
            false
        }
    }
}
