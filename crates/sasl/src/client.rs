//! The client's side: what we say to servers at which we have an account.
//!
//! PLAIN (RFC 4616), LOGIN (draft-murchison-sasl-login) and XOAUTH2 (Google's and Microsoft's
//! bearer tokens) send the secret itself, so the protocol uses them under TLS only. CRAM-MD5
//! (RFC 2195) does not, but lets who listens try passwords at leisure.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hikyaku_types::Secret;
use zeroize::Zeroizing;

use crate::cram_md5;

/// How we sign in somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClientMechanism {
    /// RFC 4616.
    Plain,
    /// Name and password, each on being asked.
    Login,
    /// A bearer token in place of the password.
    Xoauth2,
    /// RFC 2195: proof of the password for a challenge of the server.
    CramMd5,
}

impl ClientMechanism {
    /// The registered name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
            Self::Xoauth2 => "XOAUTH2",
            Self::CramMd5 => "CRAM-MD5",
        }
    }
}

/// The server's challenge came when nothing was left to say, or was none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the server asks for more than the mechanism has")]
pub struct UnexpectedChallenge;

/// One sign-in of ours.
#[derive(Debug)]
pub struct ClientExchange {
    state: State,
    login: String,
    secret: Secret,
}

#[derive(Debug, Clone, Copy)]
enum State {
    PlainMessage,
    LoginName,
    LoginPassword,
    Token,
    /// The server explains in a challenge why it refuses the token, and wants an empty answer.
    TokenRefused,
    /// The server's challenge is awaited.
    Challenge,
    Finished,
}

impl ClientExchange {
    /// A sign-in as `login` with a password, or a token for [`ClientMechanism::Xoauth2`].
    pub fn new(mechanism: ClientMechanism, login: &str, secret: &Secret) -> Self {
        let state = match mechanism {
            ClientMechanism::Plain => State::PlainMessage,
            ClientMechanism::Login => State::LoginName,
            ClientMechanism::Xoauth2 => State::Token,
            ClientMechanism::CramMd5 => State::Challenge,
        };
        Self {
            state,
            login: login.to_owned(),
            secret: secret.clone(),
        }
    }

    /// What goes behind the mechanism's name, in base64, where the protocol allows it; nothing when
    /// the server speaks first.
    pub fn initial_response(&mut self) -> Option<Zeroizing<String>> {
        match self.state {
            State::LoginName | State::Challenge => None,
            _ => self.answer(b"").ok(),
        }
    }

    /// The answer to a challenge (base64, as it came), in base64.
    ///
    /// LOGIN's challenges are texts that differ between servers; their order does not.
    pub fn respond(&mut self, challenge: &[u8]) -> Result<Zeroizing<String>, UnexpectedChallenge> {
        if challenge.len() > crate::MAX_RESPONSE_BYTES {
            return Err(UnexpectedChallenge);
        }
        self.answer(challenge)
    }

    fn answer(&mut self, challenge: &[u8]) -> Result<Zeroizing<String>, UnexpectedChallenge> {
        let (next, message) = match self.state {
            State::PlainMessage => (State::Finished, self.plain()),
            State::LoginName => {
                let name = Zeroizing::new(self.login.clone());
                (State::LoginPassword, name)
            }
            State::LoginPassword => {
                let password = Zeroizing::new(self.secret.expose().to_owned());
                (State::Finished, password)
            }
            State::Token => (State::TokenRefused, self.token()),
            State::TokenRefused => (State::Finished, Zeroizing::default()),
            State::Challenge => {
                let proof = cram_md5::proof(challenge, &self.login, &self.secret)?;
                (State::Finished, Zeroizing::new(proof))
            }
            State::Finished => return Err(UnexpectedChallenge),
        };
        self.state = next;
        Ok(encoded(&message))
    }

    /// `NUL authcid NUL passwd`: we act as ourselves.
    fn plain(&self) -> Zeroizing<String> {
        let password = self.secret.expose();
        let mut message = with_room(self.login.len() + password.len() + 2);
        for part in ["\0", &self.login, "\0", password] {
            message.push_str(part);
        }
        message
    }

    /// `user=… ^A auth=Bearer … ^A ^A`.
    fn token(&self) -> Zeroizing<String> {
        let token = self.secret.expose();
        let mut message = with_room(self.login.len() + token.len() + 21);
        for part in ["user=", &self.login, "\x01auth=Bearer ", token, "\x01\x01"] {
            message.push_str(part);
        }
        message
    }
}

/// An empty text that need not grow: growing would leave unwiped copies behind.
fn with_room(octets: usize) -> Zeroizing<String> {
    Zeroizing::new(String::with_capacity(octets))
}

fn encoded(message: &str) -> Zeroizing<String> {
    let mut text = with_room(message.len().div_ceil(3) * 4);
    STANDARD.encode_string(message, &mut text);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Exchange, Mechanism, Step};

    const LOGIN: &str = "taro@example.test";

    fn secret() -> Secret {
        Secret::from("correct horse 7")
    }

    /// Our own server understands what we say, with and without an initial response.
    #[test]
    fn our_own_server_understands_us() {
        for (mechanism, server) in [
            (ClientMechanism::Plain, Mechanism::Plain),
            (ClientMechanism::Login, Mechanism::Login),
        ] {
            for with_initial in [true, false] {
                let mut client = ClientExchange::new(mechanism, LOGIN, &secret());
                let initial = with_initial.then(|| client.initial_response()).flatten();
                let initial = initial.as_ref().map(|text| text.as_bytes());
                let (mut exchange, mut step) = Exchange::begin(server, initial).unwrap();
                while let Step::Challenge(challenge) = &step {
                    let answer = client.respond(challenge.as_bytes()).unwrap();
                    step = exchange.respond(answer.as_bytes()).unwrap();
                }
                let Step::Done(credentials) = step else {
                    panic!("not done");
                };
                assert_eq!(credentials.login, LOGIN);
                assert_eq!(credentials.password.expose(), "correct horse 7");
                assert_eq!(client.respond(b"").err(), Some(UnexpectedChallenge));
            }
        }
    }

    /// The example of Google's and Microsoft's description.
    #[test]
    fn tokens_are_sent_as_described() {
        let token = Secret::from("ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg==");
        let mut client =
            ClientExchange::new(ClientMechanism::Xoauth2, "someuser@example.com", &token);
        assert_eq!(
            client.initial_response().unwrap().as_str(),
            "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNr\
             QmhkSFJoZG1semRHRXVZMjl0Q2c9PQEB"
        );
        // The explanation of a refusal is answered with an empty line, once.
        assert_eq!(
            client
                .respond(b"eyJzdGF0dXMiOiI0MDEifQ==")
                .unwrap()
                .as_str(),
            ""
        );
        assert_eq!(client.respond(b"").err(), Some(UnexpectedChallenge));
    }

    #[test]
    fn challenges_have_a_limit() {
        let mut client = ClientExchange::new(ClientMechanism::Login, LOGIN, &secret());
        let long = vec![b'A'; crate::MAX_RESPONSE_BYTES + 1];
        assert_eq!(client.respond(&long).err(), Some(UnexpectedChallenge));
    }
}
