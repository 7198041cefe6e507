//! The database: how long its threads are held, how large its groups are, what waits.

use std::fmt;

use hikyaku_db::{Database, HistogramSnapshot};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, NoLabelSet},
    metrics::MetricType,
};

use super::{counter, gauges};

/// Microseconds in a second: times are counted in the former and shown in the latter.
const MICROSECONDS: f64 = 1e6;
/// What is shown as it is counted.
const ONES: f64 = 1.0;

#[derive(Debug)]
pub(super) struct DatabaseMetrics(pub(super) Database);

impl Collector for DatabaseMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let now = self.0.metrics();
        let lanes = [
            ("mail", &now.mail_hold_us),
            ("background", &now.background_hold_us),
        ];
        let help = "Time that one closure held the writer";
        let mut metric =
            encoder.encode_descriptor("db_write_seconds", help, None, MetricType::Histogram)?;
        for (lane, histogram) in lanes {
            encode_into(
                &mut metric.encode_family(&[("lane", lane)])?,
                histogram,
                MICROSECONDS,
            )?;
        }
        let e = &mut encoder;
        for (name, help, values, unit) in [
            (
                "db_read_seconds",
                "Time of one read closure",
                &now.read_us,
                MICROSECONDS,
            ),
            (
                "db_commit_seconds",
                "Time of one COMMIT",
                &now.commit_us,
                MICROSECONDS,
            ),
            (
                "db_group_size",
                "Closures committed together",
                &now.group_size,
                ONES,
            ),
            (
                "db_checkpoint_seconds",
                "Time of one checkpoint",
                &now.checkpoint_us,
                MICROSECONDS,
            ),
            (
                "db_log_finish_seconds",
                "Time that the writer helped a checkpoint to its end",
                &now.log_finish_us,
                MICROSECONDS,
            ),
        ] {
            histogram(e, name, help, values, unit)?;
        }
        counter(e, "db_commits", "Commits", now.commits)?;
        counter(
            e,
            "db_failed_commits",
            "Commits that failed",
            now.failed_commits,
        )?;
        counter(e, "db_reruns", "Closures that ran again", now.reruns)?;
        counter(e, "db_panics", "Closures that panicked", now.panics)?;
        counter(
            e,
            "db_checkpoints",
            "Checkpoints of the write-ahead log",
            now.checkpoints,
        )?;
        counter(
            e,
            "db_connects",
            "Connections to PostgreSQL opened",
            now.connects,
        )?;
        let waiting = [
            (("queue", "mail"), now.mail_queued as u64),
            (("queue", "background"), now.background_queued as u64),
            (("queue", "reads"), now.reads_queued as u64),
        ];
        gauges(e, "db_queued", "Closures that wait for a thread", waiting)
    }
}

fn histogram(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    values: &HistogramSnapshot,
    unit: f64,
) -> fmt::Result {
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Histogram)?;
    encode_into(&mut metric, values, unit)
}

/// Buckets with their upper bounds in base units; the last one has no bound.
fn encode_into(
    metric: &mut prometheus_client::encoding::MetricEncoder<'_>,
    values: &HistogramSnapshot,
    unit: f64,
) -> fmt::Result {
    let bounds = values.bounds.iter().map(|bound| *bound as f64 / unit);
    let buckets: Vec<(f64, u64)> = bounds
        .chain(std::iter::once(f64::INFINITY))
        .zip(values.buckets.iter().copied())
        .collect();
    metric.encode_histogram::<NoLabelSet>(values.sum as f64 / unit, values.count, &buckets, None)
}
