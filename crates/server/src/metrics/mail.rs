//! Mail accepted and refused; sign-ins.

use std::fmt;

use hikyaku_access::SignIn;
use hikyaku_transport::Transport;
use prometheus_client::{collector::Collector, encoding::DescriptorEncoder};

use super::{counter, counters};

#[derive(Debug)]
pub(super) struct MailMetrics {
    pub(super) transport: Transport,
    pub(super) sign_in: SignIn,
}

impl Collector for MailMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let e = &mut encoder;
        let mail = self.transport.metrics().snapshot();
        counter(e, "messages_accepted", "Messages accepted", mail.messages)?;
        counter(
            e,
            "message_bytes_accepted",
            "Bytes of messages accepted",
            mail.bytes,
        )?;
        counter(
            e,
            "recipients_delivered",
            "Recipients delivered to",
            mail.delivered,
        )?;
        let turned_away = [
            (("kind", "refused"), mail.refused),
            (("kind", "deferred"), mail.deferred),
        ];
        counters(
            e,
            "mail_turned_away",
            "Messages and recipients not accepted",
            turned_away,
        )?;
        let help = "Sign-ins by their result";
        let now = self.sign_in.metrics();
        let by_result = [
            (("result", "succeeded"), now.succeeded),
            (("result", "denied"), now.denied),
            (("result", "not_allowed"), now.not_allowed),
            (("result", "throttled"), now.throttled),
            (("result", "busy"), now.busy),
            (("result", "failed"), now.failed),
        ];
        counters(e, "sign_ins", help, by_result)?;
        counter(
            e,
            "password_verifications",
            "Password hashes computed",
            now.verifications,
        )?;
        counter(
            e,
            "password_cache_hits",
            "Sign-ins answered from the cache",
            now.cache_hits,
        )
    }
}
