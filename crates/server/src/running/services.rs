//! The protocols over the rooms of a store.

use std::sync::Arc;

use hikyaku_http_api::HttpService;
use hikyaku_imap::{Imap, ImapOptions, Limits as ImapLimits};
use hikyaku_net::{Gate, Listener};
use hikyaku_pop3::{Pop3, Pop3Options};
use hikyaku_smtp::{Kind, MemoryBudget, Options as SmtpOptions, Rooms, SmtpService};

use crate::{Store, config::Service, metrics::SessionMetrics};

/// One value per protocol; listeners of the same protocol share it.
pub(crate) struct Protocols {
    mx: Arc<SmtpService>,
    submission: Arc<SmtpService>,
    submissions: Arc<SmtpService>,
    lmtp: Arc<SmtpService>,
    imap: Arc<Imap>,
    pop3: Arc<Pop3>,
}

impl Protocols {
    pub(crate) fn new(store: &Store) -> Self {
        let config = &store.config;
        let host = config.hostname.as_str();
        let rooms = Rooms {
            db: store.db.clone(),
            transport: store.transport.clone(),
            sign_in: store.sign_in.clone(),
            memory: MemoryBudget::new(config.limits.message_memory),
        };
        let smtp = |kind| {
            let mut options = SmtpOptions::new(kind, config.hostname.clone());
            options.postmaster.clone_from(&config.postmaster);
            Arc::new(SmtpService::new(rooms.clone(), options))
        };
        let pop3 = Pop3Options {
            host_name: host.to_owned(),
            ..Default::default()
        };
        let imap = ImapOptions {
            host_name: host.to_owned(),
            limits: ImapLimits {
                message: config.limits.max_message.bytes(),
                ..Default::default()
            },
        };
        Self {
            mx: smtp(Kind::Mx),
            submission: smtp(Kind::Submission),
            submissions: smtp(Kind::Submissions),
            lmtp: smtp(Kind::Lmtp),
            imap: Arc::new(Imap::new(
                store.sign_in.clone(),
                store.mailstore.clone(),
                imap,
            )),
            pop3: Arc::new(Pop3::new(
                store.sign_in.clone(),
                store.mailstore.clone(),
                pop3,
            )),
        }
    }

    /// What the sessions did so far.
    pub(crate) fn metrics(&self) -> SessionMetrics {
        let smtp = [&self.mx, &self.submission, &self.submissions, &self.lmtp];
        SessionMetrics {
            smtp: smtp.map(Arc::clone),
            imap: Arc::clone(&self.imap),
            pop3: Arc::clone(&self.pop3),
        }
    }

    /// Serves what connects to one listener.
    pub(super) fn serve(
        &self,
        gate: &Gate,
        service: Service,
        listener: Listener,
        http: &Arc<HttpService>,
    ) {
        match service {
            Service::Smtp => gate.serve(listener, Arc::clone(&self.mx)),
            Service::Submission => gate.serve(listener, Arc::clone(&self.submission)),
            Service::Submissions => gate.serve(listener, Arc::clone(&self.submissions)),
            Service::Lmtp => gate.serve(listener, Arc::clone(&self.lmtp)),
            Service::Imap | Service::Imaps => gate.serve(listener, Arc::clone(&self.imap)),
            Service::Pop3 | Service::Pop3s => gate.serve(listener, Arc::clone(&self.pop3)),
            Service::Http | Service::Https => gate.serve(listener, Arc::clone(http)),
        };
    }
}
