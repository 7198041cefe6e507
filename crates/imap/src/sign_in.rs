//! Sign-in, the same for LOGIN and AUTHENTICATE.

use hikyaku_access::{ClientAddress, Protocol, SignInError, SignedIn, Try};
use hikyaku_imap_proto::{Code, Limits as Grammar};
use hikyaku_net::Zone;
use hikyaku_types::Secret;

use crate::{
    capability,
    command::Context,
    reply::{End, Failure, Reply, ReplyCode, Then, chain},
    state::{State, User},
};

/// Passwords travel only where nobody else can read them.
pub(crate) fn check_privacy(context: &Context<'_>) -> Result<(), Reply> {
    if context.wire.connection.allows_plain_passwords() {
        return Ok(());
    }
    let text = if context.wire.connection.offers_tls() {
        "Use STARTTLS before you send a password"
    } else {
        "Passwords are accepted over TLS only"
    };
    Err(Reply::no_with(Code::PrivacyRequired, text))
}

/// Checks a name and a password, and on success changes the state of the session.
pub(crate) async fn sign_in(
    context: &mut Context<'_>,
    state: &mut State,
    login: &str,
    password: &Secret,
) -> Result<Reply, Failure> {
    let client = state.stranger()?.client.clone();
    let peer = context.wire.connection.peer();
    let from = ClientAddress {
        ip: peer.ip(),
        closed_zone: peer.zone == Zone::Closed,
    };
    let wanted = Try {
        login,
        password,
        protocol: Protocol::Imap,
        from,
        client: &client,
    };
    match context.imap.sign_in.attempt(wanted).await {
        Ok(signed_in) => Ok(admit(context, state, &signed_in)),
        Err(error) => refuse(context, state, error).await,
    }
}

fn admit(context: &mut Context<'_>, state: &mut State, signed_in: &SignedIn) -> Reply {
    let imap = context.imap;
    imap.metrics.signed_in();
    let account = signed_in.scope.account;
    let tls = context.wire.connection.tls().is_some();
    tracing::info!(account.id = %account, tls, "signed in");
    context
        .wire
        .set_grammar(Grammar::new(imap.options.limits.message));
    *state = State::SignedIn(User {
        scope: signed_in.scope,
        time_zone: signed_in.account.time_zone.as_str().to_owned(),
        watch: imap.sign_in.watch(signed_in, Protocol::Imap),
    });
    let code = ReplyCode::Capability(capability::after_sign_in(
        context.imap,
        &context.wire.connection,
    ));
    Reply::ok_with(code, "Signed in")
}

async fn refuse(
    context: &mut Context<'_>,
    state: &mut State,
    error: SignInError,
) -> Result<Reply, Failure> {
    let (code, text) = match &error {
        SignInError::Denied => (
            Code::AuthenticationFailed,
            "Wrong user name or password".to_owned(),
        ),
        SignInError::NotAllowed | SignInError::MustChange | SignInError::AppPasswordNeeded => {
            (Code::AuthorizationFailed, error.to_string())
        }
        SignInError::Temporary(source) => {
            tracing::warn!(error = chain(source), "sign-in not possible");
            (
                Code::Unavailable,
                "Temporary failure, try again later".to_owned(),
            )
        }
        _ => (Code::Unavailable, error.to_string()),
    };
    let reply = Reply::no_with(code, text);
    if matches!(error, SignInError::Temporary(_) | SignInError::Busy { .. }) {
        return Ok(reply);
    }
    context.imap.metrics.refused();
    tracing::info!(reason = %error, "sign-in refused");
    fail(context, state, reply).await
}

/// Counts a failed sign-in and lets the client wait for its answer.
pub(crate) async fn fail(
    context: &mut Context<'_>,
    state: &mut State,
    reply: Reply,
) -> Result<Reply, Failure> {
    let limits = context.imap.options.limits;
    let stranger = state.stranger()?;
    stranger.failures += 1;
    let too_many = stranger.failures >= limits.failed_sign_ins;
    let pause = tokio::time::sleep(limits.failure_delay);
    context.wire.while_connected(pause).await?;
    if too_many {
        return Ok(reply.then(Then::Close(Some("Too many failed sign-ins"))));
    }
    Ok(reply)
}

/// Looks whether the sign-in still holds: after a change of the account or its tenant only.
pub(crate) async fn check_account(user: &mut User) -> Result<(), Failure> {
    if user.watch.holds().await {
        Ok(())
    } else {
        Err(End::Revoked.into())
    }
}
