//! Idempotency keys: the same request sent again has no second effect.

use std::time::Duration;

use axum::http::StatusCode;
use hikyaku_db::{Lane, on_both_engines};
use serde_json::json;

use crate::bed::{Bed, Client};

const TENANTS: &str = "/api/v1/tenants";

async fn count(client: &Client) -> usize {
    let list = client.get(TENANTS).await.expect(StatusCode::OK).json();
    list["items"].as_array().unwrap().len()
}

on_both_engines! {
    /// The first answer comes again, and nothing is done twice.
    async fn a_repetition_gets_the_first_answer(test: TestDatabase) {
        let bed = Bed::new(test.db.engine()).await;
        let client = bed.console().with("idempotency-key", "one");
        let first = client.post(TENANTS, json!({ "name": "a" })).await.expect(StatusCode::CREATED);
        let again = client.post(TENANTS, json!({ "name": "a" })).await.expect(StatusCode::CREATED);
        assert_eq!(first.body, again.body);
        assert_eq!(again.header("idempotency-replayed"), "true");
        let other = client.post(TENANTS, json!({ "name": "b" })).await;
        other.refused(422, "idempotency_key_used");
        let before = count(&bed.console()).await;
        // A day later it is another request.
        bed.clock.advance(Duration::from_hours(25));
        let late = client.post(TENANTS, json!({ "name": "b" })).await;
        late.expect(StatusCode::CREATED);
        assert_eq!(count(&bed.console()).await, before + 1);
    }

    /// Many at once: one effect, and everybody else is told.
    async fn many_at_once_have_one_effect(test: TestDatabase) {
        let bed = Bed::new(test.db.engine()).await;
        let before = count(&bed.console()).await;
        let each = (0..8).map(|_| {
            let client = bed.console().with("idempotency-key", "k");
            async move { client.post(TENANTS, json!({ "name": "a" })).await }
        });
        let answers = futures_util::future::join_all(each).await;
        assert!(answers.iter().any(|answer| answer.status == StatusCode::CREATED));
        for answer in answers {
            let is_fine = answer.status == StatusCode::CREATED || answer.code() == "in_progress";
            assert!(is_fine, "{answer:?}");
        }
        assert_eq!(count(&bed.console()).await, before + 1);
    }

    /// A request that was refused gives its key back; keys past their time are forgotten.
    async fn a_refused_request_gives_its_key_back(test: TestDatabase) {
        let bed = Bed::new(test.db.engine()).await;
        let client = bed.console().with("idempotency-key", "k");
        client.post(TENANTS, json!({ "name": 1 })).await.refused(400, "bad_field");
        client.post(TENANTS, json!({ "name": "a" })).await.expect(StatusCode::CREATED);
        let db = bed.store.database();
        let remembered = || db.read(hikyaku_control::idempotency::remembered);
        assert_eq!(remembered().await.unwrap(), 1);
        bed.clock.advance(Duration::from_hours(25));
        db.write(Lane::Background, hikyaku_control::idempotency::purge).await.unwrap();
        assert_eq!(remembered().await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_key_has_a_length() {
    let bed = Bed::new(hikyaku_db::Engine::Sqlite).await;
    for key in [String::new(), "k".repeat(129)] {
        let client = bed.console().with("idempotency-key", &key);
        client
            .post(TENANTS, json!({ "name": "a" }))
            .await
            .refused(400, "bad_request");
    }
}
