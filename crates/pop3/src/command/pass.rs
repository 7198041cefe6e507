//! PASS (RFC 1939 §7): the second half of a plain sign-in.

use hikyaku_types::Secret;

use super::Refused;
use crate::{
    authorization::Claims,
    lock::MaildropLock,
    maildrop::Maildrop,
    reply::{Code, Reply},
    session::{End, Session},
};

impl Session<'_> {
    pub(crate) async fn pass(
        &mut self,
        claims: &mut Claims,
        password: &Secret,
    ) -> Result<Option<(Maildrop, MaildropLock)>, End> {
        if !self.connection.allows_plain_passwords() {
            self.say(Refused::NotEncrypted.into()).await?;
            return Ok(None);
        }
        // After a failure USER has to come again (RFC 1939 §7).
        let Some(user) = claims.user.take() else {
            self.say(Reply::err(Code::None, "send USER first")).await?;
            return Ok(None);
        };
        self.sign_in(claims, &user, password).await
    }
}
