//! Mail that the house itself writes.

use std::{fmt, sync::Arc};

use hikyaku_notices::SenderMetrics;
use prometheus_client::{collector::Collector, encoding::DescriptorEncoder};

use super::counters;

/// The sender of notices.
#[derive(Debug)]
pub(super) struct NoticeMetrics(pub(super) Arc<SenderMetrics>);

impl Collector for NoticeMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let outcomes = [
            (("outcome", "sent"), self.0.sent()),
            (("outcome", "postponed"), self.0.postponed()),
            (("outcome", "given_up"), self.0.given_up()),
        ];
        let help = "What became of notices in attempts to send them";
        counters(&mut encoder, "notices", help, outcomes)
    }
}
