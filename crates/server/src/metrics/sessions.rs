//! What the sessions of each protocol did.

use std::{fmt, sync::Arc};

use hikyaku_imap::Imap;
use hikyaku_pop3::Pop3;
use hikyaku_smtp::SmtpService;
use prometheus_client::{collector::Collector, encoding::DescriptorEncoder, metrics::MetricType};

use super::{counter, counters, gauges, one};

/// The protocols of a server.
#[derive(Debug)]
pub(crate) struct SessionMetrics {
    pub(crate) smtp: [Arc<SmtpService>; 4],
    pub(crate) imap: Arc<Imap>,
    pub(crate) pop3: Arc<Pop3>,
}

impl Collector for SessionMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.smtp(&mut encoder)?;
        self.imap(&mut encoder)?;
        self.pop3(&mut encoder)
    }
}

impl SessionMetrics {
    fn smtp(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let help = "What happened in SMTP and LMTP sessions";
        let mut metric =
            encoder.encode_descriptor("smtp_events", help, None, MetricType::Counter)?;
        for service in &self.smtp {
            let now = service.metrics().snapshot();
            for (event, value) in [
                ("session", now.sessions),
                ("command", now.commands),
                ("bad_command", now.bad_commands),
                ("message", now.messages),
                ("refused_message", now.refused_messages),
                ("refused_recipient", now.refused_recipients),
                ("bare_newline", now.bare_newlines),
                ("out_of_memory", now.out_of_memory),
                ("sign_in", now.signed_in),
                ("failed_sign_in", now.failed_sign_ins),
                ("timeout", now.timeouts),
                ("cut_off", now.cut_off),
                ("revoked", now.revoked),
            ] {
                let labels = [
                    ("listener", service.options().kind.as_str()),
                    ("event", event),
                ];
                one(&mut metric.encode_family(&labels)?, value)?;
            }
        }
        Ok(())
    }

    fn imap(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let now = self.imap.metrics().snapshot();
        let commands = [
            (("result", "ok"), now.commands_ok),
            (("result", "no"), now.commands_no),
            (("result", "bad"), now.commands_bad),
        ];
        counters(
            encoder,
            "imap_commands",
            "IMAP commands by their answer",
            commands,
        )?;
        let events = [
            (("event", "sign_in"), now.sign_ins),
            (("event", "failed_sign_in"), now.failed_sign_ins),
            (("event", "fetched"), now.fetched),
            (("event", "appended"), now.appended),
            (("event", "idle"), now.idles),
            (("event", "search_given_up"), now.searches_given_up),
        ];
        counters(
            encoder,
            "imap_events",
            "What happened in IMAP sessions",
            events,
        )?;
        let octets = [
            (("direction", "fetched"), now.fetched_octets),
            (("direction", "appended"), now.appended_octets),
        ];
        counters(
            encoder,
            "imap_octets",
            "Octets of messages over IMAP",
            octets,
        )?;
        let idling = [(("state", "idle"), now.idling)];
        gauges(
            encoder,
            "imap_sessions",
            "IMAP sessions in a state now",
            idling,
        )
    }

    fn pop3(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let now = self.pop3.metrics().snapshot();
        let events = [
            (("event", "sign_in"), now.sign_ins),
            (("event", "failed_sign_in"), now.failed_sign_ins),
            (("event", "in_use"), now.in_use),
            (("event", "retrieved"), now.retrieved),
            (("event", "deleted"), now.deleted),
        ];
        counters(
            encoder,
            "pop3_events",
            "What happened in POP3 sessions",
            events,
        )?;
        counter(
            encoder,
            "pop3_octets",
            "Octets of messages over POP3",
            now.retrieved_octets,
        )
    }
}
