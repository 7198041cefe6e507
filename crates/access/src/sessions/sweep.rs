//! Removing what is past its time. Nothing counts on it: what is over is never found.

use std::time::Duration;

use hikyaku_db::{DbError, WriteTx, params};

/// Rows that one transaction removes of each table at most (500): a few milliseconds of the writer.
const SWEEP_MAX: u32 = 500;
/// How long links that are over are kept (7 days), so that their page can say what became of them.
const KEEP_LINKS: Duration = Duration::from_hours(7 * 24);

/// Removes sessions, remembered browsers and links that are past their time; says how many. Call it
/// until there are none.
pub fn sweep(tx: &WriteTx<'_>) -> Result<u64, DbError> {
    let now = tx.now();
    let mut removed = 0;
    for (table, end) in [
        ("web_session", now),
        ("remembered_browser", now),
        ("mailed_link", now.minus(KEEP_LINKS)),
    ] {
        removed += tx.execute(
            &format!(
                "DELETE FROM {table} WHERE id IN (
                     SELECT id FROM {table} WHERE ends_at <= ?1 ORDER BY ends_at LIMIT ?2)"
            ),
            params![end, SWEEP_MAX],
        )?;
    }
    Ok(removed)
}
