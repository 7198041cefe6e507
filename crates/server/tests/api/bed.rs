//! A store with its API, and clients of it.

use std::{path::Path, sync::Arc};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode},
};
use hikyaku_control::{
    Actor, Within,
    api_keys::{self, NewKey},
    roles,
};
use hikyaku_db::{
    Engine, Lane, ManualClock, Target,
    testing::{self, START, TestGuard},
};
use hikyaku_server::{Store, StoreOptions, config::Config};
use hikyaku_types::{Permission, TenantId};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

/// An open store and both faces of its API.
pub(crate) struct Bed {
    pub(crate) store: Store,
    pub(crate) clock: Arc<ManualClock>,
    console: Router,
    network: Router,
    _guard: TestGuard,
    _folder: TempDir,
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// Somebody who asks.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    router: Router,
    headers: Vec<(&'static str, String)>,
}

impl Bed {
    /// A fresh one.
    pub(crate) async fn new(engine: Engine) -> Self {
        Self::with(engine, "").await
    }

    /// A fresh one with more lines in `[http]`, which trusts the proxy in front.
    pub(crate) async fn with(engine: Engine, http: &str) -> Self {
        let http = format!("trusted_proxies = [\"127.0.0.1\"]\n{http}");
        Self::open(engine, &http).await
    }

    /// A fresh one with these lines in `[http]` and no others.
    pub(crate) async fn untrusting(http: &str) -> Self {
        Self::open(Engine::Sqlite, http).await
    }

    async fn open(engine: Engine, http: &str) -> Self {
        let guard = testing::place(engine);
        let folder = TempDir::new().unwrap();
        let url = match guard.target() {
            Target::Sqlite { path } => format!("sqlite:{}", path.display()),
            Target::Postgres { url } => url,
        };
        let config = config(&url, http, folder.path());
        let clock = Arc::new(ManualClock::new(START));
        let options = StoreOptions {
            clock: Arc::clone(&clock) as _,
            ..StoreOptions::default()
        };
        let store = Store::open_with(config, "a test", options).await.unwrap();
        Self {
            console: store.control_api(),
            network: store.network_api(),
            store,
            clock,
            _guard: guard,
            _folder: folder,
        }
    }

    /// The operator at the machine.
    pub(crate) fn console(&self) -> Client {
        Client {
            router: self.console.clone(),
            headers: Vec::new(),
        }
    }

    /// Somebody on the network over HTTPS whom nobody knows, behind the proxy of the configuration.
    pub(crate) fn stranger(&self) -> Client {
        Client {
            router: self.network.clone(),
            headers: Vec::new(),
        }
        .with("x-forwarded-proto", "https")
    }

    /// Somebody on the network over plain HTTP.
    pub(crate) fn plain(&self) -> Client {
        Client {
            router: self.network.clone(),
            headers: Vec::new(),
        }
    }

    /// A new API key of a tenant that may do everything that keys may do there.
    pub(crate) async fn tenant_key(&self, tenant: &str) -> String {
        let tenant: TenantId = tenant.parse().unwrap();
        // What neither keys nor anything within a tenant may hold.
        let never = [api_keys::NEVER_IN_KEYS, roles::PLATFORM_ONLY].concat();
        let all = Permission::ALL.iter().filter(|one| !never.contains(one));
        let new = NewKey {
            label: "all".to_owned(),
            within: Within::Tenant(tenant),
            permissions: all.copied().collect(),
            networks: Vec::new(),
            expires_at: None,
        };
        let token = api_keys::Token::generate();
        let text = token.secret().expose().to_owned();
        let made = self.store.database().write(Lane::Background, move |tx| {
            api_keys::create(tx, &Actor::console("root"), &new, &token)
        });
        made.await.unwrap();
        text
    }

    /// A program with an API key.
    pub(crate) fn key(&self, token: &str) -> Client {
        self.stranger()
            .with("authorization", &format!("Bearer {token}"))
    }

    /// A tenant with a domain of its own.
    pub(crate) async fn tenant(&self, name: &str, domain: &str) -> Value {
        let console = self.console();
        let made = console
            .post("/api/v1/tenants", json!({ "name": name }))
            .await;
        let tenant = made.expect(StatusCode::CREATED).json();
        let domain = json!({ "name": domain, "tenant": name });
        let made = console.post("/api/v1/domains", domain).await;
        made.expect(StatusCode::CREATED);
        tenant
    }
}

fn config(url: &str, http: &str, folder: &Path) -> Config {
    let text = format!(
        "hostname = \"mail.example.test\"\n\
         [database]\nurl = \"{url}\"\nconnections = 4\n\
         [tls]\ncertificate = \"none.pem\"\nkey = \"none.pem\"\n\
         [http]\n{http}\n\
         [listen]\n"
    );
    Config::parse(&text, folder).unwrap()
}

impl Client {
    /// The same with one more header.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// A request with any body.
    pub(crate) async fn send(&self, method: Method, path: &str, body: Vec<u8>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let request = request.body(Body::from(body)).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: to_bytes(body, usize::MAX).await.unwrap().to_vec(),
        }
    }

    /// A request with a JSON body.
    pub(crate) async fn json(&self, method: Method, path: &str, body: &Value) -> Answer {
        let client = self.clone().with("content-type", "application/json");
        client
            .send(method, path, body.to_string().into_bytes())
            .await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, Vec::new()).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.json(Method::POST, path, &body).await
    }
}

impl Answer {
    /// The body as JSON; null when it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The code of the problem; empty when it is none.
    pub(crate) fn code(&self) -> String {
        let kind = self.header("content-type");
        if kind != "application/problem+json" {
            return String::new();
        }
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// A header as text; empty when it is missing.
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// Checks the status.
    #[track_caller]
    pub(crate) fn expect(self, status: StatusCode) -> Self {
        let text = String::from_utf8_lossy(&self.body);
        assert_eq!(self.status, status, "{text}");
        self
    }

    /// Checks that it is this problem.
    #[track_caller]
    pub(crate) fn refused(self, status: u16, code: &str) -> Self {
        let text = String::from_utf8_lossy(&self.body);
        assert_eq!(
            (self.status.as_u16(), self.code().as_str()),
            (status, code),
            "{text}"
        );
        self
    }
}
