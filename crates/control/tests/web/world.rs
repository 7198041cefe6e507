//! A tenant with people, browsers, and the mail that they get.

use std::{sync::Arc, time::Duration};

use hikyaku_access::{
    factors::{Code, Method, TotpSetup, Vault},
    policy::{self, SecurityPolicy},
    sessions::{Client, SessionState, Staying, Token},
};
use hikyaku_control::{
    Actor, ControlError,
    authenticate::Origin,
    factors::{self, Owner},
    session::{self, CodeAnswer, Opened, Opening, ShownCode},
};
use hikyaku_db::{Lane, Tx, WriteTx, params, testing::TestDatabase};
use hikyaku_directory::{
    AccountScope, PlatformScope, TenantScope,
    accounts::{self, NewAccount},
    credentials, domains,
    password::{HashParams, PasswordHash},
    tenants::{self, NewTenant},
};
use hikyaku_types::{EmailAddress, FactorId, Id as _, Secret};
use serde_json::Value;

pub(crate) const OPERATOR: PlatformScope = PlatformScope::operator();
pub(crate) const MINUTE: Duration = Duration::from_mins(1);
pub(crate) const HOUR: Duration = Duration::from_hours(1);
pub(crate) const DAY: Duration = Duration::from_hours(24);
pub(crate) const TICK: Duration = Duration::from_millis(1);
pub(crate) const HOST: &str = "mail.example.test";

/// A browser that nobody has seen before.
pub(crate) fn client() -> Client {
    Client::new("192.0.2.7".parse().unwrap(), "Firefox/140.0 Windows")
}

pub(crate) fn address(text: &str) -> EmailAddress {
    text.parse().unwrap()
}

pub(crate) fn hash(password: &str) -> PasswordHash {
    PasswordHash::compute(&Secret::from(password), HashParams::UNSAFE_FOR_TESTS).unwrap()
}

pub(crate) fn owner(token: &Token) -> Owner {
    Owner {
        token: token.clone(),
        origin: Origin::default(),
    }
}

/// The code of a refusal.
pub(crate) fn code_of(error: &ControlError) -> String {
    match error {
        ControlError::Conflict { code, .. } | ControlError::Throttled { code, .. } => {
            (*code).to_owned()
        }
        ControlError::NotFound { kind } | ControlError::NoSuch { kind, .. } => {
            format!("no_such_{kind}")
        }
        ControlError::Invalid { field, .. } => format!("bad_{field}"),
        other => other.to_string(),
    }
}

/// A notice that waits to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Mailed {
    pub(crate) event: String,
    pub(crate) to: String,
    pub(crate) variables: Value,
}

impl Mailed {
    pub(crate) fn text(&self, name: &str) -> String {
        self.variables[name].as_str().unwrap().to_owned()
    }

    /// The token at the end of its link.
    pub(crate) fn token(&self) -> Token {
        let link = self.text("link");
        Token::parse(link.rsplit('/').next().unwrap()).unwrap()
    }
}

pub(crate) struct World {
    pub(crate) test: TestDatabase,
    pub(crate) vault: Arc<Vault>,
    pub(crate) tenant: TenantScope,
    pub(crate) taro: AccountScope,
}

impl World {
    /// A tenant with `taro@example.test`.
    pub(crate) async fn new(test: TestDatabase) -> Self {
        let tenant = test.db.write(Lane::Mail, |tx| {
            let tenant = tenants::create(tx, OPERATOR, &NewTenant::named("Example"))?;
            domains::create(tx, OPERATOR, tenant, &"example.test".parse().unwrap())?;
            Ok::<_, ControlError>(tenant)
        });
        let tenant = tenant.await.unwrap();
        let placeholder = AccountScope {
            tenant: tenant.tenant,
            account: hikyaku_types::AccountId::from_i64(1),
        };
        let mut world = Self {
            vault: Arc::new(Vault::unsaved()),
            tenant,
            taro: placeholder,
            test,
        };
        world.taro = world.account("taro@example.test").await;
        world
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.test.clock.advance(time);
    }

    pub(crate) async fn write<T: Send + 'static>(
        &self,
        f: impl Fn(&WriteTx<'_>) -> Result<T, ControlError> + Send + 'static,
    ) -> Result<T, ControlError> {
        self.test.db.write(Lane::Mail, f).await
    }

