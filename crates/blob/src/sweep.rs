//! Deleting objects that nothing needs: the work of a maintenance job.
//!
//! Two kinds of objects are garbage: those whose content lost its last reference, which the
//! transaction noted, and uploads whose transaction never came, which a search finds. Both are
//! deleted a grace time after they were noted. The search looks at each name once, when it is older
//! than the grace time: a transaction can only refer to an upload within
//! [`UPLOAD_VALID`](crate::UPLOAD_VALID) of its beginning, so what nothing refers to by then stays
//! so. Several processes may sweep at the same time, and each may be stopped at any moment.

use std::time::Duration;

use hikyaku_db::{Lane, Tx, WriteTx, params};

use crate::{
    contents::{Contents, Outside},
    error::BlobError,
    garbage, identity,
    name::ObjectName,
};

/// The shortest grace time (1 day): far longer than an upload may be relied on.
pub const GRACE_MIN: Duration = Duration::from_hours(24);

/// Objects that one step looks at (200).
const PAGE: u32 = 200;

/// Objects that one sweep deletes, and names that it looks at, at most (100,000 each): the rest is
/// left to the next sweep.
pub const SWEEP_MAX: u64 = 100_000;

/// What a sweep did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Objects deleted.
    pub deleted: u64,
    /// Uploads found that nothing refers to; they are deleted a grace time from now.
    pub forgotten: u64,
}

impl Contents {
    /// Deletes what has been garbage for `grace` (at least [`GRACE_MIN`]), and looks for uploads
    /// that were never used.
    pub async fn sweep(&self, grace: Duration) -> Result<Swept, BlobError> {
        let mut swept = Swept::default();
        if let Some(outside) = self.outside() {
            // In another store there is nothing of ours to find or to delete.
            identity::check(&outside.db, &outside.objects).await?;
            let grace = grace.max(GRACE_MIN);
            outside.delete_garbage(grace, &mut swept).await?;
            outside.find_forgotten(grace, &mut swept).await?;
        }
        Ok(swept)
    }
}

impl Outside {
    async fn delete_garbage(&self, grace: Duration, swept: &mut Swept) -> Result<(), BlobError> {
        while swept.deleted < SWEEP_MAX {
            let before = self.db.now().minus(grace);
            let due = self
                .db
                .read(move |tx| garbage::due(tx, before, PAGE))
                .await?;
            if due.is_empty() {
                break;
            }
            self.objects.delete(&due).await?;
            swept.deleted += due.len() as u64;
            self.db
                .write(Lane::Background, move |tx| garbage::forget(tx, &due))
                .await?;
        }
        Ok(())
    }

    async fn find_forgotten(&self, grace: Duration, swept: &mut Swept) -> Result<(), BlobError> {
        let Some(mut after) = self.db.read(swept_after).await? else {
            return Ok(());
        };
        let mut looked_at = 0;
        while looked_at < SWEEP_MAX {
            let mut names = self.objects.list(&after, PAGE as usize).await?;
            let is_last = names.len() < PAGE as usize;
            let before = self.db.now().minus(grace);
            let all = names.len();
            names.retain(|name| name.is_before(before));
            let is_last = is_last || names.len() < all;
            let Some(last) = names.last().cloned() else {
                break;
            };
            looked_at += names.len() as u64;
            last.as_str().clone_into(&mut after);
            swept.forgotten += self
                .db
                .write(Lane::Background, move |tx| {
                    note_forgotten(tx, &names, &last)
                })
                .await?;
            if is_last {
                break;
            }
        }
        Ok(())
    }
}

fn swept_after(tx: &Tx<'_>) -> Result<Option<String>, BlobError> {
    Ok(tx.query_opt(
        "SELECT swept_after FROM object_store WHERE id = 1",
        &[],
        |row| row.get(0),
    )?)
}

/// Notes those that nothing refers to, and how far the search is.
fn note_forgotten(
    tx: &WriteTx<'_>,
    names: &[ObjectName],
    last: &ObjectName,
) -> Result<u64, BlobError> {
    let forgotten = garbage::unknown(tx, names)?;
    let count = forgotten.len() as u64;
    garbage::add(tx, forgotten)?;
    // Another process may be further.
    let known = swept_after(tx)?;
    if known.is_some_and(|known| known.as_str() < last.as_str()) {
        tx.execute(
            "UPDATE object_store SET swept_after = ?1 WHERE id = 1",
            params![last],
        )?;
    }
    Ok(count)
}
