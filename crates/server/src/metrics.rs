//! What each room counts, as Prometheus reads it. Names and units are part of the interface to
//! operators: they are listed in docs/metrics.md.

mod database;
mod jobs;
mod listeners;
mod mail;
mod notices;
mod objects;
mod outgoing;
mod sessions;

use std::{fmt, sync::Arc};

use hikyaku_http_api::{Exposition, MetricsSource};
use hikyaku_smtp::client::SmtpCarrier;
use prometheus_client::{
    encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet},
    metrics::MetricType,
};

pub(crate) use sessions::SessionMetrics;

use crate::Store;
use hikyaku_net::Gate;

/// All metrics of a running server.
pub(crate) fn exposition(
    store: &Store,
    gate: &Gate,
    sessions: SessionMetrics,
    carrier: Option<Arc<SmtpCarrier>>,
) -> Exposition {
    let sources: Vec<MetricsSource> = vec![
        Box::new(database::DatabaseMetrics(store.db.clone())),
        Box::new(jobs::JobsMetrics(Arc::clone(&store.jobs))),
        Box::new(listeners::ListenerMetrics(gate.clone())),
        Box::new(mail::MailMetrics {
            transport: store.transport.clone(),
            sign_in: store.sign_in.clone(),
        }),
        Box::new(notices::NoticeMetrics(Arc::clone(&store.notice_metrics))),
        Box::new(objects::ObjectMetrics(store.contents.clone())),
        Box::new(outgoing::OutgoingMetrics {
            transport: store.transport.clone(),
            carrier,
        }),
        Box::new(sessions),
    ];
    Exposition::new(sources)
}

/// One label: its name and its value.
type Label<'a> = (&'a str, &'a str);

/// Values of one counter, each under its label.
fn counters<'a>(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    values: impl IntoIterator<Item = (Label<'a>, u64)>,
) -> fmt::Result {
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    for (label, value) in values {
        one(&mut metric.encode_family(&[label])?, value)?;
    }
    Ok(())
}

/// One counter without labels.
fn counter(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: u64) -> fmt::Result {
    one(
        &mut encoder.encode_descriptor(name, help, None, MetricType::Counter)?,
        value,
    )
}

/// One gauge without labels.
fn gauge(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: u64) -> fmt::Result {
    encoder
        .encode_descriptor(name, help, None, MetricType::Gauge)?
        .encode_gauge(&value)
}

fn one(metric: &mut MetricEncoder<'_>, value: u64) -> fmt::Result {
    metric.encode_counter::<NoLabelSet, _, u64>(&value, None)
}

/// Values of one gauge, each under its label.
fn gauges<'a>(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    values: impl IntoIterator<Item = (Label<'a>, u64)>,
) -> fmt::Result {
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for (label, value) in values {
        metric.encode_family(&[label])?.encode_gauge(&value)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
