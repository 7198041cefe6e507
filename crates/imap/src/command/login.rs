//! LOGIN (RFC 3501 §6.2.3).

use hikyaku_imap_proto::{Code, Login};
use hikyaku_types::Secret;

use super::Context;
use crate::{
    reply::{Failure, Reply},
    sign_in,
    state::State,
};

pub(crate) async fn run(
    context: &mut Context<'_>,
    state: &mut State,
    login: Login,
) -> Result<Reply, Failure> {
    state.stranger()?;
    sign_in::check_privacy(context)?;
    let password = Secret::from_utf8(login.password.into_inner());
    let (Ok(user), Ok(password)) = (String::from_utf8(login.user), password) else {
        // Names and passwords are UTF-8: these are nobody's.
        let reply = Reply::no_with(Code::AuthenticationFailed, "Wrong user name or password");
        return sign_in::fail(context, state, reply).await;
    };
    sign_in::sign_in(context, state, &user, &password).await
}
