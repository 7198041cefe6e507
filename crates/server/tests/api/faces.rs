//! The control socket and the network: who is let in, what every answer has, and what is refused.

use axum::http::{Method, StatusCode};
use hikyaku_db::on_both_engines;
use serde_json::json;

use crate::bed::Bed;

async fn sqlite() -> Bed {
    Bed::new(hikyaku_db::Engine::Sqlite).await
}

on_both_engines! {
    /// The operator at the machine needs no sign-in, somebody on the network does.
    async fn the_network_needs_a_sign_in(test: TestDatabase) {
        let bed = Bed::new(test.db.engine()).await;
        bed.console().get("/api/v1/tenants").await.expect(StatusCode::OK);
        let stranger = bed.stranger();
        for path in ["/api/v1/tenants", "/api/v1/nothing", "/api/v1/doctor"] {
            let answer = stranger.get(path).await.refused(401, "unauthenticated");
            assert!(answer.header("www-authenticate").starts_with("Bearer"));
        }
        for path in ["/api/v1", "/api/v1/version", "/api/v1/openapi.json"] {
            stranger.get(path).await.expect(StatusCode::OK);
        }
        stranger.get("/elsewhere").await.refused(404, "no_such_route");
        let unknown = bed.key("hik_0000000000000000000000000000000000000000000000000000000000000000");
        unknown.get("/api/v1/tenants").await.refused(401, "unauthenticated");
        let cookie = "__Host-hikyaku-session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        let expired = bed.stranger().with("cookie", cookie);
        expired.get("/api/v1/tenants").await.refused(401, "unauthenticated");
    }
}

#[tokio::test]
async fn plain_text_is_refused_whatever_it_brings() {
    let bed = sqlite().await;
    for plain in [
        bed.plain(),
        bed.plain().with("authorization", "Bearer hik_x"),
    ] {
        for path in ["/api/v1/version", "/api/v1/tenants"] {
            plain.get(path).await.refused(403, "https_required");
        }
    }
    let encrypted = bed.stranger().get("/api/v1/version").await;
    assert_eq!(
        encrypted.header("strict-transport-security"),
        "max-age=31536000"
    );
    // A client that only claims it: nobody speaks for 192.0.2.9.
    let other = "trusted_proxies = [\"192.0.2.9\"]";
    let bed = Bed::untrusting(other).await;
    bed.stranger()
        .get("/api/v1/version")
        .await
        .refused(403, "https_required");
}

#[tokio::test]
async fn every_answer_has_its_headers() {
    let bed = sqlite().await;
    let answers = [
        bed.stranger().get("/api/v1/version").await,
        bed.stranger().get("/api/v1/tenants").await,
        bed.console().get("/api/v1/nothing").await,
    ];
    for answer in answers {
        assert!(
            answer.header("x-request-id").parse::<u64>().is_ok(),
            "{answer:?}"
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(
            answer
                .header("content-security-policy")
                .contains("frame-ancestors 'none'")
        );
        assert!(!answer.header("cache-control").is_empty());
        if !answer.status.is_success() {
            assert_eq!(answer.header("cache-control"), "no-store");
            assert_eq!(answer.json()["request_id"], answer.header("x-request-id"));
        }
    }
}

#[tokio::test]
async fn wrong_methods_types_and_bodies_are_problems() {
    let bed = sqlite().await;
    let console = bed.console();
    let answer = console
        .send(Method::PUT, "/api/v1/tenants", Vec::new())
        .await;
    let answer = answer.refused(405, "method_not_allowed");
    assert!(answer.header("allow").contains("POST"), "{answer:?}");
    let options = console
        .send(Method::OPTIONS, "/api/v1/tenants", Vec::new())
        .await;
    let options = options.expect(StatusCode::NO_CONTENT);
    assert!(options.header("allow").contains("GET"));
    assert_eq!(options.header("access-control-allow-origin"), "");
    let head = console
        .send(Method::HEAD, "/api/v1/tenants", Vec::new())
        .await;
    assert!(head.expect(StatusCode::OK).body.is_empty());

    let post = |kind: &'static str, body: Vec<u8>| {
        let client = bed.console().with("content-type", kind);
        async move { client.send(Method::POST, "/api/v1/tenants", body).await }
    };
    let form = post("application/x-www-form-urlencoded", b"name=x".to_vec()).await;
    form.refused(415, "unsupported_media_type");
    let text = post("text/plain", b"{\"name\":\"x\"}".to_vec()).await;
    text.refused(415, "unsupported_media_type");
    post("application/json", b"{\"name\":".to_vec())
        .await
        .refused(400, "bad_json");
    post("application/json", b"{\"name\":\"\xff\"}".to_vec())
        .await
        .refused(400, "bad_json");
    let deep = [b"[".repeat(100_000), b"]".repeat(100_000)].concat();
    let deep = post("application/json", deep).await;
    assert_eq!(deep.status, StatusCode::BAD_REQUEST);
    let large = format!("{{\"name\":\"{}\"}}", "x".repeat(2 << 20));
    post("application/json", large.into_bytes())
        .await
        .refused(413, "too_large");
    let unknown = console
        .post("/api/v1/tenants", json!({ "name": "x", "admin": true }))
        .await;
    let unknown = unknown.refused(400, "bad_field");
    assert!(unknown.json()["detail"].as_str().unwrap().contains("admin"));
}

