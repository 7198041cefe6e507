//! STLS (RFC 2595 §4): the session begins anew under TLS.

use hikyaku_net::StartTlsError;

use crate::{
    authorization::Claims,
    reply::{Code, Reply},
    session::{End, Session},
};

impl Session<'_> {
    pub(crate) async fn stls(&mut self, claims: &mut Claims) -> Result<(), End> {
        if !self.connection.offers_tls() {
            let text = match self.connection.tls() {
                Some(_) => "TLS is on already",
                None => "TLS is not available here",
            };
            return self.say(Reply::err(Code::None, text)).await;
        }
        // RFC 6856 §2.1: UTF8 comes after STLS, not before.
        if claims.utf8 {
            return self
                .say(Reply::err(Code::None, "too late after UTF8"))
                .await;
        }
        // What came behind STLS came in plain text, perhaps from somebody else.
        let octets = self.connection.buffered().len();
        if octets > 0 {
            return Err(End::StartTls(StartTlsError::Injected { octets }));
        }
        self.say(Reply::ok("begin TLS now")).await?;
        let timeout = self.pop3.options.limits.handshake;
        self.connection
            .start_tls(timeout)
            .await
            .map_err(End::StartTls)?;
        // Nothing that was said in plain text counts any more.
        claims.user = None;
        Ok(())
    }
}
