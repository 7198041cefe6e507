//! How connections are made: the URL, the session's settings, and patience when the server is away.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use postgres::{Client, Config, NoTls, config::TargetSessionAttrs};

use super::{connection::PostgresConnection, error::db_error, tls::Tls};
use crate::error::{DbError, OpenError};

/// How long one attempt to connect may take unless the URL says so (default 5 s).
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Sent data that is not acknowledged for this long means that the connection is lost
/// (default 30 s).
const UNACKNOWLEDGED_MAX: Duration = Duration::from_secs(30);
/// A silent connection is probed after this time (default 60 s).
const KEEPALIVE_IDLE: Duration = Duration::from_mins(1);
/// The first pause after a failed attempt to connect (default 100 ms); each further one is doubled.
const PAUSE_FIRST: Duration = Duration::from_millis(100);
/// The longest pause between attempts to connect (default 2 s).
const PAUSE_LONGEST: Duration = Duration::from_secs(2);

/// What every session relies on. A server whose setting promises more than `on` keeps it. Waiting
/// for a row lock is bounded (30 s), so that a process that hangs in a transaction does not stop
/// the others for ever; such a transaction itself is ended by the server after a minute without
/// statements. Queries here are short: compiling them costs more than it brings.
const SESSION: &str = "
    SELECT set_config('synchronous_commit', 'on', false)
      WHERE current_setting('synchronous_commit') IN ('off', 'local', 'remote_write');
    SET lock_timeout = '30s';
    SET idle_in_transaction_session_timeout = '60s';
    SET default_transaction_isolation = 'read committed';
    SET default_transaction_read_only = off;
    SET jit = off";

/// Makes connections.
pub(super) struct Connector {
    config: Config,
    tls: Tls,
    attempts: Mutex<Attempts>,
}

/// What the last attempts taught.
#[derive(Debug, Default)]
struct Attempts {
    pause: Duration,
    next_at: Option<Instant>,
}

impl Connector {
    /// Reads the URL.
    pub(super) fn new(url: &str) -> Result<Self, OpenError> {
        let (mut config, tls) = super::url::parse(url)?;
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(UNACKNOWLEDGED_MAX);
        }
        config.keepalives_idle(KEEPALIVE_IDLE);
        if config.get_application_name().is_none() {
            config.application_name("hikyaku");
        }
        // After a failover a standby must not be taken for the server.
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        Ok(Self {
            config,
            tls,
            attempts: Mutex::default(),
        })
    }

    /// One attempt to connect.
    pub(super) fn connect(&self) -> Result<PostgresConnection, DbError> {
        self.client().map(PostgresConnection::new)
    }

    /// Attempts to connect until `deadline`, with pauses that all threads of the store share. At
    /// least one attempt is made, unless another thread has just failed.
    pub(super) fn connect_until(&self, deadline: Instant) -> Result<PostgresConnection, DbError> {
        self.client_until(deadline).map(PostgresConnection::new)
    }

    /// The same for a connection that is used for other things than transactions.
    pub(super) fn client_until(&self, deadline: Instant) -> Result<Client, DbError> {
        let mut last = DbError::unavailable("no connection to PostgreSQL");
        loop {
            let wait = self.wait();
            if !wait.is_zero() {
                if Instant::now() + wait > deadline {
                    return Err(last);
                }
                std::thread::sleep(wait);
            }
            match self.client() {
                Ok(client) => return Ok(client),
                Err(error) => last = error,
            }
        }
    }

    fn client(&self) -> Result<Client, DbError> {
        let client = self.attempt();
        self.learn(client.is_ok());
        client
    }

    fn attempt(&self) -> Result<Client, DbError> {
        let mut client = match &self.tls {
            Tls::Off => self.config.connect(NoTls),
            Tls::On(connector) => self.config.connect(connector.clone()),
        }
        .map_err(|error| unavailable(&error))?;
        client
            .batch_execute(SESSION)
            .map_err(|error| unavailable(&error))?;
        Ok(client)
    }

    fn wait(&self) -> Duration {
        let attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        attempts.next_at.map_or(Duration::ZERO, |at| {
            at.saturating_duration_since(Instant::now())
        })
    }

    fn learn(&self, succeeded: bool) {
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        if succeeded {
            *attempts = Attempts::default();
        } else {
            attempts.pause = (attempts.pause * 2).clamp(PAUSE_FIRST, PAUSE_LONGEST);
            attempts.next_at = Some(Instant::now() + jittered(attempts.pause));
        }
    }
}

/// A time between half of `time` and all of it, so that many do not come back in step.
pub(super) fn jittered(time: Duration) -> Duration {
    let random = RandomState::new().hash_one(0_u8) % 1024;
    time / 2 + time.mul_f64(random as f64 / 2048.0)
}

/// An attempt that failed is temporary, whatever the reason: an operator may repair it.
fn unavailable(error: &postgres::Error) -> DbError {
    match db_error(error) {
        DbError::Sql { message, .. } => DbError::Unavailable { reason: message },
        other => other,
    }
}
