//! Signing in on the web, as a browser does it.

use axum::http::{Method, StatusCode};
use hikyaku_db::{DbError, Engine, Hint, params};
use serde_json::{Value, json};

use crate::bed::{Answer, Bed, Client};

const PASSWORD: &str = "purple monkey dishwasher 17";
const SESSION: &str = "/api/v1/session";

/// A browser with its cookies.
struct Browser<'a> {
    bed: &'a Bed,
    cookies: Vec<(String, String)>,
}

impl<'a> Browser<'a> {
    fn new(bed: &'a Bed) -> Self {
        Self {
            bed,
            cookies: Vec::new(),
        }
    }

    fn client(&self) -> Client {
        let jar: Vec<String> = self
            .cookies
            .iter()
            .map(|(k, v)| format!("{k}={v}"))
            .collect();
        let client = self
            .bed
            .stranger()
            .with("sec-fetch-site", "same-origin")
            .with("x-hikyaku-request", "1")
            .with(
                "user-agent",
                "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Firefox/140.0",
            );
        if jar.is_empty() {
            client
        } else {
            client.with("cookie", &jar.join("; "))
        }
    }

    fn keep(&mut self, answer: Answer) -> Answer {
        for value in answer.headers.get_all("set-cookie") {
            let text = value.to_str().unwrap();
            for mark in ["__Host-", "Secure", "HttpOnly", "SameSite=Strict", "Path=/"] {
                assert!(text.contains(mark), "{text}");
            }
            let (name, rest) = text.split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            if !text.contains("Max-Age=0") {
                let value = rest.split(';').next().unwrap();
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        answer
    }

    async fn post(&mut self, path: &str, body: Value) -> Answer {
        let answer = self.client().post(path, body).await;
        self.keep(answer)
    }

    async fn delete(&mut self, path: &str) -> Answer {
        let answer = self.client().send(Method::DELETE, path, Vec::new()).await;
        self.keep(answer)
    }

    async fn sign_in(&mut self, password: &str) -> Answer {
        let body = json!({ "login": "taro%example.test", "password": password });
        self.post(SESSION, body).await
    }
}

/// A tenant with Taro in it.
async fn bed(engine: Engine) -> Bed {
    let bed = Bed::new(engine).await;
    bed.tenant("Example", "example.test").await;
    let account = json!({ "address": "taro@example.test", "password": PASSWORD });
    let made = bed.console().post("/api/v1/accounts", account).await;
    made.expect(StatusCode::CREATED);
    bed
}

/// The variables of the last notice of an event.
async fn mailed(bed: &Bed, event: &'static str) -> Option<Value> {
    let found = bed.store.database().read(move |tx| {
        tx.query_opt(
            "SELECT variables FROM notice_outbox WHERE event = ?1 ORDER BY id DESC LIMIT 1",
            params![event],
            |row| row.get::<String>(0),
        )
    });
    let found: Result<_, DbError> = found.await;
    found
        .unwrap()
        .map(|text| serde_json::from_str(&text).unwrap())
}

/// The last part of the link in a notice.
fn token_in(variables: &Value) -> String {
    let link = variables["link"].as_str().unwrap();
    link.rsplit('/').next().unwrap().to_owned()
}

hikyaku_db::on_both_engines! {
    /// From the password over an address for codes to a remembered browser.
    async fn a_browser_signs_in_with_a_second_factor(test: TestDatabase) {
        let bed = bed(test.db.engine()).await;
        let mut browser = Browser::new(&bed);
        let wrong = browser.sign_in("something else").await;
        assert_eq!((wrong.status, wrong.code().as_str()),
            (StatusCode::UNAUTHORIZED, "sign_in_denied"));
        let done = browser.sign_in(PASSWORD).await.expect(StatusCode::OK);
        assert_eq!(done.json(), json!({}));
        let who = browser.client().get(SESSION).await.expect(StatusCode::OK).json();
        assert_eq!(who["address"], "taro@example.test");
        assert_eq!(who["surfaces"], json!(["mail", "account"]));

        let own = json!({ "address": "taro@example.test", "repeat": "taro@example.test" });
        let own = browser.post("/api/v1/me/factors/email", own).await;
        assert_eq!(own.code(), "bad_field");
        let other = json!({ "address": "t@else.test", "repeat": "t@else.test" });
        let begun = browser.post("/api/v1/me/factors/email", other).await;
        begun.expect(StatusCode::ACCEPTED);
        let link = token_in(&mailed(&bed, "factor_address_confirm").await.unwrap());
        let path = format!("/api/v1/confirmations/{link}");
        let mut phone = Browser::new(&bed);
        let seen = phone.client().get(&path).await.expect(StatusCode::OK).json();
        assert_eq!(seen["kind"], "factor_address");
        phone.post(&path, json!({})).await.expect(StatusCode::OK);
        assert_eq!(phone.post(&path, json!({})).await.code(), "link_used");

        browser.delete(SESSION).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(browser.client().get(SESSION).await.status, StatusCode::UNAUTHORIZED);
        let owed = browser.sign_in(PASSWORD).await.expect(StatusCode::OK).json();
        assert_eq!(owed, json!({ "next": "factor", "mailed_to": "t…@else.test" }));
        let early = browser.client().get("/api/v1/me/sessions").await;
        assert_eq!(early.code(), "no_such_session");
        let accounts = browser.client().get("/api/v1/accounts").await;
        assert_eq!(accounts.code(), "sign_in_incomplete");
        let code = mailed(&bed, "factor_code").await.unwrap()["code"].clone();
        let wrong = json!({ "method": "totp", "code": code, "remember": true });
        let path = "/api/v1/session/factor";
        assert_eq!(browser.post(path, wrong).await.code(), "wrong_code");
        let right = json!({ "method": "email", "code": code, "remember": true });
        let done = browser.post(path, right).await.expect(StatusCode::OK);
        assert_eq!(done.json(), json!({}));
        assert_eq!(browser.cookies.len(), 2);
        let listed = browser.client().get("/api/v1/me/sessions").await.expect(StatusCode::OK);
        assert_eq!(listed.json()["items"].as_array().unwrap().len(), 1);
        assert_eq!(listed.json()["items"][0]["device"], "Firefox, Windows");

        browser.delete(SESSION).await;
        let again = browser.sign_in(PASSWORD).await.expect(StatusCode::OK);
        assert_eq!(again.json(), json!({}), "remembered");
        let remembered = browser.client().get("/api/v1/me/browsers").await.json();
        let id = remembered["items"][0]["id"].as_str().unwrap().to_owned();
        let forgotten = browser.delete(&format!("/api/v1/me/browsers/{id}")).await;
        forgotten.expect(StatusCode::NO_CONTENT);
        browser.delete(SESSION).await;
        assert_eq!(browser.sign_in(PASSWORD).await.json()["next"], "factor");
    }

    /// The answer does not tell who exists, and the link works once.
    async fn a_forgotten_password_is_set_anew(test: TestDatabase) {
        let bed = bed(test.db.engine()).await;
        let mut browser = Browser::new(&bed);
        browser.sign_in(PASSWORD).await.expect(StatusCode::OK);
        let mut outbox = bed.store.database().hints().subscribe(Hint::Notices);
        let mut stranger = Browser::new(&bed);
        let mut answers = Vec::new();
        for login in ["nobody@example.test", "no name at all", "taro@example.test"] {
            let answer = stranger.post("/api/v1/password-reset", json!({ "login": login })).await;
            let mut headers = answer.headers.clone();
            headers.remove("x-request-id");
            answers.push((answer.status, answer.body, headers.len()));
        }
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        assert_eq!(answers[0].0, StatusCode::ACCEPTED);
        outbox.changed().await;
        let link = token_in(&mailed(&bed, "password_reset").await.unwrap());
        let path = format!("/api/v1/password-reset/{link}");
        let weak = stranger.post(&path, json!({ "password": "password" })).await;
        assert_eq!(weak.code(), "bad_field");
        let new = json!({ "password": "seventeen purple dishwashers" });
        stranger.post(&path, new.clone()).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(stranger.post(&path, new).await.code(), "no_such_link");
        assert_eq!(browser.client().get(SESSION).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(browser.sign_in(PASSWORD).await.code(), "sign_in_denied");
        let done = browser.sign_in("seventeen purple dishwashers").await;
        done.expect(StatusCode::OK);
    }

    /// Changing the password needs the present one; the session goes on under another token.
    async fn a_password_is_changed_in_a_session(test: TestDatabase) {
        let bed = bed(test.db.engine()).await;
        let mut browser = Browser::new(&bed);
        browser.sign_in(PASSWORD).await.expect(StatusCode::OK);
        let before = browser.cookies.clone();
        let path = "/api/v1/session/password";
        let wrong = json!({ "current": "wrong", "password": "seventeen purple dishwashers" });
        assert_eq!(browser.post(path, wrong).await.code(), "sign_in_denied");
        let same = json!({ "current": PASSWORD, "password": PASSWORD });
        assert_eq!(browser.post(path, same).await.code(), "bad_field");
        let new = json!({ "current": PASSWORD, "password": "seventeen purple dishwashers" });
        browser.post(path, new).await.expect(StatusCode::OK);
        assert_ne!(browser.cookies, before);
        browser.client().get(SESSION).await.expect(StatusCode::OK);
        let stolen = Browser { bed: &bed, cookies: before };
        assert_eq!(stolen.client().get(SESSION).await.status, StatusCode::UNAUTHORIZED);
    }

    /// An invitation is made by administrators, handed over, and followed once.
    async fn an_invitation_is_accepted(test: TestDatabase) {
        let bed = bed(test.db.engine()).await;
        let path = "/api/v1/accounts/taro@example.test/invitation";
        let made = bed.console().post(path, json!({})).await.expect(StatusCode::CREATED);
        let link = token_in(&made.json());
        let shown = bed.console().get(path).await.expect(StatusCode::OK).json();
        assert!(shown.get("link").is_none(), "shown once: {shown}");
        let foreign = bed.tenant("Other", "other.test").await;
        let key = bed.tenant_key(foreign["id"].as_str().unwrap()).await;
        let hidden = bed.key(&key).post(path, json!({})).await;
        assert_eq!(hidden.code(), "no_such_account");
        let mut browser = Browser::new(&bed);
        let path = format!("/api/v1/invitations/{link}");
        browser.client().get(&path).await.expect(StatusCode::OK);
        let new = json!({ "password": "seventeen purple dishwashers" });
        browser.post(&path, new.clone()).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(browser.post(&path, new).await.code(), "link_used");
        let done = browser.sign_in("seventeen purple dishwashers").await;
        done.expect(StatusCode::OK);
    }
}

/// A page of another host cannot make a browser change anything, and the socket is no browser.
#[tokio::test]
async fn other_sites_and_the_socket_are_refused() {
    let bed = bed(Engine::Sqlite).await;
    let mut browser = Browser::new(&bed);
    browser.sign_in(PASSWORD).await.expect(StatusCode::OK);
    let (name, value) = browser.cookies.first().unwrap().clone();
    let client = bed.stranger().with("cookie", &format!("{name}={value}"));
    let crossing = client
        .with("sec-fetch-site", "cross-site")
        .with("x-hikyaku-request", "1");
    let refused = crossing.send(Method::DELETE, SESSION, Vec::new()).await;
    assert_eq!(refused.code(), "cross_site");
    let login = json!({ "login": "taro@example.test", "password": PASSWORD });
    let socket = bed.console().post(SESSION, login).await;
    assert_eq!(socket.code(), "network_only");
}
