//! USER (RFC 1939 §7): the first half of a plain sign-in.

use super::Refused;
use crate::{
    authorization::Claims,
    reply::Reply,
    session::{End, Session},
};

impl Session<'_> {
    /// Every name is welcome: which ones exist is not told.
    pub(crate) async fn user(&mut self, claims: &mut Claims, name: &str) -> Result<(), End> {
        if !self.connection.allows_plain_passwords() {
            return self.say(Refused::NotEncrypted.into()).await;
        }
        claims.user = Some(name.to_owned());
        self.say(Reply::ok("send PASS")).await
    }
}
