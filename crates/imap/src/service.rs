//! IMAP as the gate sees it.

use std::{borrow::Cow, sync::Arc};

use hikyaku_access::SignIn;
use hikyaku_mailstore::Mailstore;
use hikyaku_net::{Connection, Refusal, Service};

use crate::{
    ImapMetrics, Limits, incoming::Budget, limits::SHARED_VIEWS, session::Session,
    shared_views::SharedViews,
};

/// What the operator decides about IMAP.
#[derive(Debug, Clone, Default)]
pub struct ImapOptions {
    /// The name in the greeting.
    pub host_name: String,
    /// The limits.
    pub limits: Limits,
}

/// The IMAP service, for port 143 (with STARTTLS) and port 993 alike.
#[derive(Debug)]
pub struct Imap {
    pub(crate) sign_in: SignIn,
    pub(crate) mail: Mailstore,
    pub(crate) options: ImapOptions,
    pub(crate) metrics: ImapMetrics,
    /// What all APPENDs together may hold in memory.
    pub(crate) appending: Arc<Budget>,
    /// What sessions know of their mailboxes.
    pub(crate) views: SharedViews,
}

impl Imap {
    /// The service over its two rooms.
    pub fn new(sign_in: SignIn, mail: Mailstore, options: ImapOptions) -> Self {
        Self {
            appending: Budget::new(options.limits.append_memory),
            views: SharedViews::new(SHARED_VIEWS),
            sign_in,
            mail,
            options,
            metrics: ImapMetrics::default(),
        }
    }

    /// Counters since the start.
    pub fn metrics(&self) -> &ImapMetrics {
        &self.metrics
    }
}

impl Service for Imap {
    fn refusal(&self, refusal: Refusal) -> Cow<'static, str> {
        Cow::Borrowed(match refusal {
            Refusal::TooManyFromClient => {
                "* BYE [LIMIT] Too many connections from your address\r\n"
            }
            Refusal::TooFast => "* BYE [LIMIT] You connect too often, try again in a minute\r\n",
            Refusal::Draining => "* BYE [UNAVAILABLE] The server is stopping, try again later\r\n",
            Refusal::TooMany | Refusal::NoDescriptors => {
                "* BYE [UNAVAILABLE] Too many connections, try again later\r\n"
            }
        })
    }

    async fn serve(&self, connection: Connection) {
        Session::new(self, connection).run().await;
    }
}
