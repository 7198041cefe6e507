//! AUTH (RFC 5034): PLAIN, with or without an initial response.

use hikyaku_sasl::{Exchange, Mechanism, Step};

use super::Refused;
use crate::{
    authorization::Claims,
    limits::MAX_SIGN_IN_OCTETS,
    lock::MaildropLock,
    maildrop::Maildrop,
    reply::{Code, Reply},
    session::{End, Session},
};

/// The mechanisms offered, in the order of preference.
pub(super) const MECHANISMS: [Mechanism; 1] = [Mechanism::Plain];

impl Session<'_> {
    pub(crate) async fn auth(
        &mut self,
        claims: &mut Claims,
        mechanism: Option<&str>,
        initial: Option<&[u8]>,
    ) -> Result<Option<(Maildrop, MaildropLock)>, End> {
        if !self.connection.allows_plain_passwords() {
            self.say(Refused::NotEncrypted.into()).await?;
            return Ok(None);
        }
        let Some(mechanism) = mechanism else {
            self.list_mechanisms().await?;
            return Ok(None);
        };
        let offered = Mechanism::from_name(mechanism).filter(|m| MECHANISMS.contains(m));
        let Some(mechanism) = offered else {
            self.bad_command(Reply::err(Code::None, "unknown mechanism"))
                .await?;
            return Ok(None);
        };
        let mut step = Exchange::begin(mechanism, initial);
        loop {
            match step {
                Ok((_, Step::Done(credentials))) => {
                    let (login, password) = (&credentials.login, &credentials.password);
                    return self.sign_in(claims, login, password).await;
                }
                Ok((mut exchange, Step::Challenge(challenge))) => {
                    let line = format!("+ {challenge}\r\n");
                    self.connection.write(line.as_bytes()).await?;
                    let idle = self.pop3.options.limits.idle_before_sign_in;
                    let answer = self.next_line(MAX_SIGN_IN_OCTETS, idle, None).await?;
                    step = exchange.respond(&answer).map(|step| (exchange, step));
                }
                Err(error) => {
                    self.say(Reply::err(Code::None, error.to_string())).await?;
                    return Ok(None);
                }
            }
        }
    }

    /// Before CAPA existed, clients asked with a bare AUTH.
    async fn list_mechanisms(&mut self) -> Result<(), End> {
        self.say(Reply::ok("mechanisms follow")).await?;
        for mechanism in MECHANISMS {
            let line = format!("{mechanism}\r\n");
            self.connection.write(line.as_bytes()).await?;
        }
        Ok(self.connection.write(b".\r\n").await?)
    }
}
