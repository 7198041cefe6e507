//! From credentials to a mailbox: what PASS and AUTH have in common.

use hikyaku_access::{ClientAddress, Protocol, SignInError};
use hikyaku_directory::AccountScope;
use hikyaku_net::Zone;
use hikyaku_types::Secret;
use tokio::time::sleep;

use super::failure;
use crate::{
    authorization::Claims,
    lock::MaildropLock,
    maildrop::Maildrop,
    reply::{Code, Reply},
    session::{End, Session},
};

impl Session<'_> {
    /// Asks the sign-in service, takes the mailbox and answers. `None` when the client may try
    /// again.
    pub(super) async fn sign_in(
        &mut self,
        claims: &mut Claims,
        login: &str,
        password: &Secret,
    ) -> Result<Option<(Maildrop, MaildropLock)>, End> {
        let from = ClientAddress {
            ip: self.connection.peer().ip(),
            closed_zone: self.connection.zone() == Zone::Closed,
        };
        let service = &self.pop3.sign_in;
        match service.sign_in(login, password, Protocol::Pop3, from).await {
            Ok(signed_in) => {
                let watch = service.watch(&signed_in, Protocol::Pop3);
                let opened = self.open(signed_in.scope).await?;
                self.watch = opened.is_some().then_some(watch);
                Ok(opened)
            }
            Err(error) => {
                self.refuse(claims, &error).await?;
                Ok(None)
            }
        }
    }

    /// Takes the mailbox and reads what is in it.
    async fn open(&mut self, scope: AccountScope) -> Result<Option<(Maildrop, MaildropLock)>, End> {
        let limits = &self.pop3.options.limits;
        let lock = self
            .pop3
            .locks
            .acquire_in(
                self.pop3.mail.db(),
                scope.account,
                limits.lock_patience,
                limits.lock_idle,
            )
            .await;
        let lock = match lock {
            Ok(lock) => lock,
            Err(error) => {
                self.say(failure(&error.into(), "sign-in")).await?;
                return Ok(None);
            }
        };
        let Some(lock) = lock else {
            self.pop3.metrics.was_in_use();
            let reply = Reply::err(Code::InUse, "another session has this mailbox");
            self.say(reply).await?;
            return Ok(None);
        };
        let maildrop = match Maildrop::open(&self.pop3.mail, scope, limits.messages).await {
            Ok(maildrop) => maildrop,
            Err(error) => {
                self.say(failure(&error, "sign-in")).await?;
                return Ok(None);
            }
        };
        self.pop3.metrics.signed_in();
        let (messages, octets) = maildrop.totals();
        let tls = self.connection.tls().map(|tls| tls.version);
        tracing::info!(account.id = %scope.account, messages, tls, "POP3 mailbox opened");
        let reply = Reply::ok(format!("{messages} messages ({octets} octets)"));
        self.say(reply).await?;
        Ok(Some((maildrop, lock)))
    }

    /// Answers a failed sign-in, after a pause.
    async fn refuse(&mut self, claims: &mut Claims, error: &SignInError) -> Result<(), End> {
        let reply = match error {
            SignInError::Denied
            | SignInError::NotAllowed
            | SignInError::MustChange
            | SignInError::AppPasswordNeeded => {
                self.pop3.metrics.refused();
                Reply::err(Code::Auth, error.to_string())
            }
            SignInError::Temporary(_) => {
                Reply::err(Code::SysTemp, "sign-in is not possible at this moment")
            }
            _ => Reply::err(Code::SysTemp, error.to_string()),
        };
        let limits = &self.pop3.options.limits;
        claims.failures += 1;
        let is_last = claims.failures >= limits.failed_sign_ins;
        sleep(limits.failure_delay).await;
        self.say(reply).await?;
        if is_last {
            return Err(End::FailedSignIns);
        }
        Ok(())
    }
}
