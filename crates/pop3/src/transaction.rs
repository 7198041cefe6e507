//! The TRANSACTION state (RFC 1939 §5), and the way to UPDATE (§6).

use crate::{
    command::Refused,
    limits::MAX_COMMAND_OCTETS,
    lock::MaildropLock,
    maildrop::Maildrop,
    read_ahead::ReadAhead,
    reply::{Code, Reply},
    request::Request,
    session::{End, Session},
};

/// A session with a mailbox.
pub(crate) struct Transaction<'s, 'a> {
    pub(crate) session: &'s mut Session<'a>,
    pub(crate) maildrop: Maildrop,
    pub(crate) ahead: ReadAhead,
    lock: MaildropLock,
}

impl<'s, 'a> Transaction<'s, 'a> {
    pub(crate) fn new(
        session: &'s mut Session<'a>,
        maildrop: Maildrop,
        lock: MaildropLock,
    ) -> Self {
        Self {
            session,
            maildrop,
            ahead: ReadAhead::default(),
            lock,
        }
    }

    /// Answers commands until QUIT, and gives the mailbox back however it ends.
    pub(crate) async fn run(mut self) -> Result<(), End> {
        match self.converse().await {
            Ok(()) => self.quit().await,
            Err(end) => {
                self.lock.release().await;
                Err(end)
            }
        }
    }

    /// Answers commands up to QUIT.
    async fn converse(&mut self) -> Result<(), End> {
        loop {
            let idle = self.session.pop3.options.limits.idle;
            let lock = Some(&self.lock);
            let line = self
                .session
                .next_line(MAX_COMMAND_OCTETS, idle, lock)
                .await?;
            let request = match Request::parse(&line) {
                Ok(request) => request,
                Err(error) => {
                    let reply = Reply::err(Code::None, error.to_string());
                    self.session.bad_command(reply).await?;
                    continue;
                }
            };
            match request {
                Request::Quit => return Ok(()),
                Request::Capa => self.session.capa().await?,
                Request::Stat => self.stat().await?,
                Request::List(number) => self.list(number).await?,
                Request::Uidl(number) => self.uidl(number).await?,
                Request::Retr(number) => self.retr(number).await?,
                Request::Top { number, lines } => self.top(number, lines).await?,
                Request::Dele(number) => self.dele(number).await?,
                Request::Rset => self.rset().await?,
                Request::Noop => self.noop().await?,
                Request::Auth { .. }
                | Request::Pass(_)
                | Request::Stls
                | Request::User(_)
                | Request::Utf8 => {
                    self.session.bad_command(Refused::SignedIn.into()).await?;
                    continue;
                }
            }
            self.session.good_command();
        }
    }

    /// Lets the next session in, and returns what this one still needs.
    pub(crate) async fn release(self) -> (&'s mut Session<'a>, Maildrop) {
        self.lock.release().await;
        (self.session, self.maildrop)
    }
}
