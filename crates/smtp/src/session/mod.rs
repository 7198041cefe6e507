//! One session: the loop that reads commands, and its end.

mod ending;
mod receive;

use std::sync::Arc;

use hikyaku_access::SignInWatch;
use hikyaku_directory::AccountScope;
use hikyaku_net::{Connection, LineRule, ReadError, Zone};
use hikyaku_smtp_proto::{
    AuthRule, Command, Flow, MAX_COMMAND_LINE, PlainPasswords, Reply, Tls, command::ClientName,
    reply::table,
};
use hikyaku_transport::{InForce, Via};
use tokio::time::Instant;
use tracing::debug;
use zeroize::Zeroizing;

pub(crate) use ending::Ending;
pub(crate) use receive::Received;

use crate::{EarlyTalkers, Kind, ZonePolicy, command, service::Shared, transaction::Transaction};

/// How a line of a client is read.
const COMMAND: LineRule = LineRule::strict(MAX_COMMAND_LINE);

/// A connection and everything that is known of its client.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) shared: Arc<Shared>,
    pub(crate) connection: Connection,
    pub(crate) flow: Flow,
    /// The name of the last EHLO, HELO or LHLO.
    pub(crate) client: Option<ClientName>,
    /// Who signed in.
    pub(crate) account: Option<Submitter>,
    /// What the contract of who signed in says, since EHLO or MAIL asked for it.
    pub(crate) in_force: Option<InForce>,
    /// The message in the making.
    pub(crate) transaction: Option<Transaction>,
    pub(crate) tally: Tally,
}

/// An account that signed in.
#[derive(Debug)]
pub(crate) struct Submitter {
    pub(crate) scope: AccountScope,
    /// Whether the sign-in still holds.
    pub(crate) watch: SignInWatch,
}

/// What was counted in this session.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) bad_commands: u32,
    pub(crate) idle_commands: u32,
    pub(crate) refused_recipients: u32,
    pub(crate) failed_sign_ins: u32,
    /// Messages that came so far, accepted or not: the second part of their ids.
    pub(crate) messages: u32,
    pub(crate) accepted: u32,
}

impl Session {
    pub(crate) fn new(shared: Arc<Shared>, connection: Connection) -> Self {
        let tls = match (connection.tls(), connection.offers_tls()) {
            (Some(_), _) => Tls::Active,
            (None, true) => Tls::Offered,
            (None, false) => Tls::Unavailable,
        };
        let passwords = match connection.zone() {
            Zone::Closed => PlainPasswords::Allowed,
            Zone::Internet => PlainPasswords::OnlyUnderTls,
        };
        let auth = match shared.options.policy(connection.zone()) {
            ZonePolicy::Open(auth) => auth,
            ZonePolicy::Refused => AuthRule::Off,
        };
        let protocol = shared.options.kind.protocol();
        Self {
            flow: Flow::new(protocol, tls, auth, passwords),
            shared,
            connection,
            client: None,
            account: None,
            in_force: None,
            transaction: None,
            tally: Tally::default(),
        }
    }

    /// Runs the session to its end.
    pub(crate) async fn run(mut self) {
        self.shared.metrics.sessions.count();
        let started = Instant::now();
        let Err(ending) = self.converse().await;
        debug!(
            ending = %ending, accepted = self.tally.accepted, messages = self.tally.messages,
            duration_ms = started.elapsed().as_millis(), "session ended"
        );
        ending.conclude(self).await;
    }

    /// Greets, and does one command after the other until something ends the session.
    async fn converse(&mut self) -> Result<std::convert::Infallible, Ending> {
        self.greet().await?;
        loop {
            match self.next_command().await? {
                Ok(line) => self.take(&line).await?,
                Err(ReadError::LineTooLong(_)) => self.bad_command(&table::line_too_long()).await?,
                Err(ReadError::BareLineEnd) => {
                    self.bad_command(&table::bare_newline_command()).await?;
                }
                Err(error) => return Err(Ending::from(error)),
            }
        }
    }

    async fn greet(&mut self) -> Result<(), Ending> {
        let options = &self.shared.options;
        if options.policy(self.connection.zone()) == ZonePolicy::Refused {
            return Err(Ending::Refused(table::zone_refused()));
        }
        if let EarlyTalkers::Refused(wait) = options.early_talkers
            && options.kind == Kind::Mx
            && self.connection.zone() == Zone::Internet
        {
            match self.connection.fill(wait).await {
                Err(ReadError::TimedOut) => {}
                Ok(_) => return Err(Ending::Refused(table::early_talker())),
                Err(error) => return Err(Ending::from(error)),
            }
        }
        let options = &self.shared.options;
        let protocol = if options.kind == Kind::Lmtp {
            "LMTP"
        } else {
            "ESMTP"
        };
        let greeting = table::greeting(options.hostname.as_str(), protocol);
        self.say(&greeting).await
    }

