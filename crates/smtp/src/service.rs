//! What the gate serves on one port.

use std::{borrow::Cow, sync::Arc};

use hikyaku_access::SignIn;
use hikyaku_db::Database;
use hikyaku_net::{Connection, Refusal, Service};
use hikyaku_smtp_proto::{Reply, reply::table};
use hikyaku_transport::Transport;

use crate::{MemoryBudget, Metrics, Options, session::Session};

/// The rooms below that a session works with; the same for all ports.
#[derive(Debug, Clone)]
pub struct Rooms {
    /// For the clock, and for the question whose address a sender's is.
    pub db: Database,
    /// Takes the messages.
    pub transport: Transport,
    /// Knows who somebody is.
    pub sign_in: SignIn,
    /// The memory of all messages in progress.
    pub memory: MemoryBudget,
}

/// One port.
#[derive(Debug)]
pub struct SmtpService {
    shared: Arc<Shared>,
}

/// What all sessions of a port share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) rooms: Rooms,
    pub(crate) options: Options,
    pub(crate) metrics: Arc<Metrics>,
}

impl SmtpService {
    /// A port that works with these rooms.
    pub fn new(rooms: Rooms, options: Options) -> Self {
        let metrics = Arc::default();
        Self {
            shared: Arc::new(Shared {
                rooms,
                options,
                metrics,
            }),
        }
    }

    /// What happened on this port so far.
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.shared.metrics
    }

    /// How the port works.
    pub fn options(&self) -> &Options {
        &self.shared.options
    }
}

impl Service for SmtpService {
    fn refusal(&self, refusal: Refusal) -> Cow<'static, str> {
        let reply = match refusal {
            Refusal::Draining => table::shutting_down(),
            _ => table::too_many_connections(),
        };
        Cow::Owned(line(&reply))
    }

    async fn serve(&self, connection: Connection) {
        Session::new(Arc::clone(&self.shared), connection)
            .run()
            .await;
    }
}

/// A reply as text.
fn line(reply: &Reply) -> String {
    let mut octets = Vec::new();
    reply.encode(&mut octets);
    // Replies are ASCII, so nothing is lost.
    String::from_utf8_lossy(&octets).into_owned()
}
