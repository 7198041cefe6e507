//! The queue, and the connections to other hosts.

use std::{fmt, sync::Arc};

use hikyaku_smtp::client::{ClientSnapshot, SmtpCarrier};
use hikyaku_transport::Transport;
use hikyaku_types::Timestamp;
use prometheus_client::{collector::Collector, encoding::DescriptorEncoder};

use super::{counter, counters, gauge, gauges};

/// Mail on its way out.
#[derive(Debug)]
pub(super) struct OutgoingMetrics {
    pub(super) transport: Transport,
    /// None where no mail leaves: all its counters are zero.
    pub(super) carrier: Option<Arc<SmtpCarrier>>,
}

impl Collector for OutgoingMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.queue(&mut encoder)?;
        self.client(&mut encoder)
    }
}

impl OutgoingMetrics {
    fn queue(&self, e: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let now = self.transport.queue_metrics().snapshot();
        let waiting = [
            (("state", "waiting"), now.depth.waiting),
            (("state", "sending"), now.depth.sending),
            (("state", "held"), now.depth.held),
        ];
        let help = "Recipients in the queue";
        gauges(e, "queue_recipients", help, waiting)?;
        let help = "When the oldest message in the queue was accepted, in seconds since 1970";
        let oldest = now.depth.oldest.map_or(0, Timestamp::seconds);
        let oldest = u64::try_from(oldest).unwrap_or(0);
        gauge(e, "queue_oldest_timestamp_seconds", help, oldest)?;
        counter(e, "queue_attempts", "Attempts to send", now.attempts)?;
        let outcomes = [
            (("outcome", "sent"), now.sent),
            (("outcome", "delivered"), now.delivered),
            (("outcome", "deferred"), now.deferred),
            (("outcome", "bounced"), now.bounced),
            (("outcome", "canceled"), now.canceled),
        ];
        let help = "What became of recipients in attempts";
        counters(e, "queue_outcomes", help, outcomes)?;
        counter(e, "queue_reports", "Reports to senders", now.reports)
    }

    fn client(&self, e: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let now = match &self.carrier {
            Some(carrier) => carrier.metrics().snapshot(),
            None => ClientSnapshot::default(),
        };
        let events = [
            (("event", "connection"), now.connections),
            (("event", "failed_connection"), now.failed_connections),
            (("event", "reuse"), now.reused),
            (("event", "encrypted"), now.encrypted),
            (("event", "broken_tls"), now.broken_tls),
            (("event", "failed_sign_in"), now.failed_sign_ins),
            (("event", "message"), now.messages),
            (("event", "lost_reply"), now.lost_replies),
        ];
        let help = "What happened on connections to other hosts";
        counters(e, "outgoing_events", help, events)?;
        let verdicts = [
            (("verdict", "sent"), now.sent),
            (("verdict", "later"), now.deferred),
            (("verdict", "never"), now.refused),
        ];
        let help = "What other hosts said of recipients";
        counters(e, "outgoing_recipients", help, verdicts)
    }
}
