//! AUTH (RFC 4954 §4).

use hikyaku_access::{ClientAddress, Protocol, SignInError};
use hikyaku_net::{ReadError, Zone};
use hikyaku_sasl::{Credentials, Exchange, Mechanism, SaslError, Step};
use hikyaku_smtp_proto::{Reply, command::Auth, reply::table};

use crate::session::{Ending, Session, Submitter};

/// Leads the exchange and signs the client in.
pub(super) async fn run(session: &mut Session, auth: Auth) -> Result<(), Ending> {
    let Some(mechanism) = Mechanism::from_name(&auth.mechanism) else {
        return session.bad_command(&table::unknown_mechanism(&auth)).await;
    };
    match exchange(session, mechanism, &auth).await? {
        Ok(credentials) => sign_in(session, &credentials).await,
        Err(error) => failed(session, &malformed(error)).await,
    }
}

/// Asks until there are credentials.
async fn exchange(
    session: &mut Session,
    mechanism: Mechanism,
    auth: &Auth,
) -> Result<Result<Credentials, SaslError>, Ending> {
    let initial = auth
        .initial
        .as_ref()
        .map(|initial| initial.expose().as_bytes());
    let (mut exchange, mut step) = match Exchange::begin(mechanism, initial) {
        Ok(begun) => begun,
        Err(error) => return Ok(Err(error)),
    };
    loop {
        match step {
            Step::Done(credentials) => return Ok(Ok(credentials)),
            Step::Challenge(text) => session.say(&table::challenge(text)).await?,
        }
        let line = match session.read_line().await {
            Ok(line) => line,
            Err(ReadError::LineTooLong(_)) => return Ok(Err(SaslError::TooLong)),
            Err(ReadError::BareLineEnd) => return Ok(Err(SaslError::BadBase64)),
            Err(error) => return Err(Ending::from(error)),
        };
        step = match exchange.respond(&line) {
            Ok(step) => step,
            Err(error) => return Ok(Err(error)),
        };
    }
}

async fn sign_in(session: &mut Session, credentials: &Credentials) -> Result<(), Ending> {
    let from = ClientAddress {
        ip: session.connection.peer().ip(),
        closed_zone: session.connection.zone() == Zone::Closed,
    };
    let service = session.shared.rooms.sign_in.clone();
    let signing_in = service.sign_in(
        &credentials.login,
        &credentials.password,
        Protocol::Smtp,
        from,
    );
    match signing_in.await {
        Ok(signed_in) => {
            session.shared.metrics.signed_in.count();
            session.tally.idle_commands = 0;
            session.account = Some(Submitter {
                watch: service.watch(&signed_in, Protocol::Smtp),
                scope: signed_in.scope,
            });
            session.flow.signed_in();
            session.say(&table::signed_in()).await
        }
        Err(error) => failed(session, &refusal(&error)).await,
    }
}

/// Answers a failed sign-in and counts it.
async fn failed(session: &mut Session, reply: &Reply) -> Result<(), Ending> {
    session.shared.metrics.failed_sign_ins.count();
    session.tally.failed_sign_ins += 1;
    session.say(reply).await?;
    if session.tally.failed_sign_ins >= session.shared.options.limits.max_failed_sign_ins {
        return Err(session.cut_off());
    }
    Ok(())
}

fn refusal(error: &SignInError) -> Reply {
    match error {
        SignInError::Denied => table::bad_credentials(),
        SignInError::NotAllowed => table::sign_in_not_allowed(),
        SignInError::MustChange => table::password_must_change(),
        SignInError::AppPasswordNeeded => table::app_password_needed(),
        SignInError::Throttled { .. } => table::sign_in_throttled(),
        _ => table::sign_in_unavailable(),
    }
}

fn malformed(error: SaslError) -> Reply {
    match error {
        SaslError::Cancelled => table::auth_cancelled(),
        SaslError::TooLong => table::auth_too_long(),
        SaslError::BadBase64 | SaslError::NotUtf8 | SaslError::Malformed => table::auth_malformed(),
        // Empty and endless names and passwords, and acting as others: as wrong as wrong ones.
        _ => table::bad_credentials(),
    }
}
