//! A connection to another host: commands out, replies in, each within its time.

use std::{net::SocketAddr, time::Duration};

use hikyaku_net::{Connection, LineRule, ReadError, WriteError};
use hikyaku_smtp_proto::client::{Extensions, MAX_SERVER_LINE, ReplyReader, ServerReply};
use hikyaku_transport::queue::TroubleKind;
use tokio::time::Instant;
use tracing::debug;

use super::failure::Failure;

/// Text with CRLF at its end, or LF alone where a server is sloppy.
const RULE: LineRule = LineRule::lenient(MAX_SERVER_LINE);

/// A host that greeted us, or is about to.
#[derive(Debug)]
pub(super) struct Remote {
    pub(super) connection: Connection,
    /// Its name, as DNS or the operator gave it.
    pub(super) host: String,
    pub(super) address: SocketAddr,
    pub(super) extensions: Extensions,
    /// What it calls itself.
    pub(super) own_name: String,
    /// Messages that went over this connection.
    pub(super) messages: u32,
    /// A transaction was begun and not ended.
    pub(super) needs_reset: bool,
    /// Something broke, or the other side said that it closes.
    is_over: bool,
    /// The end of the attempt that it serves now.
    deadline: Instant,
}

impl Remote {
    pub(super) fn new(
        connection: Connection,
        host: &str,
        address: SocketAddr,
        deadline: Instant,
    ) -> Self {
        Self {
            connection,
            host: host.to_owned(),
            address,
            extensions: Extensions::default(),
            own_name: String::new(),
            messages: 0,
            needs_reset: false,
            is_over: false,
            deadline,
        }
    }

    /// Serves another attempt.
    pub(super) fn serve_until(&mut self, deadline: Instant) {
        self.deadline = deadline;
    }

    /// Whether another message can be offered.
    pub(super) fn is_usable(&self) -> bool {
        !self.is_over
    }

    /// Nothing more is to be offered here.
    pub(super) fn give_up(&mut self) {
        self.is_over = true;
    }

    /// Version and cipher of the connection.
    pub(super) fn tls(&self) -> Option<String> {
        let tls = self.connection.tls()?;
        Some(format!("{} {}", tls.version, tls.cipher))
    }

    /// The time that a step has, within that of the attempt.
    pub(super) fn within(&self, limit: Duration) -> Duration {
        limit.min(self.deadline.saturating_duration_since(Instant::now()))
    }

    /// Adds to what is sent with the next wait for a reply.
    pub(super) async fn send(&mut self, octets: &[u8]) -> Result<(), Failure> {
        match self.connection.write(octets).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.broken_writing(&error)),
        }
    }

    /// Sends a line and reads the reply.
    pub(super) async fn command(
        &mut self,
        line: &[u8],
        limit: Duration,
    ) -> Result<ServerReply, Failure> {
        self.send(line).await?;
        self.reply(limit).await
    }

    /// Reads a reply, all lines of which come within the limit. 421 is a failure wherever it comes
    /// (RFC 5321 §3.8), and so is what is no reply.
    pub(super) async fn reply(&mut self, limit: Duration) -> Result<ServerReply, Failure> {
        let end = Instant::now() + self.within(limit);
        let mut reader = ReplyReader::default();
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let line = match self.connection.read_line(RULE, left).await {
                Ok(line) => line,
                Err(error) => return Err(self.broken(&error)),
            };
            match reader.push(&line) {
                Ok(None) => {}
                Ok(Some(reply)) if reply.is_farewell() => {
                    self.is_over = true;
                    let failure = Failure::refused(TroubleKind::Refused, &reply);
                    return Err(failure.by(&self.host));
                }
                Ok(Some(reply)) => {
                    debug!(
                        host = self.host,
                        reply = reply.summary(),
                        "the other side says"
                    );
                    return Ok(reply);
                }
                Err(error) => return Err(self.nonsense(error.to_string())),
            }
        }
    }

    /// The failure of a connection that is in no state of the protocol any more.
    pub(super) fn nonsense(&mut self, words: String) -> Failure {
        self.is_over = true;
        Failure::now(TroubleKind::Protocol, "4.5.0")
            .by(&self.host)
            .saying(words)
    }

    fn broken(&mut self, error: &ReadError) -> Failure {
        self.is_over = true;
        let failure = match error {
            ReadError::TimedOut | ReadError::Output(WriteError::TimedOut) => {
                Failure::now(TroubleKind::Timeout, "4.4.2")
            }
            ReadError::LineTooLong(_) | ReadError::EndlessLine | ReadError::BareLineEnd => {
                return self.nonsense("the server's reply does not end".to_owned());
            }
            _ => Failure::now(TroubleKind::Cut, "4.4.2"),
        };
        failure.by(&self.host)
    }

    fn broken_writing(&mut self, error: &WriteError) -> Failure {
        self.is_over = true;
        let kind = match error {
            WriteError::TimedOut => TroubleKind::Timeout,
            _ => TroubleKind::Cut,
        };
        Failure::now(kind, "4.4.2").by(&self.host)
    }

    /// Says goodbye, if that still makes sense, and closes. Nobody waits for it.
    pub(super) fn leave(self, limit: Duration) {
        if self.is_over {
            return;
        }
        tokio::spawn(self.quit(limit));
    }

    /// Says goodbye and waits for the answer, for so long.
    pub(super) async fn quit(mut self, limit: Duration) {
        self.deadline = Instant::now() + limit;
        if self.command(b"QUIT\r\n", limit).await.is_ok() {
            // The other side closes as well; there is nobody to tell of an error.
            let _ = tokio::time::timeout(limit, self.connection.close()).await;
        }
    }
}
