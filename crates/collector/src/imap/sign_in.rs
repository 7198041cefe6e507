//! Signing in: AUTHENTICATE in the best way both sides know, else LOGIN.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hikyaku_imap_proto::client::Response;
use hikyaku_sasl::{ClientExchange, ClientMechanism};
use hikyaku_types::Secret;

use crate::{CollectError, Credentials, error::clean, job::Job};

use super::session::{Next, Session};

/// Signs in.
pub(super) async fn sign_in(session: &mut Session, job: &Job) -> Result<(), CollectError> {
    session.ask_capabilities().await?;
    let has = |name: &str| session.has(&format!("AUTH={name}"));
    let mechanisms: &[ClientMechanism] = match &job.credentials {
        Credentials::Token(_) => &[ClientMechanism::Xoauth2],
        // Where others may listen, the way that does not tell the password comes first.
        Credentials::Password(_) if !session.is_secret() => &[
            ClientMechanism::CramMd5,
            ClientMechanism::Plain,
            ClientMechanism::Login,
        ],
        Credentials::Password(_) => &[
            ClientMechanism::Plain,
            ClientMechanism::Login,
            ClientMechanism::CramMd5,
        ],
    };
    let chosen = mechanisms.iter().find(|mechanism| has(mechanism.name()));
    match (chosen, &job.credentials) {
        (Some(mechanism), Credentials::Password(secret) | Credentials::Token(secret)) => {
            let exchange = ClientExchange::new(*mechanism, &job.user, secret);
            authenticate(session, *mechanism, exchange).await?;
        }
        (None, Credentials::Password(secret)) if !session.has("LOGINDISABLED") => {
            login(session, &job.user, secret).await?;
        }
        (None, credentials) => {
            return Err(CollectError::NoMechanism {
                with: match credentials {
                    Credentials::Password(_) => "a password",
                    Credentials::Token(_) => "a token (XOAUTH2)",
                },
                offered: clean(&session.capabilities().join(" ")),
            });
        }
    }
    Ok(())
}

async fn login(session: &mut Session, user: &str, secret: &Secret) -> Result<(), CollectError> {
    let command = session.command("LOGIN");
    let command = command
        .string(user.as_bytes())
        .string(secret.expose().as_bytes());
    session.forget_capabilities();
    let reply = session.run(command, |_| Ok(())).await?;
    reply.check_sign_in().map(drop)
}

/// AUTHENTICATE (RFC 9051 §6.2.2), with the initial response where the server takes one (RFC 4959).
async fn authenticate(
    session: &mut Session,
    mechanism: ClientMechanism,
    mut exchange: ClientExchange,
) -> Result<(), CollectError> {
    let mut command = session.command(&format!("AUTHENTICATE {}", mechanism.name()));
    if session.has("SASL-IR")
        && let Some(initial) = exchange.initial_response()
    {
        let initial = if initial.is_empty() { "=" } else { &initial };
        command = command.words(initial);
    }
    session.forget_capabilities();
    let tag = session.start(command).await?;
    let mut explanation = None;
    loop {
        match session.next().await? {
            Next::Ended(reply) if reply.tag == tag => {
                return reply
                    .check_sign_in()
                    .map(drop)
                    .map_err(|error| match error {
                        CollectError::SignIn(said) => {
                            CollectError::SignIn(explained(said, explanation))
                        }
                        other => other,
                    });
            }
            Next::Ended(_) => return Err(CollectError::Protocol("an answer to nothing")),
            Next::Data(Response::Continuation(challenge)) => {
                if mechanism == ClientMechanism::Xoauth2 {
                    explanation = decoded(&challenge).or(explanation);
                }
                match exchange.respond(&challenge) {
                    Ok(answer) => session.say(&answer).await?,
                    // The way to give up (RFC 9051 §6.2.2).
                    Err(_) => session.say("*").await?,
                }
            }
            Next::Data(_) => {}
        }
    }
}

/// Why a token is refused: the server's JSON, as it is.
fn decoded(challenge: &[u8]) -> Option<String> {
    let bytes = STANDARD.decode(challenge.trim_ascii()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    (!text.is_empty()).then(|| clean(&text))
}

fn explained(said: String, explanation: Option<String>) -> String {
    match explanation {
        Some(explanation) => format!("{said} ({explanation})"),
        None => said,
    }
}
