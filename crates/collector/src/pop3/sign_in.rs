//! Signing in: AUTH (RFC 5034) where it is better than USER and PASS, or where a token asks for it.

use hikyaku_sasl::{ClientExchange, ClientMechanism};

use crate::{CollectError, Credentials, error::clean, job::Job, limits::POP_LINE_MAX};

use super::session::{Reply, Session};

/// Signs in.
pub(super) async fn sign_in(session: &mut Session, job: &Job) -> Result<(), CollectError> {
    let mechanisms: &[ClientMechanism] = match &job.credentials {
        Credentials::Token(_) => &[ClientMechanism::Xoauth2],
        // Where others may listen, the way that does not tell the password comes first.
        Credentials::Password(_) if !session.is_secret() => {
            &[ClientMechanism::CramMd5, ClientMechanism::Plain]
        }
        Credentials::Password(_) => &[ClientMechanism::Plain],
    };
    let chosen = mechanisms
        .iter()
        .find(|mechanism| session.has_mechanism(mechanism.name()));
    match (chosen, &job.credentials) {
        (Some(mechanism), Credentials::Password(secret) | Credentials::Token(secret)) => {
            let exchange = ClientExchange::new(*mechanism, &job.user, secret);
            auth(session, *mechanism, exchange).await
        }
        (None, Credentials::Password(secret)) => {
            let (user, password) = (job.user.as_str(), secret.expose());
            if [user, password]
                .iter()
                .any(|text| text.contains(['\r', '\n']))
            {
                let said = "a name or password with a line end cannot be sent".to_owned();
                return Err(CollectError::SignIn(said));
            }
            session.say(&format!("USER {user}")).await?;
            session.reply().await?.check_sign_in()?;
            let line = zeroize::Zeroizing::new(format!("PASS {password}"));
            session.say(&line).await?;
            session.reply().await?.check_sign_in()
        }
        (None, Credentials::Token(_)) => Err(CollectError::NoMechanism {
            with: "a token (XOAUTH2)",
            offered: clean(&session.capabilities().join(", ")),
        }),
    }
}

async fn auth(
    session: &mut Session,
    mechanism: ClientMechanism,
    mut exchange: ClientExchange,
) -> Result<(), CollectError> {
    // Without an initial response: some servers take none, and all ask for it then.
    session.say(&format!("AUTH {}", mechanism.name())).await?;
    loop {
        let line = session.line(POP_LINE_MAX).await?;
        if let Some(challenge) = line.strip_prefix(b"+ ").or((line == b"+").then_some(&[])) {
            match exchange.respond(challenge) {
                Ok(answer) => session.say(&answer).await?,
                Err(_) => session.say("*").await?,
            }
            continue;
        }
        let said = String::from_utf8_lossy(&line);
        return if line.starts_with(b"+OK") {
            Ok(())
        } else if let Some(said) = said.strip_prefix("-ERR") {
            Reply::Err(said.trim().to_owned()).check_sign_in()
        } else {
            Err(CollectError::Protocol("neither +OK nor -ERR"))
        };
    }
}
