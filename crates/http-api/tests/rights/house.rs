//! Two companies and the operator's own behind the real router, and browsers that are signed in.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    http::{Method, Request, StatusCode},
};
use hikyaku_access::{
    SignIn, SignInPolicy,
    factors::Vault,
    sessions::{self, Client, NewSession, SessionLimits, SessionState, Staying, Token},
};
use hikyaku_blob::SpaceWatch;
use hikyaku_control::{
    Actor, ControlError, Within,
    api_keys::{self, NewKey},
    grants::{self, NewGrant},
    roles::{self, NewRole},
};
use hikyaku_db::{Database, Engine, Lane, params, testing::TestDatabase};
use hikyaku_directory::{
    AccountScope, PlatformScope,
    accounts::{self, NewAccount},
    addresses, domains,
    password::{HashParams, PasswordHash},
    tenants::{self, NewTenant},
};
use hikyaku_dns::testing::FakeResolver;
use hikyaku_http_api::{HttpOptions, Services, Web, network_router};
use hikyaku_mailstore::{Limits, Mailstore};
use hikyaku_net::ClosedZone;
use hikyaku_transport::{Policy, Transport, queue::Operator};
use hikyaku_types::{EmailAddress, Permission, Secret};
use serde_json::Value;
use tower::ServiceExt as _;

use crate::bodies::Ids;

const OPERATOR: PlatformScope = PlatformScope::operator();

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) code: String,
    pub(crate) detail: String,
}

/// A browser that is signed in.
#[derive(Debug, Clone)]
pub(crate) struct Browser(String);

pub(crate) struct House {
    _test: TestDatabase,
    db: Database,
    router: Router,
}

impl House {
    pub(crate) async fn new() -> Self {
        let test = hikyaku_db::testing::fresh(Engine::Sqlite).await;
        let db = test.db.clone();
        let mut policy = SignInPolicy::default();
        policy.hashing.params = HashParams::UNSAFE_FOR_TESTS;
        let sign_in = SignIn::new(db.clone(), policy);
        let transport = Transport::new(db.clone(), Policy::default(), SpaceWatch::elsewhere());
        let services = Services {
            db: db.clone(),
            mailstore: Mailstore::new(db.clone(), Limits::default()),
            queue: Operator::new(transport),
            hashing: sign_in.hash_pool().clone(),
            kept_after_deletion: Duration::from_hours(24 * 30),
            web: Web::new(sign_in, Arc::new(Vault::unsaved()), "mail.example.test"),
            dns: Arc::new(FakeResolver::new()),
        };
        let options = HttpOptions {
            trusted_proxies: ClosedZone::new(vec!["127.0.0.1".parse().unwrap()]),
            requests_per_minute: 0,
            address_requests_per_minute: 0,
            anonymous_requests_per_minute: 0,
            ..Default::default()
        };
        Self {
            _test: test,
            db,
            router: network_router(services, options),
        }
    }

    /// A company with something of every kind.
    pub(crate) async fn company(&self, name: &'static str) -> Ids {
        let made = self.db.write(Lane::Background, move |tx| {
            let console = Actor::console("root");
            let tenant = tenants::create(tx, OPERATOR, &NewTenant::named(name))?;
            let domain_name = format!("{name}.test");
            let domain = domains::create(tx, OPERATOR, tenant, &domain_name.parse().unwrap())?;
            let address: EmailAddress = format!("thing@{domain_name}").parse().unwrap();
            let account = accounts::create(tx, OPERATOR, &NewAccount::person(address.clone()))?;
            let alias: EmailAddress = format!("alias@{domain_name}").parse().unwrap();
            addresses::create_alias(tx, OPERATOR, &alias, &address)?;
            let within = Within::Tenant(tenant.tenant);
            let role = NewRole {
                tenant: Some(tenant.tenant),
                name: "role".to_owned(),
                note: String::new(),
                permissions: vec![Permission::AccountsRead],
            };
            let role = roles::create(tx, &console, &role)?.role;
            let grant = NewGrant {
                account,
                role: role.clone(),
                within,
                expires_at: None,
                note: String::new(),
            };
            let grant = grants::give(tx, &console, &grant)?.grant.id;
            let key = NewKey {
                label: "key".to_owned(),
                within,
                permissions: vec![Permission::AccountsRead],
                networks: Vec::new(),
                expires_at: None,
            };
            let token = api_keys::Token::generate();
            let key = api_keys::create(tx, &console, &key, &token)?.id;
            Ok::<_, ControlError>(Ids {
                tenant: tenant.tenant.to_string(),
                domain: domain.to_string(),
                domain_name,
                account: account.account.to_string(),
                address: address.to_string(),
                role,
                grant: grant.to_string(),
                key: key.to_string(),
                alias: alias.to_string(),
            })
        });
        made.await.unwrap()
    }

