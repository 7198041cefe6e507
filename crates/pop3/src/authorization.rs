//! The AUTHORIZATION state (RFC 1939 §4): until a name and a password fit.

use crate::{
    command::Refused,
    limits::MAX_SIGN_IN_OCTETS,
    lock::MaildropLock,
    maildrop::Maildrop,
    reply::{Code, Reply},
    request::Request,
    session::{End, Session},
};

/// What a client has told so far.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    /// The name of USER.
    pub(crate) user: Option<String>,
    /// UTF8 was sent.
    pub(crate) utf8: bool,
    /// Failed sign-ins on this connection.
    pub(crate) failures: u32,
}

impl Session<'_> {
    /// Answers commands until one of them opens a mailbox. `None` after QUIT.
    pub(crate) async fn authorize(&mut self) -> Result<Option<(Maildrop, MaildropLock)>, End> {
        let mut claims = Claims::default();
        loop {
            let idle = self.pop3.options.limits.idle_before_sign_in;
            let line = self.next_line(MAX_SIGN_IN_OCTETS, idle, None).await?;
            let request = match Request::parse(&line) {
                Ok(request) => request,
                Err(error) => {
                    self.bad_command(Reply::err(Code::None, error.to_string()))
                        .await?;
                    continue;
                }
            };
            let opened = match request {
                Request::Quit => {
                    self.quit_early().await?;
                    return Ok(None);
                }
                Request::Capa => self.capa().await.map(|()| None)?,
                Request::Stls => self.stls(&mut claims).await.map(|()| None)?,
                Request::Utf8 => self.utf8(&mut claims).await.map(|()| None)?,
                Request::User(name) => self.user(&mut claims, name).await.map(|()| None)?,
                Request::Pass(password) => self.pass(&mut claims, &password).await?,
                Request::Auth { mechanism, initial } => {
                    self.auth(&mut claims, mechanism, initial).await?
                }
                _ => {
                    self.bad_command(Refused::NotSignedIn.into()).await?;
                    continue;
                }
            };
            self.good_command();
            if opened.is_some() {
                return Ok(opened);
            }
        }
    }
}