    pub(crate) async fn read<T: Send + 'static>(
        &self,
        f: impl Fn(&Tx<'_>) -> Result<T, ControlError> + Send + 'static,
    ) -> Result<T, ControlError> {
        self.test.db.read(f).await
    }

    pub(crate) async fn account(&self, text: &str) -> AccountScope {
        let new = NewAccount::person(address(text)).with_password(hash("correct horse"));
        let made = self.write(move |tx| Ok(accounts::create(tx, OPERATOR, &new)?));
        made.await.unwrap()
    }

    pub(crate) async fn policy(&self, change: impl Fn(&mut SecurityPolicy)) {
        let tenant = self.tenant;
        let mut policy = SecurityPolicy::default();
        change(&mut policy);
        let stored = self.write(move |tx| {
            policy::store(tx, tenant, &policy).unwrap();
            Ok(())
        });
        stored.await.unwrap();
    }

    pub(crate) async fn grant(&self, scope: AccountScope, role: &str, place: &str) {
        let (role, place) = (role.to_owned(), place.to_owned());
        let granted = self.write(move |tx| {
            let within = match place.as_str() {
                "platform" => hikyaku_control::Within::Platform,
                _ => hikyaku_control::Within::Tenant(scope.tenant),
            };
            let new = hikyaku_control::grants::NewGrant {
                account: scope,
                role: role.clone(),
                within,
                expires_at: None,
                note: String::new(),
            };
            hikyaku_control::grants::give(tx, &Actor::console("root"), &new).map(drop)
        });
        granted.await.unwrap();
    }

    /// Opens a session as if the password had just been checked.
    pub(crate) async fn open(
        &self,
        scope: AccountScope,
        browser: Option<Token>,
        staying: Staying,
    ) -> Result<(Token, Opened), ControlError> {
        let token = Token::random();
        let shown = token.clone();
        let opened = self.write(move |tx| {
            let (version, _) = credentials::password(tx, scope)?.unwrap();
            let opening = Opening {
                scope,
                credential: version.to_i64(),
                token: shown.clone(),
                browser: browser.clone(),
                client: client(),
                staying,
                code: Code::random(),
            };
            session::open(tx, &opening)
        });
        Ok((token, opened.await?))
    }

    /// Signs Taro in as far as the password goes.
    pub(crate) async fn sign_in(&self) -> (Token, SessionState) {
        let opened = self.open(self.taro, None, Staying::WhileOpen).await;
        let (token, opened) = opened.unwrap();
        (token, opened.state)
    }

    /// The state of a session, if it holds.
    pub(crate) async fn state(&self, token: &Token) -> Option<SessionState> {
        let token = token.clone();
        let found = self.read(move |tx| Ok(hikyaku_access::sessions::find(tx, &token)?));
        found.await.unwrap().map(|session| session.state)
    }

    pub(crate) async fn show(
        &self,
        token: &Token,
        method: Method,
        code: &str,
    ) -> Result<(Token, CodeAnswer), ControlError> {
        self.show_and_remember(token, method, code, None).await
    }

    pub(crate) async fn show_and_remember(
        &self,
        token: &Token,
        method: Method,
        code: &str,
        browser: Option<Token>,
    ) -> Result<(Token, CodeAnswer), ControlError> {
        let (from, to, vault) = (token.clone(), Token::random(), self.vault.clone());
        let next = to.clone();
        let shown = ShownCode {
            method,
            code: Secret::from(code),
            browser,
            client: client(),
        };
        let answer = self.write(move |tx| session::show_code(tx, (&from, &next), &vault, &shown));
        Ok((to, answer.await?))
    }

    /// Sets an authenticator up with a session; says the session's next token and the secret.
    pub(crate) async fn add_totp(&self, token: &Token) -> (Token, String) {
        let setup = Arc::new(TotpSetup::new("Example", "taro@example.test"));
        let secret = setup.text.expose().to_owned();
        let id = self.begin_totp(token, setup).await.unwrap();
        let code = self.totp(&secret);
        let next = self.confirm_totp(token, id, &code).await.unwrap();
        (next, secret)
    }