    /// Somebody of a company with a role, or none, in a browser that showed a second factor.
    pub(crate) async fn sign_in(&self, company: &Ids, role: Option<&'static str>) -> Browser {
        let local = role.unwrap_or("plain");
        let address: EmailAddress = format!("{local}@{}", company.domain_name).parse().unwrap();
        let password = Secret::from("correct horse");
        let hash = PasswordHash::compute(&password, HashParams::UNSAFE_FOR_TESTS).unwrap();
        let token = Token::random();
        let shown = token.to_secret().expose().to_owned();
        let opened = self.db.write(Lane::Background, move |tx| {
            let new = NewAccount::person(address.clone()).with_password(hash.clone());
            let scope = accounts::create(tx, OPERATOR, &new)?;
            if let Some(role) = role {
                appoint(tx, scope, role)?;
            }
            let credential: i64 = tx.query_one(
                "SELECT version FROM credential WHERE account_id = ?1 AND kind = 'password'",
                params![scope.account],
                |row| row.get(0),
            )?;
            let session = NewSession {
                scope,
                credential,
                token: &token,
                state: SessionState::Complete,
                factor_at: Some(tx.now()),
                client: &Client::new("192.0.2.7".parse().unwrap(), "Firefox/140.0"),
                staying: Staying::WhileOpen,
                limits: SessionLimits::default(),
            };
            sessions::open(tx, &session)?;
            Ok::<_, ControlError>(())
        });
        opened.await.unwrap();
        Browser(shown)
    }

    /// Asks, as a browser behind a proxy that ends TLS.
    pub(crate) async fn ask(
        &self,
        browser: Option<&Browser>,
        method: &Method,
        path: &str,
        body: Option<&Value>,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "mail.example.test")
            .header("x-forwarded-for", "192.0.2.7")
            .header("x-forwarded-proto", "https")
            .header("sec-fetch-site", "same-origin")
            .header("x-hikyaku-request", "1")
            .header("content-type", "application/json");
        if let Some(Browser(token)) = browser {
            request = request.header("cookie", format!("__Host-hikyaku-session={token}"));
        }
        let peer = ClosedZone::default().peer("127.0.0.1:1".parse().unwrap());
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let request = request.extension(peer).body(body).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let is_problem = !status.is_success();
        let mut answer = Answer {
            status,
            code: String::new(),
            detail: String::new(),
        };
        if is_problem {
            let bytes = axum::body::to_bytes(response.into_body(), 1 << 20)
                .await
                .unwrap();
            let problem: Value = serde_json::from_slice(&bytes).unwrap_or_default();
            let text = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
            answer.code = text("code");
            answer.detail = text("detail");
        }
        answer
    }

    /// The document, as everybody reads it.
    pub(crate) async fn document(&self) -> Value {
        let request = Request::builder()
            .uri("/api/v1/openapi.json")
            .header("host", "mail.example.test")
            .header("x-forwarded-for", "192.0.2.7")
            .header("x-forwarded-proto", "https")
            .extension(ClosedZone::default().peer("127.0.0.1:1".parse().unwrap()))
            .body(Body::empty())
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let bytes = axum::body::to_bytes(response.into_body(), 8 << 20)
            .await
            .unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }
}

fn appoint(
    tx: &hikyaku_db::WriteTx<'_>,
    account: AccountScope,
    role: &str,
) -> Result<(), ControlError> {
    let within = if role.starts_with("operator-") {
        Within::Platform
    } else {
        Within::Tenant(account.tenant)
    };
    let new = NewGrant {
        account,
        role: role.to_owned(),
        within,
        expires_at: None,
        note: String::new(),
    };
    grants::give(tx, &Actor::console("root"), &new).map(drop)
}
