//! All rows or none of them.

use hikyaku_jobs::JobError;

use super::rows::{Rows, Settled, Undone};
use crate::bulk::{Draft, report::Outcome};

/// Rows whose passwords are hashed before the next word of progress.
const STEP: usize = 64;

impl Rows {
    /// One wrong row, and nothing is carried out. The passwords are hashed first, with progress;
    /// then everything is one transaction.
    pub(super) async fn all_or_none(mut self, drafts: Vec<Draft>) -> Result<(), JobError> {
        let total = drafts.len();
        if self.place.next >= total {
            return Ok(()); // It was carried out, and the process died before it could say so.
        }
        let mut rows = Vec::with_capacity(total);
        for step in drafts.chunks(STEP) {
            self.run.check()?;
            rows.extend(self.prepare(step.to_vec()).await?);
            self.run.progress(rows.len() as u64, total as u64).await?;
        }
        let wrong = rows
            .iter()
            .filter(|one| one.outcome == Outcome::Wrong)
            .count();
        if wrong > 0 {
            return self.nothing(rows, total).await;
        }
        match self.attempt(&rows, total).await {
            Ok(_) => Ok(()),
            Err(Undone::Rehearsed) => self.record(rows, total).await,
            Err(Undone::Job(error)) => Err(error),
            Err(Undone::Row(at, flaw)) => {
                if let Some(one) = rows.get_mut(at) {
                    one.row.draft.flaws.push(flaw);
                    one.outcome = Outcome::Wrong;
                }
                self.nothing(rows, total).await
            }
        }
    }

    /// Says what is wrong with which rows, and that the others were not carried out.
    async fn nothing(&mut self, mut rows: Vec<Settled>, total: usize) -> Result<(), JobError> {
        let mut first = None;
        let mut wrong = 0;
        for one in &mut rows {
            one.secret = None;
            if one.outcome == Outcome::Wrong {
                wrong += 1;
                let flaw = one.row.draft.flaws.first();
                first = first.or(flaw.map(|flaw| (one.row.draft.number, flaw.detail.clone())));
            } else {
                one.outcome = Outcome::Held;
            }
        }
        self.record(rows, total).await?;
        let (row, detail) = first.unwrap_or_default();
        Err(JobError::Failed(format!(
            "{wrong} of the rows are wrong, so nothing was changed; the first is row {row}: \
             {detail} (result.csv has all)"
        )))
    }
}
