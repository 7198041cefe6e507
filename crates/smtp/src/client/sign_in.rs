//! AUTH at a smart host (RFC 4954).

use std::time::Duration;

use hikyaku_sasl::{ClientExchange, ClientMechanism};
use hikyaku_smtp_proto::client::auth;
use hikyaku_transport::queue::TroubleKind;
use hikyaku_types::Secret;
use zeroize::Zeroizing;

use super::{Login, failure::Failure, read_secret, remote::Remote};

/// Steps of one exchange at most; no mechanism of ours has as many.
const MAX_STEPS: usize = 5;

/// Signs in. Every failure is one that time may heal: a wrong password is for the operator to put
/// right, and must not send everybody's mail back.
pub(super) async fn sign_in(
    remote: &mut Remote,
    login: &Login,
    limit: Duration,
) -> Result<(), Failure> {
    let secret = secret(remote, login).await?;
    let Some(mechanism) = mechanism(remote, login) else {
        let offered = remote.extensions.auth.join(" ");
        let words = format!("the host offers no way to sign in that we know: AUTH {offered}");
        return Err(auth_failure(remote).saying(words));
    };
    let mut exchange = ClientExchange::new(mechanism, &login.name, &secret);
    let initial = exchange.initial_response();
    let line = Zeroizing::new(auth(
        mechanism.name(),
        initial.as_ref().map(|text| text.as_str()),
    ));
    let mut reply = remote.command(&line, limit).await?;
    for _ in 0..MAX_STEPS {
        if reply.is_success() {
            return Ok(());
        }
        if !reply.is_intermediate() {
            let failure = Failure::refused(TroubleKind::Auth, &reply).passing();
            return Err(failure.by(&remote.host).stop());
        }
        let challenge = reply.lines().first().map_or("", String::as_str);
        let Ok(answer) = exchange.respond(challenge.as_bytes()) else {
            break;
        };
        let line = Zeroizing::new([answer.as_bytes(), b"\r\n"].concat());
        reply = remote.command(&line, limit).await?;
    }
    remote.give_up();
    let words = "the host asks for more than the mechanism has".to_owned();
    Err(auth_failure(remote).saying(words))
}

fn auth_failure(remote: &Remote) -> Failure {
    Failure::now(TroubleKind::Auth, "4.7.8")
        .by(&remote.host)
        .stop()
}

async fn secret(remote: &Remote, login: &Login) -> Result<Secret, Failure> {
    let path = login.secret_file.clone();
    let words = match tokio::task::spawn_blocking(move || read_secret(&path)).await {
        Ok(Ok(secret)) => return Ok(secret),
        Ok(Err(error)) => {
            tracing::error!(%error, "the password of the smart host");
            "this server cannot read its password for the smart host"
        }
        Err(_) => "this server is stopping",
    };
    Err(auth_failure(remote).saying(words.to_owned()))
}

/// The mechanism of the configuration, or the first of PLAIN and LOGIN that the host offers.
fn mechanism(remote: &Remote, login: &Login) -> Option<ClientMechanism> {
    let known = [ClientMechanism::Plain, ClientMechanism::Login];
    let usual = || {
        known
            .into_iter()
            .find(|mechanism| remote.extensions.offers_auth(mechanism.name()))
    };
    login.mechanism.or_else(usual)
}
