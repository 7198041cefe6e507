//! POP3 as the gate sees it.

use std::{borrow::Cow, sync::Arc};

use hikyaku_access::SignIn;
use hikyaku_mailstore::Mailstore;
use hikyaku_net::{Connection, Refusal, Service};

use crate::{
    Limits, Pop3Metrics,
    lock::MaildropLocks,
    reply::{Code, Reply},
    session::Session,
};

/// What reading a message does to its `\Seen` flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SeenPolicy {
    /// Nothing.
    #[default]
    Untouched,
    /// Messages that were retrieved whole and not deleted are seen after QUIT.
    AtQuit,
}

/// What the operator decides about POP3.
#[derive(Debug, Clone, Default)]
pub struct Pop3Options {
    /// The name in the greeting.
    pub host_name: String,
    /// The limits.
    pub limits: Limits,
    /// See [`SeenPolicy`].
    pub seen: SeenPolicy,
}

/// The POP3 service, for port 110 (with STLS) and port 995 alike.
///
/// The lock that makes sessions of one mailbox exclusive is held in this value: give the same one
/// to all listeners. Where several processes serve one database, it is held there too.
#[derive(Debug)]
pub struct Pop3 {
    pub(crate) sign_in: SignIn,
    pub(crate) mail: Mailstore,
    pub(crate) options: Pop3Options,
    pub(crate) locks: Arc<MaildropLocks>,
    pub(crate) metrics: Pop3Metrics,
}

impl Pop3 {
    /// The service over its two rooms.
    pub fn new(sign_in: SignIn, mail: Mailstore, options: Pop3Options) -> Self {
        Self {
            sign_in,
            mail,
            options,
            locks: Arc::default(),
            metrics: Pop3Metrics::default(),
        }
    }

    /// Counters since the start.
    pub fn metrics(&self) -> &Pop3Metrics {
        &self.metrics
    }
}

impl Service for Pop3 {
    fn refusal(&self, refusal: Refusal) -> Cow<'static, str> {
        let text = match refusal {
            Refusal::TooManyFromClient => "too many connections from your address",
            Refusal::TooFast => "you connect too often, try again in a minute",
            Refusal::Draining => "the server is stopping, try again later",
            Refusal::TooMany | Refusal::NoDescriptors => "too many connections, try again later",
        };
        Reply::err(Code::SysTemp, text).to_string().into()
    }

    async fn serve(&self, connection: Connection) {
        Session::new(self, connection).run().await;
    }
}
