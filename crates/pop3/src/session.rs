//! One connection, from the greeting to its end.

use std::{future::pending, time::Duration};

use hikyaku_access::SignInWatch;
use hikyaku_net::{Connection, LineRule, ReadError, StartTlsError, WriteError};
use zeroize::Zeroizing;

use crate::{
    Pop3,
    lock::MaildropLock,
    reply::{Code, Reply},
    transaction::Transaction,
};

/// The state that every command of a session may use.
pub(crate) struct Session<'a> {
    pub(crate) pop3: &'a Pop3,
    pub(crate) connection: Connection,
    /// Whether the sign-in still holds; none before.
    pub(crate) watch: Option<SignInWatch>,
    /// Lines in a row that were no sensible command.
    bad_commands: u32,
}

/// Why a session is over.
#[derive(Debug, thiserror::Error)]
pub(crate) enum End {
    #[error("the client signed off")]
    Quit,
    #[error(transparent)]
    Read(ReadError),
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error("STLS failed")]
    StartTls(#[source] StartTlsError),
    #[error("another session took over")]
    Evicted,
    #[error("this sign-in does not hold any more: the account has changed")]
    Revoked,
    #[error("too many bad commands")]
    BadCommands,
    #[error("too many failed sign-ins")]
    FailedSignIns,
}

impl<'a> Session<'a> {
    pub(crate) fn new(pop3: &'a Pop3, connection: Connection) -> Self {
        Self {
            pop3,
            connection,
            watch: None,
            bad_commands: 0,
        }
    }

    /// Runs the session. Everything that can go wrong ends here.
    pub(crate) async fn run(mut self) {
        let end = match self.converse().await {
            Ok(()) => End::Quit,
            Err(end) => end,
        };
        tracing::debug!(reason = %end, "POP3 session over");
        self.hang_up(&end).await;
    }

    /// The greeting has no `<…>` in it: that would offer APOP (RFC 1939 §7).
    async fn converse(&mut self) -> Result<(), End> {
        let greeting = format!("{} POP3 server ready", self.pop3.options.host_name);
        self.say(Reply::ok(greeting.trim_start().to_owned()))
            .await?;
        match self.authorize().await? {
            Some((maildrop, lock)) => Transaction::new(self, maildrop, lock).run().await,
            None => Ok(()),
        }
    }

    /// Adds a status line to the output.
    pub(crate) async fn say(&mut self, reply: Reply) -> Result<(), End> {
        Ok(self.connection.write(reply.to_string().as_bytes()).await?)
    }

    /// The client's next line. Lines that are too long are answered here.
    ///
    /// A session that holds a mailbox gives way when another one asks for it, and one whose account
    /// may not sign in any more ends.
    pub(crate) async fn next_line(
        &mut self,
        max_octets: usize,
        idle: Duration,
        lock: Option<&MaildropLock>,
    ) -> Result<Zeroizing<Vec<u8>>, End> {
        let rule = LineRule::lenient(max_octets);
        loop {
            if let Some(watch) = &mut self.watch
                && !watch.holds().await
            {
                return Err(End::Revoked);
            }
            if let Some(lock) = lock {
                lock.waits();
            }
            // All sides may be dropped: reading a line loses nothing, and waiting has no state.
            let result = tokio::select! {
                // A change that was known before a command came is asked about before it.
                biased;
                () = sign_in_changed(&mut self.watch) => continue,
                result = self.connection.read_line(rule, idle) => result,
                () = eviction(lock) => return Err(End::Evicted),
            };
            if let Some(lock) = lock {
                lock.works();
            }
            match result {
                Ok(line) => return Ok(Zeroizing::new(line)),
                Err(error) if error.is_recoverable() => {
                    self.bad_command(Reply::err(Code::None, error.to_string()))
                        .await?;
                }
                Err(error) => return Err(End::Read(error)),
            }
        }
    }

    /// Answers a line that makes no sense, and counts it.
    pub(crate) async fn bad_command(&mut self, reply: Reply) -> Result<(), End> {
        self.say(reply).await?;
        self.bad_commands += 1;
        if self.bad_commands >= self.pop3.options.limits.bad_commands {
            return Err(End::BadCommands);
        }
        Ok(())
    }

    /// The client did make sense.
    pub(crate) fn good_command(&mut self) {
        self.bad_commands = 0;
    }

    async fn hang_up(mut self, end: &End) {
        let last_word = match end {
            End::BadCommands => Some(Reply::err(Code::None, "too many bad commands")),
            End::FailedSignIns => Some(Reply::err(Code::Auth, "too many failed sign-ins")),
            End::Evicted => Some(Reply::err(Code::InUse, "another session took over")),
            End::Revoked => Some(Reply::err(Code::Auth, end.to_string())),
            End::Read(ReadError::Draining) => {
                Some(Reply::err(Code::SysTemp, "the server is stopping"))
            }
            End::Read(error @ ReadError::EndlessLine) => {
                Some(Reply::err(Code::None, error.to_string()))
            }
            End::StartTls(StartTlsError::Injected { .. }) => Some(Reply::err(
                Code::None,
                "commands after STLS must wait for TLS",
            )),
            // A client that is silent for too long gets no answer either (RFC 1939 §3).
            _ => None,
        };
        if let Some(reply) = last_word
            && self.say(reply).await.is_err()
        {
            return;
        }
        let closed = match end {
            End::Quit => self.connection.close().await,
            End::Read(ReadError::Draining | ReadError::EndlessLine)
            | End::BadCommands
            | End::FailedSignIns
            | End::Evicted
            | End::Revoked
            | End::StartTls(StartTlsError::Injected { .. }) => {
                self.connection.close_lingering().await
            }
            _ => return,
        };
        if let Err(error) = closed {
            tracing::debug!(%error, "the last reply did not reach the client");
        }
    }
}

async fn eviction(lock: Option<&MaildropLock>) {
    match lock {
        Some(lock) => lock.evicted().await,
        None => pending().await,
    }
}

/// Waits until it should be asked again whether the sign-in holds.
async fn sign_in_changed(watch: &mut Option<SignInWatch>) {
    match watch {
        Some(watch) => watch.changed().await,
        None => pending().await,
    }
}