    /// The next line, if the sign-in holds until it comes.
    async fn next_command(&mut self) -> Result<Result<Zeroizing<Vec<u8>>, ReadError>, Ending> {
        loop {
            self.check_sign_in().await?;
            let time = self.shared.options.limits.command_time;
            tokio::select! {
                // A change that was known before a command came is asked about before it.
                biased;
                () = sign_in_changed(&mut self.account) => {}
                line = self.connection.read_line(COMMAND, time) => {
                    return Ok(line.map(Zeroizing::new));
                }
            }
        }
    }

    /// The next line; wiped when dropped, for it may hold a password.
    pub(crate) async fn read_line(&mut self) -> Result<Zeroizing<Vec<u8>>, ReadError> {
        let time = self.shared.options.limits.command_time;
        self.connection
            .read_line(COMMAND, time)
            .await
            .map(Zeroizing::new)
    }

    /// Ends the session of an account that may not send any more: one that was suspended because
    /// somebody else sends in its name must not go on over a connection that is open.
    pub(crate) async fn check_sign_in(&mut self) -> Result<(), Ending> {
        if let Some(account) = &mut self.account
            && !account.watch.holds().await
        {
            return Err(Ending::Revoked);
        }
        Ok(())
    }

    /// Does one command.
    async fn take(&mut self, line: &[u8]) -> Result<(), Ending> {
        self.shared.metrics.commands.count();
        let command = match Command::parse(line) {
            Ok(command) => command,
            Err(error) if error.ends_session() => {
                self.say(&table::syntax(&error)).await?;
                return Err(Ending::Refused(table::out_of_sync()));
            }
            Err(error) => {
                self.note_failed_recipient(line);
                return self.bad_command(&table::syntax(&error)).await;
            }
        };
        debug!(command = command.verb(), "command");
        match self.flow.check(&command) {
            Ok(()) => command::run(self, command).await,
            Err(reason) => command::refuse(self, &command, reason).await,
        }
    }

    /// A RCPT that cannot be read is a refused recipient all the same: DATA then says "no valid
    /// recipients" rather than "say RCPT first".
    fn note_failed_recipient(&mut self, line: &[u8]) {
        let is_rcpt = line
            .get(..4)
            .is_some_and(|verb| verb.eq_ignore_ascii_case(b"RCPT"));
        if is_rcpt {
            self.flow.recipient_refused();
        }
    }

    /// Writes a reply. It leaves when the client has nothing more in the pipeline.
    pub(crate) async fn say(&mut self, reply: &Reply) -> Result<(), Ending> {
        let mut octets = Vec::with_capacity(80);
        reply.encode(&mut octets);
        self.connection.write(&octets).await.map_err(Ending::Write)
    }

    /// Answers something that a client in its right mind does not send, and counts it.
    pub(crate) async fn bad_command(&mut self, reply: &Reply) -> Result<(), Ending> {
        self.shared.metrics.bad_commands.count();
        self.tally.bad_commands += 1;
        self.say(reply).await?;
        if self.tally.bad_commands >= self.shared.options.limits.max_bad_commands {
            return Err(self.cut_off());
        }
        Ok(())
    }

    /// Answers a command that leads nowhere by itself, and counts it.
    pub(crate) async fn idle_command(&mut self, reply: &Reply) -> Result<(), Ending> {
        self.tally.idle_commands += 1;
        self.say(reply).await?;
        if self.tally.idle_commands >= self.shared.options.limits.max_idle_commands {
            return Err(self.cut_off());
        }
        Ok(())
    }

    /// The end of a session whose client makes too many errors.
    pub(crate) fn cut_off(&self) -> Ending {
        self.shared.metrics.cut_off.count();
        Ending::Refused(table::too_many_errors())
    }

    /// The door that the next message comes in by.
    pub(crate) fn via(&self) -> Via {
        match self.account {
            Some(_) => Via::Submission,
            None => self.shared.options.kind.via(),
        }
    }

    /// Forgets the message in the making.
    pub(crate) fn reset(&mut self) {
        self.flow.reset();
        self.transaction = None;
    }
}

/// Waits until [`Session::check_sign_in`] should be asked again; for ever when nobody signed in.
/// Cancel safe.
async fn sign_in_changed(account: &mut Option<Submitter>) {
    match account {
        Some(account) => account.watch.changed().await,
        None => std::future::pending().await,
    }
}
