//! Background work.

use std::{fmt, sync::Arc};

use hikyaku_jobs::JobMetrics;
use prometheus_client::{collector::Collector, encoding::DescriptorEncoder};

use super::{counter, counters, gauge};

/// The jobs of this process.
#[derive(Debug)]
pub(super) struct JobsMetrics(pub(super) Arc<JobMetrics>);

impl Collector for JobsMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let e = &mut encoder;
        let now = self.0.snapshot();
        gauge(
            e,
            "jobs_running",
            "Jobs that run in this process",
            now.running,
        )?;
        counter(
            e,
            "job_attempts",
            "Attempts at jobs that began",
            now.attempts,
        )?;
        let outcomes = [
            (("outcome", "done"), now.done),
            (("outcome", "done_with_errors"), now.with_errors),
            (("outcome", "failed"), now.failed),
            (("outcome", "cancelled"), now.cancelled),
        ];
        counters(e, "job_outcomes", "What became of jobs", outcomes)?;
        let troubles = [
            (("trouble", "panic"), now.panics),
            (("trouble", "taken_over"), now.taken_over),
        ];
        let help = "Attempts at jobs that broke off: here, and in processes that died";
        counters(e, "job_troubles", help, troubles)
    }
}
