//! The listeners: who came, who was turned away, what is open.

use std::fmt;

use hikyaku_net::{Gate, NetSnapshot, Refusal};
use prometheus_client::{collector::Collector, encoding::DescriptorEncoder, metrics::MetricType};

use super::{counters, gauges, one};

#[derive(Debug)]
pub(super) struct ListenerMetrics(pub(super) Gate);

impl Collector for ListenerMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let all = by_name(&self.0);
        let e = &mut encoder;
        let of = |value: fn(&NetSnapshot) -> u64| {
            all.iter()
                .map(move |(name, now)| (("listener", *name), value(now)))
        };
        counters(
            e,
            "connections_accepted",
            "Connections accepted",
            of(|now| now.accepted),
        )?;
        gauges(
            e,
            "connections_open",
            "Connections open now",
            of(|now| now.open),
        )?;
        counters(
            e,
            "tls_handshakes",
            "TLS handshakes",
            of(|now| now.tls_handshakes),
        )?;
        counters(
            e,
            "tls_failures",
            "TLS handshakes that failed",
            of(|now| now.tls_failures),
        )?;
        counters(
            e,
            "accept_errors",
            "Errors of accept()",
            of(|now| now.accept_errors),
        )?;
        counters(
            e,
            "session_panics",
            "Sessions that panicked",
            of(|now| now.panics),
        )?;
        counters(
            e,
            "sessions_aborted",
            "Sessions ended by force",
            of(|now| now.aborted),
        )?;
        refusals(e, &all)
    }
}

fn refusals(encoder: &mut DescriptorEncoder<'_>, all: &[(&str, NetSnapshot)]) -> fmt::Result {
    let help = "Connections turned away";
    let mut metric =
        encoder.encode_descriptor("connections_refused", help, None, MetricType::Counter)?;
    for (name, now) in all {
        for refusal in Refusal::ALL {
            let labels = [("listener", *name), ("reason", refusal.label())];
            one(
                &mut metric.encode_family(&labels)?,
                now.refused_for(refusal),
            )?;
        }
    }
    Ok(())
}

/// A service that listens at several addresses counts once.
fn by_name(gate: &Gate) -> Vec<(&'static str, NetSnapshot)> {
    let mut all: Vec<(&'static str, NetSnapshot)> = Vec::new();
    for (name, metrics) in gate.metrics() {
        let now = metrics.snapshot();
        match all.iter_mut().find(|(known, _)| *known == name) {
            Some((_, sum)) => add(sum, &now),
            None => all.push((name, now)),
        }
    }
    all
}

fn add(sum: &mut NetSnapshot, more: &NetSnapshot) {
    sum.accepted += more.accepted;
    sum.open += more.open;
    for (sum, more) in sum.refused.iter_mut().zip(more.refused) {
        *sum += more;
    }
    sum.tls_handshakes += more.tls_handshakes;
    sum.tls_failures += more.tls_failures;
    sum.accept_errors += more.accept_errors;
    sum.panics += more.panics;
    sum.aborted += more.aborted;
}