#[tokio::test]
async fn a_change_from_another_site_is_refused() {
    let bed = sqlite().await;
    let body = json!({ "name": "x" });
    let foreign = bed.stranger().with("origin", "https://evil.example.test");
    foreign
        .post("/api/v1/tenants", body.clone())
        .await
        .refused(403, "cross_site");
    let cookie = "__Host-hikyaku-session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let bare = bed.stranger().with("cookie", cookie);
    bare.post("/api/v1/tenants", body.clone())
        .await
        .refused(403, "cross_site");
    let own = bare
        .with("sec-fetch-site", "same-origin")
        .with("x-hikyaku-request", "1");
    own.post("/api/v1/tenants", body.clone())
        .await
        .refused(401, "unauthenticated");
    // A program's key counts for itself; the cookie beside it is not looked at.
    let program = bed.key("hik_x").with("cookie", cookie);
    program
        .post("/api/v1/tenants", body)
        .await
        .refused(401, "unauthenticated");
}

#[tokio::test]
async fn too_many_requests_wait() {
    let bed = Bed::with(
        hikyaku_db::Engine::Sqlite,
        "anonymous_requests_per_minute = 3",
    )
    .await;
    let one = bed.stranger().with("x-forwarded-for", "192.0.2.1");
    for _ in 0..3 {
        one.get("/api/v1/version").await.expect(StatusCode::OK);
    }
    let refused = one
        .get("/api/v1/version")
        .await
        .refused(429, "too_many_requests");
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    let other = bed.stranger().with("x-forwarded-for", "192.0.2.2");
    other.get("/api/v1/version").await.expect(StatusCode::OK);
    bed.console()
        .get("/api/v1/version")
        .await
        .expect(StatusCode::OK);
}

#[tokio::test]
async fn an_address_has_a_limit_of_its_own() {
    let bed = Bed::with(
        hikyaku_db::Engine::Sqlite,
        "address_requests_per_minute = 2",
    )
    .await;
    let one = bed.stranger().with("x-forwarded-for", "192.0.2.1");
    one.get("/api/v1/version").await.expect(StatusCode::OK);
    one.get("/api/v1/version").await.expect(StatusCode::OK);
    one.get("/api/v1/version")
        .await
        .refused(429, "too_many_requests");
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    let bed = sqlite().await;
    let first = bed
        .console()
        .get("/api/v1/version")
        .await
        .expect(StatusCode::OK);
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with('"'));
    let again = bed.console().with("if-none-match", &tag);
    let again = again
        .get("/api/v1/version")
        .await
        .expect(StatusCode::NOT_MODIFIED);
    assert!(again.body.is_empty());
    assert_eq!(again.header("etag"), tag);
    let other = bed.console().with("if-none-match", "\"x\"");
    other.get("/api/v1/version").await.expect(StatusCode::OK);
}
