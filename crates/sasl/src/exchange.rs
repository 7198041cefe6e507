//! One authentication, from the command to the credentials.

use hikyaku_types::Secret;

use crate::{
    Mechanism, login, plain,
    wire::{self, Frame},
};

/// What the server does next.
#[derive(Debug)]
pub enum Step {
    /// Send this base64 text as a challenge (SMTP `334 …`, IMAP and POP3 `+ …`) and hand the
    /// client's next line to [`Exchange::respond`]. May be empty.
    Challenge(String),
    /// The exchange is over; ask the sign-in service.
    Done(Credentials),
}

/// A login name and the password that is claimed to belong to it.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The login name as the client wrote it: an address, `user%domain` or a registered legacy id
    /// (C-07).
    pub login: String,
    /// The password.
    pub password: Secret,
}

/// Why an exchange ended without credentials. None of these says anything about an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SaslError {
    /// The client sent `*` (SMTP 501 5.7.0, IMAP BAD).
    #[error("authentication cancelled")]
    Cancelled,
    /// A line over [`crate::MAX_RESPONSE_BYTES`] (SMTP 500 5.5.6).
    #[error("authentication exchange line is too long")]
    TooLong,
    /// Not base64 with padding (SMTP 501 5.5.2).
    #[error("cannot decode the response: not base64")]
    BadBase64,
    /// The octets are not UTF-8.
    #[error("the response is not UTF-8")]
    NotUtf8,
    /// The octets are not what the mechanism asks for.
    #[error("malformed response")]
    Malformed,
    /// The login name is empty or over [`crate::MAX_LOGIN_BYTES`].
    #[error("the login name is empty or too long")]
    BadLogin,
    /// The password is empty or over [`crate::MAX_PASSWORD_BYTES`].
    #[error("the password is empty or too long")]
    BadPassword,
    /// The client asked to act as somebody else than the one who signs in.
    #[error("acting as another account is not supported")]
    OtherIdentity,
    /// The exchange had ended already.
    #[error("the exchange is over")]
    Finished,
}

/// The server's side of one exchange.
#[derive(Debug)]
pub struct Exchange {
    state: State,
}

#[derive(Debug)]
enum State {
    Plain,
    LoginName,
    LoginPassword { login: String },
    Finished,
}

impl Exchange {
    /// Begins with the client's command. `initial` is the text after the mechanism's name, still
    /// in base64, `None` when there is none; `=` stands for an empty one.
    pub fn begin(mechanism: Mechanism, initial: Option<&[u8]>) -> Result<(Self, Step), SaslError> {
        let (state, challenge) = match mechanism {
            Mechanism::Plain => (State::Plain, &b""[..]),
            Mechanism::Login => (State::LoginName, login::ASK_NAME),
        };
        let mut exchange = Self { state };
        let step = match initial {
            // LOGIN has the server speak first, yet clients send the name along
            // (quirk: Outlook, sendmail's and Go's clients); it answers the first challenge.
            Some(text) => exchange.advance(&wire::read_initial(text)?)?,
            None => Step::Challenge(wire::write_challenge(challenge)),
        };
        Ok((exchange, step))
    }

    /// Takes the client's answer to a challenge: the line without its CRLF.
    pub fn respond(&mut self, line: &[u8]) -> Result<Step, SaslError> {
        if matches!(self.state, State::Finished) {
            return Err(SaslError::Finished);
        }
        match wire::read_response(line) {
            Ok(Frame::Octets(octets)) => self.advance(&octets),
            Ok(Frame::Cancel) => {
                self.state = State::Finished;
                Err(SaslError::Cancelled)
            }
            Err(error) => {
                self.state = State::Finished;
                Err(error)
            }
        }
    }

    /// Takes the octets of one answer. Leaves the state finished unless another answer is due.
    fn advance(&mut self, octets: &[u8]) -> Result<Step, SaslError> {
        match std::mem::replace(&mut self.state, State::Finished) {
            State::Plain => plain::read(octets).map(Step::Done),
            State::LoginName => {
                let login = login::read_name(octets)?;
                self.state = State::LoginPassword { login };
                Ok(Step::Challenge(wire::write_challenge(login::ASK_PASSWORD)))
            }
            State::LoginPassword { login } => {
                let password = login::read_password(octets)?;
                Ok(Step::Done(Credentials { login, password }))
            }
            State::Finished => Err(SaslError::Finished),
        }
    }
}
