//! UTF8 (RFC 6856 §2.1): the client understands UTF-8. Nothing changes here, because messages are
//! served as they are in any case.

use crate::{
    authorization::Claims,
    reply::Reply,
    session::{End, Session},
};

impl Session<'_> {
    pub(crate) async fn utf8(&mut self, claims: &mut Claims) -> Result<(), End> {
        claims.utf8 = true;
        self.say(Reply::ok("UTF-8 it is")).await
    }
}
