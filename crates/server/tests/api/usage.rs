//! Usage and locks through the API.

use axum::http::{Method, StatusCode};
use hikyaku_db::{Lane, on_both_engines};
use serde_json::{Value, json};

use crate::bed::Bed;

on_both_engines! {
    async fn usage_is_measured_shown_and_kept_apart(test: TestDatabase) {
        let bed = Bed::new(test.db.engine()).await;
        let console = bed.console();
        let mine = bed.tenant("Mine", "mine.test").await;
        let other = bed.tenant("Other", "other.test").await;
        let id = mine["id"].as_str().unwrap().to_owned();
        let new = json!({ "address": "taro@mine.test", "generate_password": true });
        console.post("/api/v1/accounts", new).await.expect(StatusCode::CREATED);
        let pool = json!({ "limit_bytes": "10MB" });
        let set = console.json(Method::PUT, "/api/v1/domains/mine.test/pool", &pool).await;
        set.expect(StatusCode::NO_CONTENT);
        console.get("/api/v1/domains/mine.test/usage").await.refused(409, "not_measured");
        let fill = bed.store.database().write(Lane::Background, |tx| {
            tx.execute("UPDATE mail_account SET used_bytes = 11534336, used_messages = 3", &[])
        });
        fill.await.unwrap();
        let measure = format!("/api/v1/tenants/{id}/usage/measure");
        console.post(&measure, Value::Null).await.expect(StatusCode::NO_CONTENT);

        let admin = bed.key(&bed.tenant_key(&id).await);
        let shown = admin.get("/api/v1/domains/mine.test/usage").await.expect(StatusCode::OK).json();
        assert_eq!(shown["state"], "full");
        assert_eq!(shown["percent"], 110);
        assert_eq!(shown["hours_left"], 24.0);
        assert_eq!(shown["used_bytes"], 11_534_336);
        let domain = shown["id"].as_str().unwrap().to_owned();
        let overview = admin.get("/api/v1/usage").await.expect(StatusCode::OK).json();
        assert_eq!(overview["banners"][0]["kind"], "pool_over");
        assert_eq!(overview["pools"].as_array().unwrap().len(), 2);
        assert!(overview.get("platform").is_none());
        let platform = console.get("/api/v1/usage").await.expect(StatusCode::OK).json();
        assert_eq!(platform["platform"]["full"], 1);
        for path in ["/api/v1/locks", &format!("/api/v1/tenants/{id}/usage")] {
            assert!(!admin.get(path).await.json()["items"].as_array().unwrap().is_empty(), "{path}");
        }
        let chart = admin.get("/api/v1/usage/history?domain=mine.test&span=24h").await;
        assert_eq!(chart.json()["points"][0]["used_bytes"], 11_534_336);
        admin.get("/api/v1/usage/accounts?sort=-ratio").await.expect(StatusCode::OK);
        console.get("/api/v1/usage/accounts").await.refused(400, "bad_field");

        // Another company's administrator learns nothing.
        let stranger = bed.key(&bed.tenant_key(other["id"].as_str().unwrap()).await);
        for (path, kind) in [
            (format!("/api/v1/tenants/{id}/usage"), "tenant"),
            ("/api/v1/domains/mine.test/usage".to_owned(), "domain"),
            ("/api/v1/usage/history?domain=mine.test".to_owned(), "domain"),
            (format!("/api/v1/usage/accounts?tenant={id}"), "tenant"),
        ] {
            stranger.get(&path).await.refused(404, &format!("no_such_{kind}"));
        }

        // Only operators change locks.
        let extend = format!("/api/v1/locks/{domain}/extend");
        let wanted = json!({ "hours": 6, "reason": "they are deleting" });
        admin.post(&extend, wanted.clone()).await.refused(403, "forbidden");
        let extended = console.post(&extend, wanted).await.expect(StatusCode::OK).json();
        assert_eq!(extended["hours_left"], 30.0);
        let unlock = format!("/api/v1/locks/{domain}/unlock");
        let reason = json!({ "reason": "x" });
        console.post(&unlock, reason.clone()).await.refused(409, "not_locked");
        console.post("/api/v1/locks/7/unlock", reason).await.refused(404, "no_such_pool");
    }

    async fn a_mailbox_is_initialised_only_with_its_address(test: TestDatabase) {
        let bed = Bed::new(test.db.engine()).await;
        let console = bed.console();
        let mine = bed.tenant("Mine", "mine.test").await;
        let other = bed.tenant("Other", "other.test").await;
        let new = json!({ "address": "taro@mine.test", "generate_password": true });
        console.post("/api/v1/accounts", new).await.expect(StatusCode::CREATED);
        let path = "/api/v1/accounts/taro@mine.test/initialise";
        let confirm = |text: &str| json!({ "confirm": text });
        console.post(path, confirm("yes")).await.refused(400, "bad_field");
        console.post(path, json!({})).await.expect(StatusCode::BAD_REQUEST);
        let stranger = bed.key(&bed.tenant_key(other["id"].as_str().unwrap()).await);
        let refused = stranger.post(path, confirm("taro@mine.test")).await;
        refused.refused(404, "no_such_account");
        let admin = bed.key(&bed.tenant_key(mine["id"].as_str().unwrap()).await);
        let job = admin.post(path, confirm("taro@mine.test")).await;
        let job = job.expect(StatusCode::ACCEPTED).json();
        assert_eq!((job["kind"].as_str(), job["state"].as_str()), (Some("mailbox.initialise"), Some("waiting")));
        let repair = admin.post("/api/v1/accounts/taro@mine.test/repair", Value::Null).await;
        assert_eq!(repair.expect(StatusCode::ACCEPTED).json()["kind"], "mailbox.repair");
        // A key has no mailbox of its own.
        admin.get("/api/v1/me/usage").await.refused(404, "no_such_account");
    }
}
