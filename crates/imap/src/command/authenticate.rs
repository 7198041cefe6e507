//! AUTHENTICATE (RFC 3501 §6.2.2).

use hikyaku_imap_proto::{Authenticate, Event};
use hikyaku_sasl::{Credentials, Exchange, SaslError, Step};

use super::Context;
use crate::{
    capability::MECHANISMS,
    reply::{End, Failure, Reply},
    sign_in,
    state::State,
    wire::Patience,
};

pub(crate) async fn run(
    context: &mut Context<'_>,
    state: &mut State,
    authenticate: &Authenticate,
) -> Result<Reply, Failure> {
    let deadline = state.stranger()?.deadline;
    let known = MECHANISMS
        .iter()
        .find(|(known, _)| known.name() == authenticate.mechanism);
    let Some((mechanism, _)) = known else {
        return Ok(Reply::no("This mechanism is not on offer"));
    };
    sign_in::check_privacy(context)?;
    let begun = Exchange::begin(*mechanism, authenticate.initial.as_deref());
    let (mut exchange, mut step) = begun.map_err(refusal)?;
    loop {
        match step {
            Step::Done(Credentials { login, password }) => {
                return sign_in::sign_in(context, state, &login, &password).await;
            }
            Step::Challenge(base64) => {
                context.wire.out.challenge(&base64);
                context.wire.send().await?;
                let line = response(context, Patience::Until(deadline)).await?;
                step = exchange.respond(&line).map_err(refusal)?;
            }
        }
    }
}

/// The client's next line.
async fn response(context: &mut Context<'_>, patience: Patience) -> Result<Vec<u8>, Failure> {
    context.wire.expect_line();
    match context.wire.event(patience).await? {
        Event::Line(line) => Ok(line),
        Event::Refused(refusal) => Err(Reply::from(&refusal).into()),
        _ => Err(End::Overflow.into()),
    }
}

/// RFC 3501 §6.2.2: a cancelled or unreadable exchange is BAD.
fn refusal(error: SaslError) -> Reply {
    match error {
        SaslError::OtherIdentity => Reply::no(error.to_string()),
        error => Reply::bad(error.to_string()),
    }
}