    pub(crate) async fn begin_totp(
        &self,
        token: &Token,
        setup: Arc<TotpSetup>,
    ) -> Result<FactorId, ControlError> {
        let (owner, vault) = (owner(token), self.vault.clone());
        let begun = self.write(move |tx| factors::begin_totp(tx, &owner, &vault, "phone", &setup));
        begun.await
    }

    pub(crate) async fn confirm_totp(
        &self,
        token: &Token,
        id: FactorId,
        code: &str,
    ) -> Result<Token, ControlError> {
        let (owner, vault, to) = (owner(token), self.vault.clone(), Token::random());
        let (next, code) = (to.clone(), Secret::from(code));
        let confirmed =
            self.write(move |tx| factors::confirm_totp(tx, &owner, &next, &vault, (id, &code)));
        confirmed.await?;
        Ok(to)
    }

    /// The code that an authenticator shows now.
    pub(crate) fn totp(&self, secret: &str) -> String {
        let secret = totp_rs::Secret::try_from_base32(secret).unwrap();
        let builder = totp_rs::Builder::new().with_secret(secret);
        let totp = builder.with_account_name("x".to_owned()).build().unwrap();
        let now = u64::try_from(self.test.db.now().seconds()).unwrap();
        totp.generate(now).to_string()
    }

    /// Enters an address for codes, and follows its link.
    pub(crate) async fn add_email(&self, token: &Token, to: &str) {
        self.begin_email(token, to).await.unwrap();
        let link = self.mailed("factor_address_confirm").await.token();
        self.confirm(&link).await.unwrap();
    }

    pub(crate) async fn begin_email(
        &self,
        token: &Token,
        to: &str,
    ) -> Result<FactorId, ControlError> {
        let (owner, to) = (owner(token), address(to));
        let begun =
            self.write(move |tx| factors::begin_email(tx, &owner, &to, &Token::random(), HOST));
        begun.await
    }

    /// Follows a link that confirms an address.
    pub(crate) async fn confirm(&self, link: &Token) -> Result<(), ControlError> {
        let link = link.clone();
        let confirmed = self.write(move |tx| {
            hikyaku_control::recovery::confirm(tx, &link, Origin::default()).map(drop)
        });
        confirmed.await
    }

    /// All that was mailed, the last one last.
    pub(crate) async fn outbox(&self) -> Vec<Mailed> {
        let rows = self.read(|tx| {
            let sql = "SELECT event, address, variables FROM notice_outbox ORDER BY id";
            Ok(tx.query(sql, params![], |row| {
                Ok(Mailed {
                    event: row.get(0)?,
                    to: row.get(1)?,
                    variables: serde_json::from_str(row.text(2)?).unwrap(),
                })
            })?)
        });
        rows.await.unwrap()
    }

    /// The last notice of an event.
    pub(crate) async fn mailed(&self, event: &str) -> Mailed {
        let all = self.outbox().await;
        all.into_iter().rfind(|one| one.event == event).unwrap()
    }

    pub(crate) async fn count(&self, event: &str) -> usize {
        let all = self.outbox().await;
        all.into_iter().filter(|one| one.event == event).count()
    }

    /// Whether the operation log of the tenant has an act.
    pub(crate) async fn logged(&self, action: &str) -> bool {
        let (chain, action) = (self.tenant.tenant, action.to_owned());
        let found = self.read(move |tx| {
            Ok(tx.query_one(
                "SELECT COUNT(*) FROM oplog_entry WHERE chain = ?1 AND action = ?2",
                params![chain, &action],
                |row| row.get::<i64>(0),
            )?)
        });
        found.await.unwrap() > 0
    }

    /// Whether sign-in knows of a second factor: then the main password opens no mail program.
    pub(crate) async fn factor_is_on(&self, scope: AccountScope) -> bool {
        let found = self.read(move |tx| {
            let at: Option<Option<i64>> = tx.query_opt(
                "SELECT second_factor_at FROM account_security
                 WHERE tenant_id = ?1 AND account_id = ?2",
                params![scope.tenant, scope.account],
                |row| row.get(0),
            )?;
            Ok(at.flatten())
        });
        found.await.unwrap().is_some()
    }
}
