//! Of several processes on one database, one makes the round.

use std::time::Duration;

use hikyaku_db::Kept;
use tracing::{debug, warn};

use super::Maintenance;

/// What the round's turn is called.
const NAME: &str = "maintenance";
/// How long after the death of a process another one makes the round (default 5 minutes).
const TURN: Duration = Duration::from_mins(5);
/// How often the turn is kept during a round (default 1 minute).
const KEEP_EVERY: Duration = Duration::from_mins(1);

impl Maintenance {
    /// A round, unless another process is at it. What is done twice does no harm, it is only work.
    pub(super) async fn round_in_turn(&self) {
        let turn = match self.db.take_turn(NAME, TURN).await {
            Ok(Some(turn)) => turn,
            Ok(None) => return debug!("another process makes the round"),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                return warn!(error, "the round of maintenance is left out");
            }
        };
        let round = self.round();
        tokio::pin!(round);
        loop {
            tokio::select! {
                () = &mut round => break,
                () = tokio::time::sleep(KEEP_EVERY) => {}
            }
            // A database that is away ends the round by itself.
            if let Ok(Kept::Lost) = self.db.keep_turn(&turn, TURN).await {
                return warn!("another process has taken over the round");
            }
        }
        if let Err(error) = self.db.end_turn(turn).await {
            let error = &error as &dyn std::error::Error;
            warn!(error, "the next round is free when its time is over");
        }
    }
}
